// "Accept all above a certainty": which photos that would be is seen before it is done.

import { h } from "../shared/dom.js";
import { percent, trouble } from "../shared/words.js";
import { suggestions, thumbnailUrl } from "./api.js";
import { count } from "./words.js";

const PAGE = 500;
const SEEN = 48; // pictures of them

/** A dialog; `onaccept(photos)` does it, and gives how many were accepted. */
export class Many {
  #photos = [];

  constructor(dialog, { onaccept, ondone }) {
    Object.assign(this, { dialog, onaccept, ondone });
    const [slider, accept] = ["many-certainty", "many-accept"].map((id) => document.getElementById(id));
    Object.assign(this, { slider, accept });
    slider.addEventListener("input", () => this.#show());
    accept.addEventListener("click", () => this.#accept());
  }

  async open(queue) {
    this.#photos = [];
    this.#say("Loading…");
    this.dialog.showModal();
    try {
      for (let total = Infinity; this.#photos.length < total; ) {
        const answer = await suggestions(queue, this.#photos.length, PAGE);
        if (!answer.photos.length) break;
        this.#photos.push(...answer.photos);
        total = answer.total;
      }
      this.#show();
    } catch (problem) {
      this.#say(trouble(problem).sentence);
    }
  }

  #chosen() {
    const least = Number(this.slider.value) / 100;
    return this.#photos.filter(({ certainty }) => certainty >= least);
  }

  #show() {
    const chosen = this.#chosen();
    const landmarks = new Map();
    for (const { landmark } of chosen) landmarks.set(landmark.name, (landmarks.get(landmark.name) ?? 0) + 1);
    const words = `${this.slider.value}%`;
    document.getElementById("many-shown").textContent = words;
    this.slider.setAttribute("aria-valuetext", `${words}, ${count(chosen.length, "photo")}`);
    this.#say(`${count(chosen.length, "photo")} of ${count(landmarks.size, "landmark")}`);
    this.accept.disabled = !chosen.length;
    this.accept.textContent = chosen.length ? `Accept ${count(chosen.length, "photo")}` : "Accept";
    // The least certain first: they are the ones to look at.
    const doubtful = [...chosen].sort((a, b) => a.certainty - b.certainty).slice(0, SEEN);
    document.getElementById("many-photos").replaceChildren(
      ...doubtful.map((photo) =>
        h(
          "li",
          {},
          h("img", { src: thumbnailUrl(photo), alt: "", loading: "lazy" }),
          h("span", {}, `${photo.landmark.name}, ${percent(photo.certainty)}`),
        ),
      ),
    );
  }

  async #accept() {
    this.accept.disabled = true;
    try {
      const done = await this.onaccept(this.#chosen());
      this.dialog.close();
      this.ondone(done);
    } catch (problem) {
      this.#say(trouble(problem).sentence);
    }
  }

  #say(words) {
    document.getElementById("many-words").textContent = words;
  }
}
