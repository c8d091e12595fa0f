// Buttons with a small picture, and what can be done with a place.

import { copy } from "./clipboard.js";
import { h, icon } from "./dom.js";
import { openStreetMap, plainCoordinates } from "./words.js";

/** A button; `kind` is a class such as "button-primary". */
export function button(picture, label, onclick, kind = "") {
  return h(
    "button",
    { type: "button", class: `button ${kind}`.trim(), onclick },
    icon(picture),
    h("span", {}, label),
  );
}

/** Copy the coordinates of a place, and a link (not a call) to a map of it. */
export function placeActions(location) {
  return [
    button("copy", "Copy coordinates", (event) =>
      copy(event.currentTarget, plainCoordinates(location)),
    ),
    h(
      "a",
      {
        class: "button",
        href: openStreetMap(location),
        target: "_blank",
        rel: "noopener noreferrer",
      },
      icon("out"),
      "OpenStreetMap",
    ),
  ];
}
