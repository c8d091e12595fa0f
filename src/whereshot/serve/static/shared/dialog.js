// A dialog over the page: a title, what it is about, and what can be done.

import { h, icon } from "./dom.js";

let count = 0;

/** Open one; `body` and `foot` are lists of elements. It goes when it is closed. Gives
 * {element, body, foot, close, setTitle}. */
export function openDialog({ title, className = "", body = [], foot = [], onclose = () => {} }) {
  const id = `dialog-${(count += 1)}`;
  const heading = h("h2", { id, tabindex: "-1" }, title);
  const parts = {
    body: h("div", { class: "dialog-body" }, body),
    foot: h("div", { class: "dialog-foot" }, foot),
  };
  const cross = h(
    "button",
    { type: "button", class: "button button-icon", "aria-label": "Close", onclick: () => element.close() },
    icon("close"),
  );
  const element = h(
    "dialog",
    { class: `dialog ${className}`, "aria-labelledby": id },
    h("div", { class: "dialog-head" }, heading, cross),
    parts.body,
    parts.foot,
  );
  element.addEventListener("close", () => {
    element.remove();
    onclose();
  });
  // Not on click: a press inside that ends outside, as when text is marked, is no wish to close.
  element.addEventListener("pointerdown", (event) => {
    if (event.target === element) element.close();
  });
  document.body.append(element);
  element.showModal();
  return {
    element,
    ...parts,
    close: () => element.close(),
    setTitle: (words) => {
      heading.textContent = words;
      heading.focus();
    },
  };
}
