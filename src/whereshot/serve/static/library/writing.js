// Accepted places into sidecars: first what would be written, then the word of the person, then
// what was, with the way back.

import { h, icon } from "../shared/dom.js";
import { trouble } from "../shared/words.js";
import { undo, write } from "./api.js";
import { Changes } from "./changes.js";
import { Progress } from "./progress.js";
import { undoWords } from "./history.js";
import { count } from "./words.js";

const element = (id) => document.getElementById(id);

export class Writing {
  #run = null;

  constructor(dialog, jobs) {
    Object.assign(this, { dialog, jobs });
    this.progress = new Progress();
    this.changes = new Changes();
    element("write-progress").append(this.progress.element);
    element("write-changes").append(this.changes.element);
    element("write-gps").addEventListener("change", () => this.#preview());
    element("write-go").addEventListener("click", () => this.#write());
    element("write-undo").addEventListener("click", () => this.#undo());
  }

  open() {
    this.dialog.showModal();
    this.#preview();
  }

  /** A dry run: the same way, and nothing is written. */
  async #preview() {
    this.#stage("preview", "What would be written");
    const job = await this.#await(() => write(this.#options(true)));
    if (!job) return;
    const { counts, changes, blocked } = job.summary;
    this.#say(changes ? outcomes(counts) : "Nothing is to be written. Accept suggestions first, and come back.");
    this.#block(blocked);
    element("write-go").textContent = changes ? `Write ${count(changes, "sidecar")}` : "Write";
    element("write-go").disabled = !changes;
    await this.changes.show();
  }

  async #write() {
    this.#stage("write", "Writing");
    const job = await this.#await(() => write(this.#options(false)));
    if (!job) return;
    const { counts, changes, blocked, run } = job.summary;
    this.#run = run;
    element("write-title").textContent = counts.failed ? "Written, with problems" : "Written";
    this.#say(`${count(changes, "sidecar")} written. ${counts.failed ? outcomes(counts) : "Your photos themselves are as they were."}`);
    this.#block(blocked);
    element("write-undo").hidden = run == null;
    await this.changes.show();
  }

  async #undo() {
    this.#stage("undo", "Taking back");
    const job = await this.#await(() => undo(this.#run));
    if (!job) return;
    element("write-title").textContent = "Taken back";
    this.#say(undoWords(job.summary));
    this.#block(job.summary.refused.map(({ path, reason }) => ({ folder: path, reason })));
  }

  #options(dry) {
    return { dry_run: dry, write_gps: element("write-gps").checked };
  }

  /** What can be done at a stage of the work. */
  #stage(stage, title) {
    element("write-title").textContent = title;
    this.#say("");
    this.#block([]);
    this.changes.clear();
    element("write-go").disabled = true;
    element("write-go").hidden = stage !== "preview";
    element("write-undo").hidden = true;
    element("write-options").hidden = stage !== "preview";
  }

  /** The job when it has ended well, null where it has not: then that is said. */
  async #await(start) {
    element("write-progress").hidden = false;
    element("write-gps").disabled = true;
    try {
      const job = await this.jobs.ended(await start(), (now) => this.progress.show(now));
      if (job.state === "failed") throw job.error;
      if (job.summary) return job;
      this.#say("Stopped. What was written until then is in the history.");
    } catch (problem) {
      const { heading, sentence } = trouble(problem);
      this.#say(`${heading}. ${sentence}`);
    } finally {
      element("write-progress").hidden = true;
      element("write-gps").disabled = false;
    }
    return null;
  }

  #say(words) {
    element("write-words").textContent = words;
  }

  #block(blocked) {
    element("write-blocked").replaceChildren(
      ...blocked.map(({ folder, reason }) =>
        h("p", { class: "notice notice-warm with-icon" }, icon("warning"), h("span", {}, h("span", { class: "file" }, folder), `: ${reason}`)),
      ),
    );
  }
}

/** "5 new sidecars, 2 photos left alone" */
function outcomes(counts) {
  return [
    counts.written && count(counts.written, "new sidecar"),
    counts.updated && `${count(counts.updated, "sidecar")} changed`,
    counts.removed && `${count(counts.removed, "tag")} taken out`,
    counts.skipped && `${count(counts.skipped, "photo")} left alone`,
    counts.review && `${count(counts.review, "photo")} to look at`,
    counts.failed && `${count(counts.failed, "sidecar")} can't be written`,
  ]
    .filter(Boolean)
    .join(", ");
}
