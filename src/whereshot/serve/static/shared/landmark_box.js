// A field that finds a landmark by what a person types: a combobox of the ARIA patterns.

import { findLandmarks } from "./api.js";
import { h } from "./dom.js";
import { place } from "./words.js";

const MOST = 8; // suggestions at once
const PAUSE_MS = 120; // after a key

let boxes = 0;

export class LandmarkBox {
  #found = [];
  #at = -1;
  #timer = 0;
  #asking = null;

  /** `label` is that of the list, `attributes` go to the field, `scope` is "all" or "bundle".
   *
   * `onchoose(landmark)` when one is chosen, `oninput(text)` while a person types. With `isFree` the
   * text stands for itself too: nothing is chosen unless a person points at it. With `oncancel()`
   * the field is a way to one choice: it is empty after it, and Escape in the empty field cancels.
   */
  constructor({ label, scope = "all", onchoose, oninput, oncancel, isFree = false, attributes = {} }) {
    boxes += 1;
    Object.assign(this, { scope, onchoose, oninput, oncancel, isFree });
    const id = `landmark-box-${boxes}`;
    this.list = h("ul", { class: "box-list surface", id, role: "listbox", "aria-label": label, hidden: true });
    this.input = h("input", {
      class: "input",
      type: "text",
      role: "combobox",
      autocomplete: "off",
      spellcheck: "false",
      "aria-autocomplete": "list",
      "aria-controls": id,
      "aria-expanded": "false",
      oninput: () => this.#typed(),
      onblur: () => this.#close(),
      onkeydown: (event) => this.#key(event),
      ...attributes,
    });
    this.element = h("div", { class: "box" }, this.input, this.list);
    this.list.addEventListener("pointerdown", (event) => {
      event.preventDefault(); // or the field would lose the focus, and the list would close
      const option = event.target.closest("[role=option]");
      if (option) this.#choose(Number(option.dataset.index));
    });
  }

  #typed() {
    this.oninput?.(this.input.value);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#search(), PAUSE_MS);
  }

  async #search() {
    this.#asking?.abort();
    this.#asking = new AbortController();
    const query = this.input.value.trim();
    try {
      const wanted = { query, limit: MOST, scope: this.scope };
      this.#found = query ? await findLandmarks(wanted, this.#asking.signal) : [];
    } catch (problem) {
      if (problem.name === "AbortError") return; // another letter was typed
      this.#found = []; // the page says already that the server is gone
    }
    this.#at = this.#found.length && !this.isFree ? 0 : -1;
    this.#draw();
  }

  #draw() {
    const isOpen = this.#found.length > 0 && document.activeElement === this.input;
    this.list.replaceChildren(
      ...this.#found.map((landmark, index) => {
        const isChosen = String(index === this.#at);
        return h(
          "li",
          { id: `${this.list.id}-${index}`, role: "option", "aria-selected": isChosen, "data-index": index },
          h("b", {}, landmark.name),
          " ",
          h("span", { class: "soft small" }, place(landmark)),
        );
      }),
    );
    this.list.hidden = !isOpen;
    this.input.setAttribute("aria-expanded", String(isOpen));
    if (isOpen && this.#at >= 0) {
      this.input.setAttribute("aria-activedescendant", `${this.list.id}-${this.#at}`);
    } else this.input.removeAttribute("aria-activedescendant");
  }

  #choose(index) {
    const landmark = this.#found[index];
    if (!landmark) return;
    this.input.value = this.oncancel ? "" : landmark.name;
    this.#close();
    this.onchoose(landmark);
  }

  #close() {
    clearTimeout(this.#timer);
    this.#asking?.abort();
    this.#found = [];
    this.#draw();
  }

  /** Close the list; where a choice can be cancelled, empty the field, and then cancel. */
  #leave() {
    const hasText = this.input.value !== "";
    this.#close();
    if (!this.oncancel) return;
    this.input.value = "";
    if (!hasText) this.oncancel();
  }

  #key(event) {
    event.stopPropagation(); // letters are letters here, and no commands of the page
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    const isOpen = this.#found.length > 0;
    if (steps[event.key] && isOpen) {
      const count = this.#found.length;
      this.#at = this.#at < 0 && steps[event.key] < 0 ? count - 1 : (this.#at + steps[event.key] + count) % count;
      this.#draw();
    } else if (event.key === "Enter" && isOpen && this.#at >= 0) this.#choose(this.#at);
    else if (event.key === "Escape" && (isOpen || this.oncancel)) this.#leave();
    else return;
    event.preventDefault();
  }
}
