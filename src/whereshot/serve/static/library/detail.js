// One photo, large, with all that is known of it; keys lead to its neighbours.

import { h, icon } from "../shared/dom.js";
import { PlaceMap } from "../shared/place_map.js";
import { trouble } from "../shared/words.js";
import { decide, photo as fetchPhoto, previewUrl, thumbnailUrl } from "./api.js";
import { candidates, contradiction, facts, headline } from "./facts.js";

export class Detail {
  #number = 0;
  #asking = null;

  /** `ondecided(answer)` after a person decided about one. */
  constructor(dialog, { ondecided }) {
    Object.assign(this, { dialog, ondecided });
    this.picture = h("img", { class: "detail-picture", alt: "" });
    this.back = arrow("left", "Photo before", () => this.#move(-1));
    this.forth = arrow("right", "Next photo", () => this.#move(1));
    this.close = h("button", { type: "button", class: "button button-icon detail-close", "aria-label": "Close", autofocus: true, onclick: () => dialog.close() }, icon("close"));
    this.text = h("div", { class: "detail-text", id: "detail-text", tabindex: "-1" });
    dialog.append(h("div", { class: "detail-stage" }, this.picture, this.back, this.forth), this.text, this.close);
    // Not of the dialog: what had the focus in it may be replaced, and keys work all the same.
    document.addEventListener("keydown", (event) => dialog.open && this.#key(event));
    dialog.addEventListener("close", () => {
      this.#asking?.abort();
      this.source.onclose(this.#number);
    });
    this.picture.addEventListener("error", () => {
      if (this.picture.getAttribute("src")) this.picture.hidden = true;
    });
  }

  /** Show a photo of a source: `at(number)` gives one, or a promise of it; it has a `count`, and
   * `onclose(number)` tells which one was seen last. */
  async open(number, source = this.source) {
    this.source = source;
    this.#number = number;
    const photo = await source.at(number);
    if (!photo || this.#number !== number) return;
    if (!this.dialog.open) this.dialog.showModal();
    this.#draw(photo);
    this.#asking?.abort();
    this.#asking = new AbortController();
    const known = await fetchPhoto(photo.id, this.#asking.signal).catch((problem) => {
      if (problem.name !== "AbortError") this.#complain(problem);
    });
    if (known && this.#number === number) this.#fill(known);
  }

  /** What is known at once; the rest follows. */
  #draw(photo) {
    this.picture.hidden = false;
    // The small picture is there already, and stands until the large one is.
    this.picture.src = thumbnailUrl(photo);
    const large = new Image();
    large.onload = () => {
      if (this.photo?.id === photo.id) this.picture.src = large.src;
    };
    large.src = previewUrl(photo);
    this.picture.alt = photo.name;
    this.photo = photo;
    this.dialog.setAttribute("aria-label", photo.name);
    // Not `disabled`: an arrow that loses its use under the finger would lose the focus too.
    this.back.setAttribute("aria-disabled", String(this.#number === 0));
    this.forth.setAttribute("aria-disabled", String(this.#number >= this.source.count - 1));
    this.text.replaceChildren(...(photo.state ? headline(photo) : []));
  }

  #fill(photo) {
    this.photo = photo;
    const others = photo.state === "certain" ? photo.candidates.slice(1) : photo.candidates;
    this.text.replaceChildren(
      ...headline(photo),
      ...[contradiction(photo), this.#decisions(photo), this.#map(photo)].filter(Boolean),
      ...(others.length
        ? [h("h3", {}, photo.state === "certain" ? "It could also be" : "What it looks most like"), candidates(others)]
        : []),
      facts(photo),
    );
  }

  #decisions(photo) {
    if (!photo.landmark || photo.state === "failed") return null;
    const button = (decision, name, words, pressed) =>
      h("button", { type: "button", class: "button", "aria-pressed": String(pressed), onclick: () => this.#decide(pressed ? "none" : decision) }, icon(name), words);
    return h(
      "div",
      { class: "actions" },
      button("accept", "done", photo.decision === "accepted" ? "Accepted" : "That's right", photo.decision === "accepted"),
      button("reject", "close", photo.decision === "rejected" ? "Rejected" : "That's wrong", photo.decision === "rejected"),
    );
  }

  async #decide(decision) {
    const number = this.#number;
    try {
      this.ondecided(await decide([this.photo.id], decision));
      const known = await fetchPhoto(this.photo.id);
      if (this.#number !== number) return;
      this.#fill(known);
      this.text.querySelector(".actions button")?.focus();
    } catch (problem) {
      this.#complain(problem);
    }
  }

  #complain(problem) {
    const { heading, sentence } = trouble(problem);
    this.text.prepend(h("p", { class: "notice notice-danger", role: "alert" }, `${heading}. ${sentence}`));
  }

  /** Where the landmark is, and where the photo says it was taken. */
  #map(photo) {
    const [best] = photo.candidates;
    const points = [];
    if (best && best.id === photo.landmark?.id && photo.state !== "unknown") {
      points.push({ ...best, kind: "landmark" });
    }
    if (photo.gps) points.push({ ...photo.gps, radius_km: 0.05, name: points.length ? "this photo" : photo.name, kind: points.length ? "photo" : "landmark" });
    return points.length ? new PlaceMap(points).element : null;
  }

  #move(step) {
    const number = this.#number + step;
    if (number >= 0 && number < this.source.count) this.open(number);
  }

  #key(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === "ArrowLeft") this.#move(-1);
    else if (event.key === "ArrowRight") this.#move(1);
    else return;
    event.preventDefault();
  }
}

function arrow(name, label, onclick) {
  return h("button", { type: "button", class: `detail-arrow detail-${name}`, "aria-label": label, onclick }, icon(name));
}
