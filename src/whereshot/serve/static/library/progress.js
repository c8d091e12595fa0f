// How far the server's one long work is, and what came of it.

import { h, icon } from "../shared/dom.js";
import { stop } from "./api.js";
import { count, duration } from "./words.js";

const STAGES = {
  scan: "Looking for photos",
  recognize: "Recognizing",
  plan: "Comparing",
  write: "Writing",
  undo: "Taking back",
};

/** A bar with words, and a button that stops the work. */
export class Progress {
  constructor() {
    this.title = h("b", {});
    this.words = h("span", { class: "soft number" });
    this.fill = h("i", {});
    this.bar = h("div", { class: "progress", role: "progressbar", "aria-label": "Progress", "aria-valuemin": 0, "aria-valuemax": 100 }, this.fill);
    this.stop = h("button", { type: "button", class: "button", onclick: () => this.#stop() }, "Stop");
    this.element = h(
      "div",
      { class: "work" },
      h("div", { class: "work-words" }, this.title, this.words),
      this.stop,
      this.bar,
    );
  }

  show({ stage, done, total, rate, seconds_left: left }) {
    this.title.textContent = STAGES[stage] ?? "Working";
    const parts = [
      total ? `${done.toLocaleString("en")} of ${count(total, "photo")}` : done > 0 && count(done, "photo"),
      rate && `${rate < 10 ? rate.toFixed(1) : Math.round(rate)} a second`,
      left != null && `${duration(left)} left`,
    ];
    this.words.textContent = parts.filter(Boolean).join(" · ");
    this.bar.classList.toggle("progress-open", !total);
    if (total) this.bar.setAttribute("aria-valuenow", Math.round((100 * done) / total));
    else this.bar.removeAttribute("aria-valuenow");
    this.bar.setAttribute("aria-valuetext", `${this.title.textContent}. ${this.words.textContent}`);
    this.fill.style.setProperty("--share", total ? done / total : 0);
    this.stop.disabled = false;
  }

  async #stop() {
    this.stop.disabled = true;
    try {
      await stop();
    } catch {
      // It has ended by itself: the next thing that the server tells says so.
    }
  }
}

/** What an index of a folder found, in a sentence, with the problems to unfold. */
export function indexSummary({ state, summary, error }, onclose) {
  const close = h("button", { type: "button", class: "button button-icon", "aria-label": "Close", onclick: onclose }, icon("close"));
  if (state === "failed") return h("div", { class: "notice notice-danger ended" }, h("p", {}, error.message), close);
  if (!summary) return h("div", { class: "notice ended" }, h("p", {}, "Stopped. What was looked at stays known."), close);
  const { problems, problem_count: trouble } = summary;
  const details =
    trouble > 0 &&
    h(
      "details",
      {},
      h("summary", {}, count(trouble, "problem")),
      h(
        "ul",
        { class: "problems" },
        problems.map(({ path, message }) => h("li", {}, h("span", { class: "file" }, path), " ", h("span", { class: "soft" }, message))),
      ),
      trouble > problems.length && h("p", { class: "soft small" }, `The first ${problems.length} are listed.`),
    );
  return h("div", { class: `notice ended${trouble ? " notice-warm" : ""}` }, h("div", {}, h("p", {}, indexWords(state, summary)), details), close);
}

/** "300 photos found: 280 recognized, 20 known already." */
function indexWords(state, summary) {
  const copies = summary.of_same_content + summary.near_duplicates;
  const number = (value) => value.toLocaleString("en");
  const parts = [
    summary.recognized && `${number(summary.recognized)} recognized`,
    copies && `${number(copies)} alike`,
    summary.settled && `${number(summary.settled)} known already`,
    summary.failed && `${number(summary.failed)} that can't be read`,
  ].filter(Boolean);
  const found = `${count(summary.found, "photo")} found${parts.length ? `: ${parts.join(", ")}` : ""}.`;
  const ended = state === "stopped" ? "Stopped. What was looked at stays known. " : "";
  const videos = summary.videos ? ` ${count(summary.videos, "video")} left alone.` : "";
  return `${ended}${found}${videos}`;
}
