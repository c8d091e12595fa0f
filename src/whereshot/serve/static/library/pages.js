// Photos by their position, fetched in pages around what is seen, and let go of again.

import { photos as fetchPhotos } from "./api.js";

const PAGE = 200;
const MOST = 40; // pages that are kept

/** The photos of one filter. `onarrive()` when some that were wanted are there; `onstale(revision)`
 * when the server knows more than the groups do; `onerror(problem)`. */
export class Pages {
  #kept = new Map(); // page -> photos, in the order in which they were last used
  #coming = new Map(); // page -> AbortController
  #span = [0, -1];

  constructor(filter, revision, { onarrive, onstale, onerror }) {
    Object.assign(this, { filter, revision, onarrive, onstale, onerror });
  }

  /** The photo at a position, undefined while it is not there. */
  get(position) {
    return this.#kept.get(Math.floor(position / PAGE))?.[position % PAGE];
  }

  /** From now on, what is seen lies between two positions; both are included. */
  want(first, last) {
    this.#span = [Math.floor(first / PAGE), Math.floor(Math.max(first, last) / PAGE)];
    for (const [page, control] of this.#coming) {
      if (this.#isWanted(page)) continue;
      control.abort();
      this.#coming.delete(page);
    }
    for (let page = this.#span[0]; page <= this.#span[1]; page += 1) {
      const kept = this.#kept.get(page);
      if (kept) {
        this.#kept.delete(page);
        this.#kept.set(page, kept); // used last
      } else if (!this.#coming.has(page)) this.#fetch(page);
    }
  }

  /** The photos are the same, and what is known of them is not: fetch it, and show the old until
   * it is there. */
  renew(revision) {
    this.revision = revision;
    for (const page of [...this.#kept.keys()]) {
      if (this.#isWanted(page)) this.#fetch(page);
      else this.#kept.delete(page);
    }
  }

  /** Nothing of it is needed any more. */
  close() {
    for (const control of this.#coming.values()) control.abort();
    this.#coming.clear();
  }

  /** Put changed photos in the place of those with their ids. */
  replace(changed) {
    const byId = new Map(changed.map((photo) => [photo.id, photo]));
    for (const page of this.#kept.values()) {
      page.forEach((photo, index) => {
        page[index] = byId.get(photo.id) ?? photo;
      });
    }
  }

  #isWanted = (page) => page >= this.#span[0] && page <= this.#span[1];

  async #fetch(page) {
    this.#coming.get(page)?.abort();
    const control = new AbortController();
    this.#coming.set(page, control);
    try {
      const answer = await fetchPhotos(this.filter, page * PAGE, PAGE, control.signal);
      if (this.#coming.get(page) !== control) return;
      this.#coming.delete(page);
      if (answer.revision !== this.revision) this.onstale(answer.revision);
      this.#kept.set(page, answer.photos);
      for (const old of this.#kept.keys()) {
        if (this.#kept.size <= MOST) break;
        if (!this.#isWanted(old)) this.#kept.delete(old);
      }
      this.onarrive();
    } catch (problem) {
      if (this.#coming.get(page) === control) this.#coming.delete(page);
      if (problem.name !== "AbortError") this.onerror(problem);
    }
  }
}
