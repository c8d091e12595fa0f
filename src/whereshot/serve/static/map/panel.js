// The photos of one group, beside the map.

import { h, icon } from "../shared/dom.js";
import { commonName, surroundings } from "./photos.js";

const PAGE = 60; // photos at once

/** Fills and empties the panel: `shot(photo, all)` makes what stands for one of them,
 * `onzoom(photos)` is called when they are to be seen closer. */
export class Panel {
  #back = null;

  constructor(element, { shot, onzoom, onclose }) {
    Object.assign(this, { element, shot, onzoom, onclose });
    element.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.close();
    });
  }

  /** Show photos; `back` is the element that gets the focus when the panel is closed. */
  open(photos, back) {
    this.#back = back;
    const ordered = [...photos].sort(byPictureThenTime);
    const name = commonName(photos) || "Photos";
    const around = new Set(photos.map(({ label }) => surroundings(label)));
    const title = h("h2", { id: "panel-title", tabindex: "-1" }, name);
    const list = h("ul", { class: "shots" });
    const more = h("button", { type: "button", class: "button", onclick: () => add() });
    const isSpread = photos.some(({ x, y }) => x !== photos[0].x || y !== photos[0].y);
    this.element.replaceChildren(
      h(
        "div",
        { class: "panel-head" },
        h("div", {}, title, h("p", {}, [count(photos), around.size === 1 ? [...around][0] : ""].filter(Boolean).join(" · "))),
        h("button", { type: "button", class: "button button-icon", "aria-label": "Close", onclick: () => this.close() }, icon("close")),
      ),
      h(
        "div",
        { class: "panel-body", tabindex: "0", role: "group", "aria-label": `Photos: ${name}` },
        isSpread && h("button", { type: "button", class: "button", onclick: () => this.onzoom(photos) }, icon("pin"), "Zoom to these"),
        list,
        more,
      ),
    );
    let shown = 0;
    const add = () => {
      list.append(...ordered.slice(shown, shown + PAGE).map((photo) => h("li", {}, this.shot(photo, ordered))));
      shown = Math.min(ordered.length, shown + PAGE);
      more.textContent = `Show more (${(ordered.length - shown).toLocaleString("en")} left)`;
      more.hidden = shown === ordered.length;
    };
    add();
    this.element.hidden = false;
    title.focus({ preventScroll: true });
  }

  close() {
    if (this.element.hidden) return;
    this.element.hidden = true;
    this.element.replaceChildren();
    const back = this.#back?.isConnected ? this.#back : document.getElementById("map");
    back.focus({ preventScroll: true });
    this.onclose();
  }
}

/** What can be seen comes first, each part in the order in which it was taken. */
function byPictureThenTime(a, b) {
  return (
    !a.thumbnail - !b.thumbnail ||
    (a.minute ?? Number.MAX_VALUE) - (b.minute ?? Number.MAX_VALUE) ||
    a.index - b.index
  );
}

function count(photos) {
  const number = photos.length;
  return number === 1 ? "1 photo" : `${number.toLocaleString("en")} photos`;
}
