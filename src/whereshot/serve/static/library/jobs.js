// The one long work of the server: who waits for it, and who watches it.

import { listen } from "./api.js";

export class Jobs {
  #waiting = new Map(); // number -> {resolve, onprogress}

  /** `onjob(job)` on everything that is heard of one, `onchanged()` when the library has changed,
   * `onconnection(isThere)`. */
  constructor({ onjob, onchanged, onconnection }) {
    this.last = null;
    this.onjob = onjob;
    listen({ job: (job) => this.hear(job), changed: onchanged, connected: onconnection });
  }

  get isBusy() {
    return this.last?.state === "running";
  }

  /** A job as the server tells it, in an event or in an answer. */
  hear(job) {
    // An answer may come later than what was told of the job since. Numbers begin anew with a server.
    if (!job || job.started < (this.last?.started ?? "")) return;
    if (job.number === this.last?.number && !this.isBusy && job.state === "running") return;
    this.last = job;
    this.onjob(job);
    const waiting = this.#waiting.get(job.number);
    if (!waiting) return;
    waiting.onprogress(job);
    if (job.state === "running") return;
    this.#waiting.delete(job.number);
    waiting.resolve(job);
  }

  /** The job when it has ended; `onprogress(job)` until then. */
  ended(job, onprogress = () => {}) {
    return new Promise((resolve) => {
      this.#waiting.set(job.number, { resolve, onprogress });
      const known = this.last?.number === job.number ? this.last : job;
      this.hear(known);
    });
  }
}
