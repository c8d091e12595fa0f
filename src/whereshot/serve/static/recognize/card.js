// One photo and what is said of it: waiting, a landmark, "I don't know this place", or trouble.

import { copy } from "../shared/clipboard.js";
import { h, icon } from "../shared/dom.js";
import { distanceKm } from "../shared/geo.js";
import { PlaceMap } from "../shared/place_map.js";
import {
  certainty,
  coordinates,
  distance,
  effort,
  openStreetMap,
  percent,
  place,
  plainCoordinates,
  trouble,
} from "../shared/words.js";

let count = 0;

export class Card {
  /** `actions` has onRetry(card) and onRemove(card). */
  constructor(file, actions) {
    this.file = file;
    this.name = file.name || "pasted photo";
    this.actions = actions;
    this.summary = "";
    this.headingId = `card-${(count += 1)}`;
    this.body = h("div", { class: "card-body" });
    this.element = h(
      "article",
      { class: "card", "aria-labelledby": this.headingId },
      h("div", { class: "card-photo" }, this.#preview(), this.#bar()),
      this.body,
    );
  }

  showWaiting() {
    this.#show(
      "waiting",
      h("p", { class: "waiting", id: this.headingId }, "Looking at it…"),
      h("div", { class: "skeleton", "aria-hidden": "true" }, h("i"), h("i"), h("i")),
    );
  }

  showAnswer(answer) {
    if (answer.verdict === "landmark") this.#showLandmark(answer);
    else this.#showUnknown(answer);
  }

  showTrouble(problem) {
    const { heading, sentence } = trouble(problem);
    this.summary = `${this.name}: ${heading}. ${sentence}`;
    const again =
      problem.type === "Unreachable" &&
      this.#button("again", "Try again", () => this.actions.onRetry(this));
    this.#show(
      "trouble",
      this.#heading(heading),
      h("p", { class: "explain" }, sentence),
      again && h("div", { class: "actions" }, again),
    );
  }

  #showLandmark(answer) {
    const [best] = answer.predictions;
    const words = certainty(best.probability);
    this.summary = `${this.name}: ${best.name}, ${place(best)}. ${words}, ${percent(best.probability)}.`;
    this.#show(
      "landmark",
      h(
        "div",
        { class: "answer" },
        h(
          "p",
          { class: "certainty" },
          h("strong", {}, words),
          h("span", {}, percent(best.probability)),
        ),
        this.#heading(best.name),
        h("p", { class: "place" }, icon("pin"), place(best)),
        this.#whereabouts(answer, best),
      ),
      this.#candidates("Candidates", answer),
      this.#map(answer, best),
      this.#footnote(answer),
    );
  }

  #showUnknown(answer) {
    const [best] = answer.predictions;
    const likeness = best ? `It looks most like ${best.name}, but not enough to say so.` : "";
    this.summary = `${this.name}: I don't know this place. ${likeness}`;
    const knows = h("a", { class: "link", href: "/landmarks" }, "the landmarks I know");
    this.#show(
      "unknown",
      h(
        "div",
        { class: "answer" },
        this.#heading("I don't know this place"),
        h(
          "p",
          { class: "explain" },
          "Perhaps no landmark is in this photo, or it is none of ",
          knows,
          ". I would rather say nothing than something wrong.",
        ),
        answer.location && this.#whereabouts(answer),
      ),
      best && this.#candidates("What it looks most like", answer),
      answer.location && this.#map(answer),
      this.#footnote(answer),
    );
  }

  /** Coordinates with their source, and what can be done with them. */
  #whereabouts(answer, best) {
    const { location } = answer;
    const fromPhoto = location.source === "exif";
    const apart = fromPhoto && best && distanceKm(location, best);
    return [
      h(
        "p",
        { class: "whereabouts" },
        h("span", { class: "coordinates" }, coordinates(location)),
        h(
          "span",
          { class: "source" },
          fromPhoto
            ? [icon("camera"), "the photo's own GPS"]
            : `within ${distance(location.radius_km)}`,
        ),
      ),
      fromPhoto &&
        best &&
        h(
          "p",
          { class: apart > best.radius_km ? "apart is-far" : "apart" },
          `${distance(apart)} from the middle of ${best.name}`,
        ),
      h(
        "div",
        { class: "actions" },
        this.#button("copy", "Copy coordinates", (event) =>
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
      ),
    ];
  }

  #candidates(title, { predictions }) {
    const rows = predictions.map((prediction) => {
      const bar = h("i", { class: "bar" });
      bar.style.setProperty("--share", prediction.probability);
      return h(
        "li",
        {},
        h(
          "span",
          { class: "candidate-name" },
          prediction.name,
          " ",
          h("small", {}, prediction.country),
        ),
        h("span", { class: "candidate-percent" }, percent(prediction.probability)),
        h("span", { class: "track", "aria-hidden": "true" }, bar),
      );
    });
    return h("section", { class: "candidates" }, h("h3", {}, title), h("ol", {}, rows));
  }

  #map(answer, best) {
    const points = [];
    if (answer.location.source === "exif")
      points.push({ ...answer.location, name: "The photo's GPS", kind: "photo" });
    if (best) points.push({ ...best, kind: "landmark" });
    return new PlaceMap(points).element;
  }

  #footnote(answer) {
    const time = effort(answer.milliseconds);
    return h("p", { class: "footnote" }, [answer.bundle, time].filter(Boolean).join(" · "));
  }

  #preview() {
    const url = URL.createObjectURL(this.file);
    const placeholder = () =>
      h(
        "div",
        { class: "no-preview" },
        icon("photo"),
        h("span", {}, "Your browser has no preview of this file"),
      );
    const image = h("img", { src: url, alt: `Your photo ${this.name}`, decoding: "async" });
    const free = () => URL.revokeObjectURL(url);
    image.addEventListener("load", free, { once: true });
    image.addEventListener("error", () => (free(), image.replaceWith(placeholder())), {
      once: true,
    });
    return image;
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
          onclick: () => this.actions.onRemove(this),
        },
        icon("close"),
      ),
    );
  }

  #heading(text) {
    return h("h2", { id: this.headingId }, text);
  }

  #button(picture, label, onclick) {
    return h(
      "button",
      { type: "button", class: "button", onclick },
      icon(picture),
      h("span", {}, label),
    );
  }

  #show(state, ...children) {
    this.element.dataset.state = state;
    this.element.setAttribute("aria-busy", String(state === "waiting"));
    const shown = children.filter(Boolean);
    const isMap = (child) => child.matches("figure");
    this.body.replaceChildren(...shown.filter((child) => !isMap(child)));
    // The map stands beside the words, under the photo.
    this.element.querySelector(":scope > figure")?.remove();
    this.element.append(...shown.filter(isMap));
  }
}
