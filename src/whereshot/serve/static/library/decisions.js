// What a person decides in the review, one after the other, and how the last of it is taken back.

import { decide } from "./api.js";

const AT_ONCE = 1000; // photos that the server takes in one request
const MOST = 500; // decisions that can be taken back

export class Decisions {
  #past = [];

  /** `onchange(answer)` after each answer of the server. */
  constructor(onchange) {
    this.onchange = onchange;
  }

  get canUndo() {
    return this.#past.length > 0;
  }

  /** Decide about photos; a landmark with "accept" corrects what was suggested. Gives what the
   * server refused; throws its problem, and what was decided until then can be taken back. */
  async take(photos, decision, landmark) {
    const taken = [];
    const refused = [];
    this.#past = [...this.#past.slice(1 - MOST), taken];
    try {
      for (const some of chunks(photos)) {
        const answer = await this.#send(some, decision, landmark?.id);
        const changed = new Set(answer.changed);
        taken.push(...some.filter(({ id }) => changed.has(id)));
        refused.push(...answer.refused);
      }
    } finally {
      if (!taken.length) this.#past.pop();
    }
    return refused;
  }

  /** Take the last one back; gives its photos as they were, which wait again. */
  async undo() {
    const photos = this.#past.at(-1) ?? [];
    for (const some of chunks(photos)) await this.#send(some, "none");
    this.#past.pop();
    return photos;
  }

  async #send(photos, decision, landmark) {
    const answer = await decide(photos.map(({ id }) => id), decision, landmark);
    this.onchange(answer);
    return answer;
  }
}

function chunks(photos) {
  const found = [];
  for (let at = 0; at < photos.length; at += AT_ONCE) found.push(photos.slice(at, at + AT_ONCE));
  return found;
}
