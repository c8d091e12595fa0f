// The photos of a lesson: chosen, dropped on the field, taken out again.

import { pictureOf } from "../shared/api.js";
import { h, icon } from "../shared/dom.js";

export class PhotoField {
  #tiles = new Map(); // file -> element

  constructor({ files, fewest, most }) {
    this.most = most;
    this.input = h("input", {
      type: "file",
      accept: "image/*,.heic,.heif,.avif",
      multiple: true,
      hidden: true,
      onchange: () => {
        this.add([...this.input.files]);
        this.input.value = "";
      },
    });
    this.more = h(
      "button",
      { type: "button", class: "add-photo", onclick: () => this.input.click() },
      icon("plus"),
      h("span", {}, "Add photos"),
    );
    this.list = h("ul", { class: "teach-photos" });
    this.hint = h("p", { class: "field-hint", id: "teach-photos-hint", "aria-live": "polite" });
    this.element = h(
      "fieldset",
      { class: "field", "aria-describedby": "teach-photos-hint" },
      h("legend", {}, "Photos"),
      this.list,
      this.hint,
      this.input,
    );
    this.element.addEventListener("dragover", (event) => event.preventDefault());
    this.element.addEventListener("drop", (event) => {
      event.preventDefault();
      event.stopPropagation(); // or the page would ask where they were shot
      this.add([...event.dataTransfer.files]);
    });
    this.fewest = fewest;
    this.add(files);
  }

  get files() {
    return [...this.#tiles.keys()];
  }

  set fewest(count) {
    this.least = count;
    this.#explain();
  }

  add(files) {
    for (const file of files) {
      const isThere = this.files.some(({ name, size }) => name === file.name && size === file.size);
      if (!isThere && this.#tiles.size < this.most) this.#tiles.set(file, this.#tile(file));
    }
    this.#draw();
  }

  /** The field to look at, or null if all is well. */
  check() {
    const missing = this.least - this.#tiles.size;
    this.hint.classList.toggle("field-error", missing > 0);
    return missing > 0 ? this.more : null;
  }

  #draw() {
    const isFull = this.#tiles.size >= this.most;
    this.list.replaceChildren(...this.#tiles.values(), ...(isFull ? [] : [h("li", {}, this.more)]));
    this.#explain();
  }

  #explain() {
    const missing = this.least - this.#tiles.size;
    this.hint.classList.remove("field-error");
    if (missing > 0) this.hint.textContent = `${missing} more, from other sides or on another day.`;
    else if (this.#tiles.size < this.most) this.hint.textContent = `Enough to begin. Up to ${this.most} make me surer.`;
    else this.hint.textContent = `${this.most} photos: that is plenty.`;
  }

  #tile(file) {
    const image = h("img", { alt: file.name || "pasted photo", src: URL.createObjectURL(file) });
    image.addEventListener("load", () => URL.revokeObjectURL(image.src), { once: true });
    image.addEventListener("error", () => showPreview(image, file), { once: true });
    const remove = h(
      "button",
      {
        type: "button",
        class: "remove-photo",
        "aria-label": `Leave out ${file.name || "the pasted photo"}`,
        onclick: () => {
          this.#tiles.delete(file);
          this.#draw();
          this.more.focus();
        },
      },
      icon("close"),
    );
    return h("li", {}, image, remove);
  }
}

/** What the browser can't show, the server does: HEIC. */
async function showPreview(image, file) {
  try {
    image.src = await pictureOf("preview", file);
  } catch {
    image.classList.add("is-missing");
  }
}
