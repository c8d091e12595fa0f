// One photo and what is said of it: waiting, an answer, or trouble.

import { button } from "../shared/buttons.js";
import { h } from "../shared/dom.js";
import { PlaceMap } from "../shared/place_map.js";
import { trouble } from "../shared/words.js";
import { correctedAnswer, landmarkAnswer, unknownAnswer } from "./answers.js";
import { PhotoView } from "./photo_view.js";

let count = 0;

export class Card {
  /** `actions` are called with the card: onRetry, onRemove, onCorrect, onTakeBack, onTeach,
   * onExample; `statusOf(landmark)` resolves to {known, enrolled}; `tell(words)` announces. */
  constructor(file, actions) {
    this.file = file;
    this.name = file.name || "pasted photo";
    this.actions = actions;
    this.answer = null;
    this.lesson = null; // what was learned from this photo, while the page is open
    this.summary = "";
    this.headingId = `card-${(count += 1)}`;
    this.photo = new PhotoView(file, this.name, {
      onRemove: () => actions.onRemove(this),
      onTrouble: (problem) => actions.tell(`No heatmap: ${trouble(problem).sentence}`),
    });
    this.body = h("div", { class: "card-body" });
    this.element = h(
      "article",
      { class: "card surface", "aria-labelledby": this.headingId },
      this.photo.element,
      this.body,
    );
  }

  get state() {
    return this.element.dataset.state;
  }

  showWaiting() {
    this.photo.setLandmark(null);
    this.#show("waiting", [
      h("p", { class: "waiting", id: this.headingId }, "Looking at it…"),
      h("div", { class: "skeleton", "aria-hidden": "true" }, h("i"), h("i"), h("i")),
    ]);
  }

  async showAnswer(answer) {
    this.answer = answer;
    const actions = this.#actions();
    if (answer.correction) {
      const status = await this.actions.statusOf(answer.correction.landmark);
      this.#showAnswer("corrected", correctedAnswer(answer, status, actions));
    } else if (answer.verdict === "landmark") {
      this.#showAnswer("landmark", landmarkAnswer(answer, actions));
    } else this.#showAnswer("unknown", unknownAnswer(answer, actions, this.lesson));
  }

  showTrouble(problem) {
    const { heading, sentence } = trouble(problem);
    this.summary = `${this.name}: ${heading}. ${sentence}`;
    const again =
      problem.type === "Unreachable" &&
      button("again", "Try again", () => this.actions.onRetry(this));
    this.#show("trouble", [
      this.#heading(heading),
      h("p", { class: "explain" }, sentence),
      again && h("div", { class: "actions" }, again),
    ]);
  }

  /** Put the focus where the answer begins, after a dialog has changed it. */
  focus() {
    this.element.querySelector("h2")?.focus();
  }

  #actions() {
    const names = ["onCorrect", "onTakeBack", "onTeach", "onExample"];
    return Object.fromEntries(names.map((name) => [name, () => this.actions[name](this)]));
  }

  #showAnswer(state, { heading, summary, landmark, points, lead, parts, rest }) {
    this.summary = `${this.name}: ${summary}`;
    this.photo.setLandmark(landmark);
    const head = lead && h("div", { class: "answer-head" }, lead);
    const shown = h("div", { class: "answer" }, head, this.#heading(heading), parts);
    this.#show(state, [shown, ...rest], points.length ? new PlaceMap(points).element : null);
  }

  #heading(text) {
    return h("h2", { id: this.headingId, tabindex: "-1" }, text);
  }

  #show(state, parts, map = null) {
    this.element.dataset.state = state;
    this.element.setAttribute("aria-busy", String(state === "waiting"));
    this.body.replaceChildren(...parts.filter(Boolean));
    // The map stands beside the words, under the photo.
    this.element.querySelector(":scope > figure")?.remove();
    if (map) this.element.append(map);
  }
}
