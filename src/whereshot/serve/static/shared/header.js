// The head of every page: where one is, the ways to the others, light or dark.
//
// A page has `<header class="site-header" id="site-header"></header>` and `<main id="main">`.

import { h, icon } from "./dom.js";

const PAGES = [
  ["/", "Photo"],
  ["/library", "Library"],
  ["/landmarks", "Landmarks"],
  ["/docs", "API"],
];

function brand() {
  return h(
    "a",
    { class: "brand", href: "/", "aria-label": "whereshot, to the first page" },
    h("img", { src: "/static/icon.svg", alt: "", width: 28, height: 28 }),
    h("span", {}, "whereshot"),
  );
}

function navigation() {
  const links = PAGES.map(([path, label]) =>
    h("li", {}, h("a", { href: path, "aria-current": isHere(path) && "page" }, label)),
  );
  return h("nav", { class: "site-nav", "aria-label": "Pages" }, h("ul", {}, links));
}

const isHere = (path) => location.pathname.replace(/(?<=.)\/$/, "") === path;

function themeToggle() {
  const toggle = h("button", {
    type: "button",
    class: "button button-icon theme-toggle",
    onclick: () => dispatchEvent(new Event("togglechosentheme")),
  });
  const show = () => {
    const isDark = document.documentElement.dataset.theme === "dark";
    const label = isDark ? "Light colors" : "Dark colors";
    toggle.setAttribute("aria-label", label);
    toggle.title = label;
    toggle.replaceChildren(icon(isDark ? "sun" : "moon"));
  };
  addEventListener("themechange", show);
  show();
  return toggle;
}

document.body.prepend(h("a", { class: "skip", href: "#main" }, "Skip to the content"));
document.getElementById("site-header").replaceChildren(brand(), navigation(), themeToggle());
