// The photo on a card: what the browser or the server shows of it, its name, and the heat over it.

import { pictureOf } from "../shared/api.js";
import { h, icon } from "../shared/dom.js";

export class PhotoView {
  #image;
  #heat = null;

  /** `actions` has onRemove() and onTrouble(problem). */
  constructor(file, name, actions) {
    Object.assign(this, { file, name, actions });
    this.toggle = h(
      "button",
      {
        type: "button",
        class: "button heat-toggle",
        "aria-pressed": "false",
        hidden: true,
        onclick: () => this.#toggleHeat(),
      },
      icon("heat"),
      h("span", {}, "Show where"),
    );
    this.#image = this.#photo(URL.createObjectURL(file), () => this.#askForPreview());
    this.element = h("div", { class: "card-photo" }, this.#image, this.#bar(), this.toggle);
  }

  /** Let the heat of this landmark be seen on demand; null takes it away. */
  setLandmark(landmark) {
    this.#hideHeat();
    this.#heat?.remove();
    this.#heat = null;
    this.landmark = landmark;
    this.toggle.hidden = !landmark;
    if (landmark) this.toggle.title = `Where in the photo I see ${landmark.name}`;
  }

  #photo(url, onerror) {
    const image = h("img", { src: url, alt: `Your photo ${this.name}`, decoding: "async" });
    const once = { once: true };
    image.addEventListener("load", () => URL.revokeObjectURL(url), once);
    image.addEventListener("error", () => (URL.revokeObjectURL(url), onerror()), once);
    return image;
  }

  /** Browsers don't show every format that is recognized, such as HEIC: the server makes a JPEG. */
  async #askForPreview() {
    let picture = null;
    try {
      const url = await pictureOf("preview", this.file);
      picture = this.#photo(url, () => this.#replace(noPreview()));
    } catch {
      picture = noPreview(); // the card says what is wrong with the photo
    }
    this.#replace(picture);
  }

  #replace(image) {
    this.#image.replaceWith(image);
    this.#image = image;
  }

  async #toggleHeat() {
    if (this.#isPressed) return this.#hideHeat();
    const { landmark } = this;
    this.#press(true);
    this.toggle.setAttribute("aria-busy", "true");
    try {
      const heat = this.#heat ?? (await this.#drawHeat(landmark));
      if (landmark !== this.landmark) return; // another answer has come meanwhile
      this.#heat = heat;
      if (this.#isPressed) this.#image.after(heat);
    } catch (problem) {
      this.#hideHeat();
      this.actions.onTrouble(problem);
    } finally {
      this.toggle.removeAttribute("aria-busy");
    }
  }

  async #drawHeat({ id, name }) {
    const url = await pictureOf("heatmap", this.file, { landmark: id });
    const alt = `Bright where the photo speaks for ${name}`;
    const heat = h("img", { class: "heat", src: url, alt });
    await heat.decode();
    URL.revokeObjectURL(url);
    return heat;
  }

  #hideHeat() {
    this.#heat?.remove();
    this.#press(false);
  }

  get #isPressed() {
    return this.toggle.getAttribute("aria-pressed") === "true";
  }

  #press(isPressed) {
    this.toggle.setAttribute("aria-pressed", String(isPressed));
    this.element.classList.toggle("has-heat", isPressed);
  }

  #bar() {
    return h(
      "div",
      { class: "card-bar" },
      h("span", { class: "file-name", title: this.name }, this.name),
      h(
        "button",
        {
          type: "button",
          class: "button button-icon",
          "aria-label": `Put away ${this.name}`,
          onclick: () => this.actions.onRemove(),
        },
        icon("close"),
      ),
    );
  }
}

function noPreview() {
  return h("div", { class: "no-preview" }, icon("photo"), h("span", {}, "No preview of this file"));
}
