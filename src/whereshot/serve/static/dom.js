// Elements without HTML strings: what comes from outside is only ever text.

const SVG = "http://www.w3.org/2000/svg";

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child != null && child !== false));
  return element;
}

/** An HTML element: `h("p", {class: "lead"}, "Hello ", h("b", {}, "you"))`. */
export function h(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** The same for SVG. */
export function s(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

const ICONS = {
  close: "m4 4 8 8m0-8-8 8",
  copy: "M5.5 5.5h7v8h-7zM3.5 10.5v-8h7",
  done: "m3 8.5 3.5 3.5L13 4.5",
  out: "M6 3.5H3.5v9h9V10M9 3h4v4m0-4L7.5 8.5",
  pin: "M8 14.5S3.5 9.8 3.5 6.5a4.5 4.5 0 0 1 9 0c0 3.3-4.5 8-4.5 8zM8 8a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3z",
  camera: "M2 5h3l1-1.5h4L11 5h3v7.5H2zM8 11a2.3 2.3 0 1 0 0-4.6A2.3 2.3 0 0 0 8 11z",
  photo: "M2 3h12v10H2zM2 11l3.5-3.5L8 10l2.5-3L14 11M5.5 6.5a.8.8 0 1 0 0-1.6.8.8 0 0 0 0 1.6z",
  again: "M13 8a5 5 0 1 1-1.5-3.5M13 2v3h-3",
};

/** A small line icon that inherits the color of the text around it. */
export function icon(name) {
  return s(
    "svg",
    { viewBox: "0 0 16 16", class: "icon", "aria-hidden": "true" },
    s("path", { d: ICONS[name] }),
  );
}
