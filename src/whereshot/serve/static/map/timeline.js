// How many photos when, and a span of time to choose: with the pointer, or with two sliders.

import { h, s } from "../shared/dom.js";
import { dateWords, timeBins } from "./photos.js";

const MOST_BINS = 96;
const HEIGHT = 44;

/** The chosen span is {from, to} in minutes, null where all is chosen; `onchange` tells it. */
export class Timeline {
  constructor(element, photos, onchange) {
    this.onchange = onchange;
    const bins = timeBins(photos, MOST_BINS);
    if (!bins || bins.edges.length < 3) return; // one day: nothing to choose
    Object.assign(this, { edges: bins.edges, part: bins.part, last: bins.edges.length - 1 });
    [this.low, this.high] = [0, this.last];
    this.start = this.#slider("First", 0);
    this.end = this.#slider("Last", this.last);
    this.words = h("b", { class: "timeline-words" });
    this.all = h("button", { type: "button", class: "link", onclick: () => this.#choose(0, this.last) }, "All dates");
    this.bars = s("svg", { class: "bars", viewBox: `0 0 ${this.last} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" });
    const strip = h("div", { class: "strip" }, this.bars, this.start, this.end);
    element.append(h("div", { class: "timeline-head" }, this.words, this.all), strip);
    element.hidden = false;
    this.#brush();
    this.setPhotos(photos);
  }

  /** Count these photos, which pass every other filter. */
  setPhotos(photos) {
    if (!this.edges) return;
    const counts = new Array(this.last).fill(0);
    for (const { minute } of photos) if (minute != null) counts[this.#bin(minute)] += 1;
    const most = Math.max(...counts, 1);
    this.rects = counts.map((count, bin) => {
      // The root, else a holiday makes a flat line of all other days.
      const height = count ? Math.max(2, HEIGHT * Math.sqrt(count / most)) : 0;
      return s("rect", { x: bin + 0.08, y: HEIGHT - height, width: 0.84, height });
    });
    this.bars.replaceChildren(...this.rects);
    this.#show();
  }

  #bin(minute) {
    let [low, high] = [0, this.last - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.edges[middle] <= minute) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  #slider(name, value) {
    const oninput = () => {
      const other = name === "First" ? this.end : this.start;
      const mine = name === "First" ? this.start : this.end;
      // At least one step stays between the two.
      const limit = Number(other.value);
      const wanted = Number(mine.value);
      mine.value = name === "First" ? Math.min(wanted, limit - 1) : Math.max(wanted, limit + 1);
      this.#choose(Number(this.start.value), Number(this.end.value));
    };
    return h("input", { type: "range", min: 0, max: this.last, step: 1, value, "aria-label": `${name} date`, oninput });
  }

  #choose(low, high) {
    [this.low, this.high] = [low, high];
    [this.start.value, this.end.value] = [low, high];
    this.#show();
    const isAll = low === 0 && high === this.last;
    this.onchange(isAll ? { from: null, to: null } : { from: this.edges[low], to: this.edges[high] });
  }

  #show() {
    this.rects.forEach((rect, bin) => rect.classList.toggle("out", bin < this.low || bin >= this.high));
    const first = dateWords(this.edges[this.low], this.part);
    const last = dateWords(this.edges[this.high] - 1, this.part);
    this.words.textContent = first === last ? first : `${first} – ${last}`;
    this.start.setAttribute("aria-valuetext", first);
    this.end.setAttribute("aria-valuetext", last);
    this.all.hidden = this.low === 0 && this.high === this.last;
  }

  /** Drag over the bars: a new span, or the chosen one moved. */
  #brush() {
    let grip = null;
    const at = (event) => {
      const box = this.bars.getBoundingClientRect();
      const share = (event.clientX - box.left) / box.width;
      return Math.min(this.last, Math.max(0, share * this.last));
    };
    this.bars.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      const isInside = !this.all.hidden && at(event) > this.low && at(event) < this.high;
      grip = { from: at(event), span: isInside ? [this.low, this.high] : null };
      this.bars.setPointerCapture(event.pointerId);
    });
    this.bars.addEventListener("pointermove", (event) => {
      if (!grip) return;
      if (grip.span) {
        const wide = grip.span[1] - grip.span[0];
        const low = Math.round(grip.span[0] + at(event) - grip.from);
        const kept = Math.min(this.last - wide, Math.max(0, low));
        this.#choose(kept, kept + wide);
      } else {
        const [low, high] = [grip.from, at(event)].sort((a, b) => a - b);
        this.#choose(Math.floor(low), Math.max(Math.floor(low) + 1, Math.ceil(high)));
      }
    });
    for (const name of ["pointerup", "pointercancel"]) {
      this.bars.addEventListener(name, () => {
        grip = null;
      });
    }
  }
}
