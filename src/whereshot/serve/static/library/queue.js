// The photos that wait for a decision, in their order, those that are decided still among them.

import { suggestions } from "./api.js";

const PAGE = 50;
const LOW = 12; // photos that wait, ahead: time to fetch more

const waits = ({ decision }) => !decision;

export class Queue {
  #fetching = null;

  constructor(name) {
    this.name = name;
    this.photos = [];
    this.at = 0;
    this.total = 0; // that wait
  }

  get current() {
    return this.photos[this.at];
  }

  /** Fetch more if it runs low. */
  async fill() {
    const waiting = this.photos.filter(waits).length;
    const ahead = this.photos.slice(this.at).filter(waits).length;
    if (ahead >= LOW || (this.photos.length && waiting >= this.total)) return;
    this.#fetching ??= this.#fetch(waiting).finally(() => {
      this.#fetching = null;
    });
    await this.#fetching;
  }

  /** Go so many steps along, as far as there are photos. */
  move(step) {
    this.at = Math.max(0, Math.min(this.photos.length - 1, this.at + step));
  }

  /** To the next one that waits: from the current one on, else before it. */
  next() {
    let index = this.photos.findIndex((photo, place) => place >= this.at && waits(photo));
    if (index < 0) index = this.photos.findLastIndex(waits);
    if (index >= 0) this.at = index;
  }

  /** To the first of some photos; false where none of them is here. */
  find(ids) {
    const index = this.photos.findIndex(({ id }) => ids.has(id));
    if (index >= 0) this.at = index;
    return index >= 0;
  }

  /** What the server says of photos now. */
  update(photos) {
    const known = new Map(photos.map((photo) => [photo.id, photo]));
    this.photos = this.photos.map((photo) => {
      const now = known.get(photo.id);
      if (!now) return photo;
      this.total += waits(now) - waits(photo);
      return { ...photo, ...now };
    });
  }

  async #fetch(waiting) {
    // Those that wait here are at the front of the server's queue too: decided ones have left it.
    const answer = await suggestions(this.name, waiting, PAGE);
    const here = new Set(this.photos.map(({ id }) => id));
    this.total = answer.total;
    this.photos.push(...answer.photos.filter(({ id }) => !here.has(id)));
  }
}
