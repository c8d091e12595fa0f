// The grid and what fills it: groups from the server, photos in pages, kept up to date.

import { groups as fetchGroups, photos as fetchPhotos } from "./api.js";
import { announce } from "./announce.js";
import { Grid } from "./grid.js";
import { Pages } from "./pages.js";
import { count } from "./words.js";

const element = (id) => document.getElementById(id);

/** A source of photos for `Detail`: `at(number)`, `count`, `onclose(number)`. */
export class PhotosView {
  #filter = null;
  #shape = ""; // of the groups that are shown
  #pages = null;
  #revision = -1; // that the server has
  #shown = -1; // that is shown
  #asking = null;
  #top = null; // where the page was scrolled to when it was left for another view

  /** `onopen(number)` when a photo is chosen, `onproblem(problem)`. */
  constructor({ onopen, onproblem }) {
    this.onproblem = onproblem;
    this.grid = new Grid(element("grid"), { covered, onopen });
    addEventListener("resize", stick);
    stick();
  }

  get count() {
    return this.grid.count;
  }

  /** A photo by its position; one that is far from what is seen comes by itself. */
  async at(number) {
    return this.#pages.get(number) ?? (await fetchPhotos(this.#filter, number, 1)).photos[0];
  }

  onclose(number) {
    this.grid.focus(number);
  }

  /** Show what a filter leaves. */
  async show(filter) {
    if (JSON.stringify(filter) === JSON.stringify(this.#filter)) {
      if (this.#top != null) scrollTo(0, this.#top);
      this.#top = null;
      return this.renew();
    }
    this.#filter = { ...filter };
    this.#shape = "";
    return this.#load();
  }

  /** Another view is about to be shown: this one is come back to where it was. */
  leave() {
    if (this.grid.element.clientWidth) this.#top = scrollY;
  }

  /** The server has another revision of what is known. */
  outdate(revision) {
    this.#revision = revision;
  }

  /** Fetch anew what has changed since it was fetched. */
  async renew() {
    if (this.#filter && this.#shown !== this.#revision) await this.#load();
  }

  /** What a person has decided shows at once; who is where, when the groups are fetched anew. */
  replace(changed, revision) {
    this.#pages?.replace(changed);
    this.grid.refresh();
    this.#revision = revision;
  }

  async #load() {
    this.#asking?.abort();
    this.#asking = new AbortController();
    try {
      this.#draw(await fetchGroups(this.#filter, this.#asking.signal));
    } catch (problem) {
      if (problem.name === "AbortError") return;
      this.#shown = -1; // what is wanted is not what is shown
      this.onproblem(problem);
    }
  }

  #draw({ revision, total, groups }) {
    this.#shown = this.#revision = revision;
    element("no-photos").hidden = total > 0;
    const shape = JSON.stringify(groups.map(({ key, count: photos }) => [key, photos]));
    if (shape === this.#shape) {
      this.#pages.renew(revision);
      return;
    }
    const isSame = this.#shape !== ""; // the same filter, with some photos more or less
    this.#shape = shape;
    this.#pages = new Pages(this.#filter, revision, {
      onarrive: () => this.grid.refresh(),
      onstale: (now) => {
        this.outdate(now);
        this.renew();
      },
      onerror: this.onproblem,
    });
    stick();
    this.grid.show(groups, this.#pages, isSame);
    if (!isSame) announce(`${count(total, "photo")} in ${count(groups.length, "group")}.`);
  }
}

/** How many pixels at the top of the window are covered by what sticks there. */
function covered() {
  const bar = element("filters");
  return parseFloat(getComputedStyle(bar).top) + bar.offsetHeight;
}

/** Headings of groups stick below it. */
function stick() {
  element("grid").style.setProperty("--covered", `${covered()}px`);
}
