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
  sun: "M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM8 1.5v1.2M8 13.3v1.2M1.5 8h1.2M13.3 8h1.2M3.4 3.4l.9.9M11.7 11.7l.9.9M12.6 3.4l-.9.9M4.3 11.7l-.9.9",
  moon: "M13 9.6A5.6 5.6 0 0 1 6.4 3a5.6 5.6 0 1 0 6.6 6.6z",
  search: "M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9zM10.3 10.3 14 14",
  heat: "M8 14.5c-2.6 0-4.5-1.8-4.5-4.3C3.5 7 6.4 5.8 7 1.5c2.6 1.5 5.5 4.5 5.5 8.5 0 2.7-1.9 4.5-4.5 4.5zM8 14.5c-1.2 0-2-.9-2-2 0-1.5 1.2-2 1.5-3.5 1.4.9 2.5 2 2.5 3.5 0 1.1-.8 2-2 2z",
  teach: "M8 3 1.5 6 8 9l6.5-3zM4 7.3v3.4C5 12 6.4 12.5 8 12.5s3-.5 4-1.8V7.3M14.5 6v4",
  undo: "M3 6.5h6.5a3.5 3.5 0 0 1 0 7H6M3 6.5l3-3M3 6.5l3 3",
  plus: "M8 3v10M3 8h10",
  wrong: "M3.5 13.5v-11M3.5 3h8l-1.5 2.8 1.5 2.7h-8",
  left: "M10 3 5 8l5 5",
  right: "m6 3 5 5-5 5",
  skip: "M3 3.5 8 8l-5 4.5zM8.5 3.5l5 4.5-5 4.5z",
  warning: "M8 2.5 14.5 13.5h-13zM8 6.5v3M8 11.6v.1",
  folder: "M2 4.5v8h12v-7H8L6.5 3.5H2z",
  pen: "M3 13l.8-3L11 2.8 13.2 5 6 12.2zM9.5 4.3l2.2 2.2",
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
