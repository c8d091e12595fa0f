// The list of landmarks: one stop for the Tab key, arrows inside.

import { h } from "../shared/dom.js";
import { place } from "../shared/words.js";
import { kindOf } from "./filters.js";

const WORDS = { taught: "You taught me", known: "I recognize it", listed: "Not yet" };

export class LandmarkList {
  #buttons = new Map(); // by id

  constructor(element, onchoose) {
    this.element = element;
    this.onchoose = onchoose;
    element.addEventListener("keydown", (event) => this.#key(event));
  }

  show(landmarks, chosen) {
    this.#buttons = new Map(landmarks.map((landmark) => [landmark.id, this.#button(landmark)]));
    const rows = [...this.#buttons.values()].map((button) => h("li", {}, button));
    this.element.replaceChildren(...rows);
    this.choose(chosen);
  }

  choose(id) {
    for (const [own, button] of this.#buttons) {
      button.setAttribute("aria-pressed", String(own === id));
      button.tabIndex = -1;
    }
    const current = this.#buttons.get(id) ?? this.#buttons.values().next().value;
    if (current) current.tabIndex = 0;
    if (this.#buttons.has(id)) current.scrollIntoView({ block: "nearest" });
  }

  focus() {
    this.element.querySelector("[tabindex='0']")?.focus();
  }

  #button(landmark) {
    const kind = kindOf(landmark);
    return h(
      "button",
      { type: "button", class: "landmark-row", onclick: () => this.onchoose(landmark.id) },
      h("i", { class: `dot dot-${kind}`, title: WORDS[kind] }),
      h("span", { class: "landmark-name" }, landmark.name),
      h("span", { class: "hidden-visually" }, `, ${WORDS[kind]}, `),
      h("span", { class: "soft small" }, place(landmark)),
    );
  }

  #key(event) {
    const buttons = [...this.#buttons.values()];
    const at = buttons.indexOf(document.activeElement);
    const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: buttons.length - 1 }[event.key];
    if (at < 0 || next == null) return;
    event.preventDefault();
    const to = buttons[Math.min(buttons.length - 1, Math.max(0, next))];
    buttons[at].tabIndex = -1;
    to.tabIndex = 0;
    to.focus();
  }
}
