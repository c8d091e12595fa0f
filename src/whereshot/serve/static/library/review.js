// The review: one suggestion at a time, large, decided with a key.

import { h, icon } from "../shared/dom.js";
import { trouble } from "../shared/words.js";
import { announce } from "./announce.js";
import { previewUrl, thumbnailUrl } from "./api.js";
import { Decisions } from "./decisions.js";
import { candidates, contradiction, headline } from "./facts.js";
import { LandmarkBox } from "../shared/landmark_box.js";
import { Queue } from "./queue.js";
import { count, moment } from "./words.js";

const BESIDE = 4; // neighbours on each side
const element = (id) => document.getElementById(id);

const QUEUES = {
  suggested: ["Suggested", "Everything is decided", "Photos of which I'm sure come here, and wait for your word."],
  unsure: ["Unsure", "No guess waits", "Photos of which I'm not sure come here."],
  contradiction: ["Contradiction", "Nothing contradicts", "Photos whose GPS is far from what they seem to show come here."],
};

export class Review {
  #queue = new Queue("suggested");
  #isBusy = false;

  /** `onchange(answer)` after each decision, `onmany(name)` to decide about many at once. */
  constructor({ onchange, onmany }) {
    this.decisions = new Decisions((answer) => {
      this.#queue.update(answer.photos);
      onchange(answer);
    });
    this.onmany = onmany;
    this.picture = h("img", { class: "review-picture", alt: "" });
    this.words = h("div", { class: "review-words" });
    this.note = h("p", { class: "notice notice-danger", role: "alert", hidden: true });
    this.box = new LandmarkBox({
      label: "Another landmark",
      scope: "bundle",
      onchoose: (landmark) => this.#decide("accept", landmark),
      oncancel: () => this.#focus(),
      attributes: { "aria-label": "Another landmark", placeholder: "Another landmark…" },
    });
    this.strip = h("ol", { class: "review-strip", "aria-label": "Neighbours" });
    const button = (name, words, key, onclick, kind = "") =>
      h("button", { type: "button", class: `button button-large ${kind}`, onclick, "aria-keyshortcuts": key }, icon(name), h("span", {}, words), h("kbd", { "aria-hidden": "true" }, key));
    this.undoing = button("undo", "Undo", "Z", () => this.#undo());
    this.card = h(
      "div",
      { class: "review-card surface", tabindex: "-1" },
      h("div", { class: "review-stage" }, this.picture),
      h(
        "div",
        { class: "review-side" },
        this.note,
        this.words,
        h("div", { class: "review-correct" }, this.box.element, h("kbd", { "aria-hidden": "true" }, "C")),
        h(
          "div",
          { class: "review-buttons" },
          button("done", "Accept", "A", () => this.#decide("accept"), "button-primary"),
          button("close", "Reject", "R", () => this.#decide("reject")),
          button("skip", "Skip", "S", () => this.#move(1)),
          this.undoing,
        ),
      ),
    );
    this.empty = h("div", { class: "empty", hidden: true });
    element("review-body").append(this.card, this.strip, this.empty);
    element("review-many").addEventListener("click", () => this.onmany(this.#queue.name));
    element("review-queues").addEventListener("change", (event) => this.open(event.target.value));
    document.addEventListener("keydown", (event) => this.#key(event));
  }

  /** How many wait in each queue. */
  showCounts(counts) {
    for (const name of Object.keys(QUEUES)) element(`queue-${name}`).textContent = (counts[name] ?? 0).toLocaleString("en");
  }

  /** Go on where it was, or begin with a queue from its front. */
  async open(name) {
    const isDone = this.#queue.photos.every(({ decision }) => decision); // there may be new ones
    if (name || isDone) this.#queue = new Queue(name ?? this.#queue.name);
    await this.#show();
  }

  /** Show what has come since: a queue that was empty may have photos now. */
  async renew() {
    if (!this.#isBusy && !this.empty.hidden) await this.open();
  }

  /** Decide about many photos of the queue at once; gives how many. */
  async acceptMany(photos) {
    const refused = await this.decisions.take(photos, "accept");
    await this.open(this.#queue.name);
    return photos.length - refused.length;
  }

  async #show() {
    const queue = this.#queue;
    try {
      await queue.fill();
    } catch (problem) {
      this.#complain(problem);
    }
    if (queue !== this.#queue) return;
    const isThere = queue.photos.some(({ decision }) => !decision);
    this.card.hidden = this.strip.hidden = !isThere;
    this.empty.hidden = isThere;
    element("review-many").hidden = !isThere || queue.name === "contradiction";
    element("review-count").textContent = isThere ? `${count(queue.total, "photo")} to go` : "";
    this.undoing.disabled = !this.decisions.canUndo;
    if (isThere) this.#draw(queue.current);
    else this.#drawEmpty();
  }

  #draw(photo) {
    this.picture.src = previewUrl(photo);
    this.picture.alt = photo.name;
    const others = photo.candidates.slice(1);
    this.words.replaceChildren(
      ...[
        ...headline(photo),
        contradiction(photo),
        h("p", { class: "soft small file" }, [photo.name, photo.taken_at && moment(photo.taken_at)].filter(Boolean).join(" · ")),
        others.length > 0 && h("h3", {}, "Or is it…"),
        others.length > 0 && candidates(others, (landmark) => this.#decide("accept", landmark)),
      ].filter(Boolean),
    );
    this.#drawStrip();
  }

  #drawStrip() {
    const { photos, at, current } = this.#queue;
    const first = Math.max(0, at - BESIDE);
    this.strip.replaceChildren(
      ...photos.slice(first, at + BESIDE + 1).map((photo) => {
        const { decision, landmark, name } = photo;
        const button = h(
          "button",
          {
            type: "button",
            class: `neighbour ${decision ?? "waits"}`,
            "aria-label": [landmark?.name, name, decision].filter(Boolean).join(", "),
            "aria-current": photo === current && "true",
            onclick: () => this.#jump(photo),
          },
          h("img", { src: thumbnailUrl(photo), alt: "" }),
          decision && h("span", { class: "tile-mark mark-accent" }, icon(decision === "accepted" ? "done" : "close")),
        );
        return h("li", {}, button);
      }),
    );
  }

  #drawEmpty() {
    const [, heading, words] = QUEUES[this.#queue.name];
    const undo = this.decisions.canUndo && h("button", { type: "button", class: "button", onclick: () => this.#undo() }, icon("undo"), "Undo the last decision");
    this.empty.replaceChildren(...[icon("done"), h("h2", {}, heading), h("p", { class: "soft" }, words), undo].filter(Boolean));
  }

  async #decide(decision, landmark) {
    const photo = this.#queue.current;
    if (!photo) return;
    await this.#work(async () => {
      const [refusal] = await this.decisions.take([photo], decision, landmark);
      if (refusal) throw { type: "Refused", message: refusal.reason };
      this.#queue.next();
      const name = landmark?.name ?? photo.landmark?.name;
      announce(`${decision === "accept" ? "Accepted" : "Rejected"}: ${name}.`);
    });
  }

  async #undo() {
    if (!this.decisions.canUndo) return;
    await this.#work(async () => {
      const photos = await this.decisions.undo();
      const isHere = this.#queue.find(new Set(photos.map(({ id }) => id)));
      if (!isHere) this.#queue = new Queue(this.#queue.name); // they were decided many at once
      announce(`Taken back: ${count(photos.length, "decision")}.`);
    });
  }

  /** One thing at a time; what goes wrong is said, and nothing has moved. */
  async #work(action) {
    if (this.#isBusy) return;
    this.#isBusy = true;
    this.note.hidden = true;
    try {
      await action();
    } catch (problem) {
      this.#complain(problem);
    }
    this.#isBusy = false;
    await this.#show();
    this.#focus();
  }

  #complain(problem) {
    const { heading, sentence } = trouble(problem);
    this.note.textContent = `${heading}. ${sentence}`;
    this.note.hidden = false;
  }

  #jump(photo) {
    this.#queue.find(new Set([photo.id]));
    return this.#show();
  }

  #move(step) {
    this.#queue.move(step);
    return this.#show();
  }

  #focus() {
    if (!this.card.hidden) this.card.focus({ preventScroll: true });
  }

  #key(event) {
    if (element("view-review").hidden || document.querySelector("dialog[open]")) return;
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const onControl = event.target.closest?.("button, a, input, select, summary");
    if (event.key === "Enter" && onControl) return; // it does what it is focused on
    const digit = Number(event.key);
    const commands = {
      a: () => this.#decide("accept"),
      Enter: () => this.#decide("accept"),
      r: () => this.#decide("reject"),
      Backspace: () => this.#decide("reject"),
      s: () => this.#move(1),
      ArrowRight: () => this.#move(1),
      ArrowLeft: () => this.#move(-1),
      c: () => this.box.input.focus(),
      z: () => this.#undo(),
    };
    const command = commands[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    const other = digit > 0 && this.#queue.current?.candidates[digit];
    if (command && !(onControl?.matches("input[type=radio]") && event.key.startsWith("Arrow"))) command();
    else if (other) this.#decide("accept", other);
    else return;
    event.preventDefault();
  }
}
