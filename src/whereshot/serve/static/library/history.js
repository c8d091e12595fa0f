// What was written before, run by run, each with the way back.

import { h, icon } from "../shared/dom.js";
import { trouble } from "../shared/words.js";
import { announce } from "./announce.js";
import { runs, undo } from "./api.js";
import { count, moment } from "./words.js";

const COMMANDS = { tag: "Sidecars written", organize: "Photos organized", purge: "Tags taken out" };

export class History {
  constructor(element, jobs) {
    Object.assign(this, { element, jobs });
  }

  async show() {
    try {
      const answer = await runs();
      this.element.replaceChildren(answer.runs.length ? this.#list(answer.runs) : nothing());
    } catch (problem) {
      this.element.replaceChildren(h("p", { class: "notice notice-danger" }, trouble(problem).sentence));
    }
  }

  #list(all) {
    return h("ul", { class: "runs surface" }, all.map((run) => this.#row(run)));
  }

  #row(run) {
    const words = h("p", { class: "small soft", role: "status" });
    const button = h("button", { type: "button", class: "button", onclick: () => this.#undo(run, button, words) }, icon("undo"), "Undo");
    const state = run.undone ? `Taken back ${moment(run.undone)}` : run.broken_off ? "Broken off" : "";
    return h(
      "li",
      { class: "run" },
      h(
        "div",
        {},
        h("p", {}, h("b", {}, COMMANDS[run.command] ?? run.command)),
        h("p", { class: "small soft" }, [moment(run.started), count(run.changes, "file"), state].filter(Boolean).join(" · ")),
        words,
      ),
      run.can_undo && button,
    );
  }

  async #undo(run, button, words) {
    button.disabled = true;
    words.textContent = "Taking back…";
    try {
      const job = await this.jobs.ended(await undo(run.run));
      if (job.state === "failed") throw job.error;
      await this.show();
      announce(job.summary ? undoWords(job.summary) : "Stopped.");
    } catch (problem) {
      words.textContent = trouble(problem).sentence;
      button.disabled = false;
    }
  }
}

/** What an undo did, in a sentence. */
export function undoWords({ undone, refused }) {
  const kept = refused.length
    ? ` ${count(refused.length, "file")} changed since then: left as they are.`
    : " Everything is as it was.";
  return `${count(undone, "file")} taken back.${kept}`;
}

function nothing() {
  return h("div", { class: "empty" }, icon("undo"), h("h2", {}, "Nothing written yet"), h("p", { class: "soft" }, "Each time that sidecars are written, that run stands here, and can be taken back."));
}
