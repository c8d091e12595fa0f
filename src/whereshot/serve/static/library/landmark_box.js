// A field that finds a landmark by what a person types: a combobox of the ARIA patterns.

import { ask } from "../shared/api.js";
import { h } from "../shared/dom.js";
import { place } from "../shared/words.js";

const MOST = 8; // suggestions at once

let boxes = 0;

export class LandmarkBox {
  #found = [];
  #at = -1;
  #asking = null;

  /** `onchoose(landmark)` when one is chosen; `oncancel()` on Escape in an empty field. */
  constructor({ label, placeholder, onchoose, oncancel = () => {} }) {
    boxes += 1;
    this.onchoose = onchoose;
    this.oncancel = oncancel;
    const id = `landmarks-${boxes}`;
    this.list = h("ul", { class: "box-list surface", id, role: "listbox", "aria-label": label, hidden: true });
    this.input = h("input", {
      class: "input",
      type: "text",
      role: "combobox",
      autocomplete: "off",
      spellcheck: "false",
      placeholder,
      "aria-label": label,
      "aria-autocomplete": "list",
      "aria-controls": id,
      "aria-expanded": "false",
      oninput: () => this.#search(),
      onfocus: () => this.#search(),
      onblur: () => this.#close(),
      onkeydown: (event) => this.#key(event),
    });
    this.element = h("div", { class: "box" }, this.input, this.list);
    // Before the field loses the focus to it.
    this.list.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      const option = event.target.closest("[role=option]");
      if (option) this.#choose(Number(option.dataset.index));
    });
  }

  async #search() {
    this.#asking?.abort();
    this.#asking = new AbortController();
    const query = this.input.value.trim();
    try {
      const { signal } = this.#asking;
      const address = `/api/landmarks?${new URLSearchParams({ query, limit: MOST })}`;
      this.#found = query ? await ask(address, { signal }) : [];
    } catch (problem) {
      if (problem.name === "AbortError") return; // another letter was typed
      this.#found = []; // the page says already that the server is gone
    }
    this.#at = this.#found.length ? 0 : -1;
    this.#draw();
  }

  #draw() {
    const isOpen = this.#found.length > 0 && document.activeElement === this.input;
    this.list.replaceChildren(
      ...this.#found.map((landmark, index) =>
        h(
          "li",
          { id: `${this.list.id}-${index}`, role: "option", "aria-selected": String(index === this.#at), "data-index": index },
          h("b", {}, landmark.name),
          " ",
          h("span", { class: "soft small" }, place(landmark)),
        ),
      ),
    );
    this.list.hidden = !isOpen;
    this.input.setAttribute("aria-expanded", String(isOpen));
    if (isOpen) this.input.setAttribute("aria-activedescendant", `${this.list.id}-${this.#at}`);
    else this.input.removeAttribute("aria-activedescendant");
  }

  #choose(index) {
    const landmark = this.#found[index];
    if (!landmark) return;
    this.input.value = "";
    this.#close();
    this.onchoose(landmark);
  }

  #close() {
    this.#asking?.abort();
    this.#found = [];
    this.#draw();
  }

  #key(event) {
    event.stopPropagation(); // letters are letters here, and no commands of the page
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    if (steps[event.key] && this.#found.length) {
      this.#at = (this.#at + steps[event.key] + this.#found.length) % this.#found.length;
      this.#draw();
    } else if (event.key === "Enter") this.#choose(this.#at);
    else if (event.key === "Escape") {
      if (this.input.value) {
        this.input.value = "";
        this.#close();
      } else this.oncancel();
    } else return;
    event.preventDefault();
  }
}
