// The groups of photos on the map: a button each, so that keys and screen readers find them.

import { h } from "../shared/dom.js";
import { cluster } from "./clusters.js";
import { commonName } from "./photos.js";

const HALF = 28; // of a marker's side, in pixels
const MARGIN = 40;
const LABEL_HEIGHT = 16;
const MOST = 400; // elements at once; the smallest groups wait for a closer view

/** Keeps the markers of a view up to date; `onopen(photos, name)` when one is chosen. */
export class Markers {
  #groups = [];
  #elements = new Map(); // by group
  #level = NaN;

  constructor(element, onopen) {
    this.element = element;
    this.onopen = onopen;
    this.photos = [];
  }

  /** Show these photos from now on. */
  setPhotos(photos) {
    this.photos = photos;
    this.#level = NaN;
  }

  draw(view) {
    const level = Math.round(2 * Math.log2(view.size)); // half steps: groups part softly
    if (level !== this.#level) {
      this.#level = level;
      this.#groups = cluster(this.photos, 2 ** (level / 2));
      this.#elements.clear();
      this.element.replaceChildren();
    }
    const wanted = [];
    for (const group of this.#groups) {
      const [x, y] = view.place(group.x, group.y);
      if (x < -MARGIN || x > view.width + MARGIN || y < -MARGIN || y > view.height + MARGIN) continue;
      wanted.push([group, x, y]);
      if (wanted.length === MOST) break;
    }
    const kept = new Set(wanted.map(([group]) => group));
    for (const [group, marker] of this.#elements) {
      if (!kept.has(group) && document.activeElement !== marker.button) {
        marker.button.remove();
        this.#elements.delete(group);
      }
    }
    const boxes = wanted.map(([, x, y]) => [x - HALF, y - HALF, x + HALF, y + HALF]);
    for (const [index, [group, x, y]] of wanted.entries()) {
      const marker = this.#elements.get(group) ?? this.#make(group);
      marker.button.style.translate = `${Math.round(x - HALF)}px ${Math.round(y - HALF)}px`;
      const half = marker.name.length * 3.6;
      const label = [x - half, y + HALF + 3, x + half, y + HALF + 3 + LABEL_HEIGHT];
      const isFree = marker.name && !boxes.some((box, other) => other !== index && overlaps(box, label));
      marker.label.hidden = !isFree;
      if (isFree) boxes.push(label);
    }
  }

  #make(group) {
    const count = group.photos.length;
    const name = commonName(group.photos);
    const cover = group.photos.find(({ thumbnail }) => thumbnail);
    const label = h("span", { class: "marker-name", "aria-hidden": "true" }, name);
    const words = `${count === 1 ? "1 photo" : `${count.toLocaleString("en")} photos`}${name ? `, ${name}` : ""}`;
    const button = h(
      "button",
      {
        type: "button",
        class: `marker${cover ? "" : " marker-bare"}`,
        "aria-label": words,
        onclick: () => this.onopen(group.photos, name, button),
      },
      cover && h("img", { src: cover.thumbnail, alt: "", draggable: "false" }),
      (count > 1 || !cover) && h("span", { class: "marker-count", "aria-hidden": "true" }, short(count)),
      label,
    );
    const marker = { button, label, name };
    this.#elements.set(group, marker);
    this.element.append(button);
    return marker;
  }
}

const overlaps = (a, b) => a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];

/** "999", "1.2k", "12k" */
function short(count) {
  if (count < 1000) return String(count);
  return `${(count / 1000).toFixed(count < 9950 ? 1 : 0)}k`;
}
