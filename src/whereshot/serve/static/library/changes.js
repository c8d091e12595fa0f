// The list of what a write would do, or did: a row a photo, its difference to unfold.

import { h } from "../shared/dom.js";
import { trouble } from "../shared/words.js";
import { changes as fetchChanges, thumbnailUrl } from "./api.js";
import { difference, differenceSize } from "./difference.js";

const PAGE = 100;

const OUTCOMES = {
  written: ["New sidecar", "tag-accent"],
  updated: ["Changed", "tag-accent"],
  removed: ["Taken out", "tag-accent"],
  skipped: ["Left alone", ""],
  review: ["Needs a look", "tag-warm"],
  failed: ["Can't be written", "tag-warm"],
};

export class Changes {
  #shown = 0;

  constructor() {
    this.list = h("ul", { class: "changes" });
    this.more = h("button", { type: "button", class: "button", hidden: true, onclick: () => this.#add() }, "Show more");
    this.element = h("div", {}, this.list, this.more);
  }

  /** Fetch the last preview's or write's list, from its front. */
  async show() {
    this.#shown = 0;
    this.list.replaceChildren();
    await this.#add();
  }

  clear() {
    this.list.replaceChildren();
    this.more.hidden = true;
  }

  async #add() {
    try {
      const answer = await fetchChanges(this.#shown, PAGE);
      this.list.append(...answer.changes.map(row));
      this.#shown += answer.changes.length;
      const left = answer.total - this.#shown;
      this.more.hidden = left <= 0;
      this.more.textContent = `Show more (${left.toLocaleString("en")} left)`;
    } catch (problem) {
      this.list.append(h("li", { class: "notice notice-danger" }, trouble(problem).sentence));
    }
  }
}

function row(change) {
  const [words, kind] = OUTCOMES[change.outcome];
  const body = h("div", { class: "change-body" });
  const file = change.file?.split(/[\\/]/).at(-1);
  const details =
    change.difference &&
    h(
      "details",
      { ontoggle: () => details.open && !body.firstChild && body.append(difference(change.difference)) },
      h("summary", {}, h("span", { class: "file" }, file), " ", h("span", { class: "soft small number" }, differenceSize(change.difference))),
      body,
    );
  return h(
    "li",
    { class: "change" },
    h("img", { src: thumbnailUrl(change), alt: "", loading: "lazy" }),
    h(
      "div",
      { class: "change-words" },
      h("p", {}, h("b", {}, change.landmark || change.name), change.country && h("span", { class: "soft" }, `, ${change.country}`)),
      h("p", { class: "soft small file" }, change.name),
      change.reason && h("p", { class: "small" }, change.reason),
      details,
    ),
    h("span", { class: `tag ${kind}` }, words),
  );
}
