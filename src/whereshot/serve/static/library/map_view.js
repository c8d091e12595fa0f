// The photos on the map of the world, in groups that part when one comes closer, above their time.

import { h } from "../shared/dom.js";
import { percent, trouble } from "../shared/words.js";
import { Land } from "../map/land.js";
import { Markers } from "../map/markers.js";
import { Panel } from "../map/panel.js";
import { boxOf, dateWords, placeName, readPhotos } from "../map/photos.js";
import { drawLand, drawScale, readColors } from "../map/sheet.js";
import { Timeline } from "../map/timeline.js";
import { View } from "../map/view.js";
import { mapped, thumbnailUrl } from "./api.js";
import { count } from "./words.js";

const ATLAS = "/static/vendor/world-atlas/countries-50m.json";
// Pixels around the world, at most, when photos are brought into view: a country, or a street.
const [FAR, CLOSE] = [2 ** 15, 2 ** 22];
const element = (id) => document.getElementById(id);

export class MapView {
  #land = null;
  #photos = [];
  #shown = [];
  #days = []; // the first and the last of the chosen time
  #asking = null;
  #colors = readColors();

  /** `onopen(photos, number)` when one is chosen in a group, `onspan(since, until)`, two ISO dates,
   * when the photos of the chosen time are to be seen elsewhere. */
  constructor({ onopen, onspan }) {
    this.words = element("map-words");
    this.panel = new Panel(element("map-panel"), {
      shot: (photo, group) => shot(photo, () => onopen(group, group.indexOf(photo))),
      onzoom: (photos) => this.#showAll(photos, CLOSE),
      onclose: () => element("view-map").classList.remove("has-panel"),
    });
    this.markers = new Markers(element("map-markers"), (photos, _name, button) => {
      if (this.view.moved) return; // the end of a drag is no click
      element("view-map").classList.add("has-panel");
      this.panel.open(photos, button);
    });
    this.view = new View(element("map"), () => this.#draw());
    element("map-closer").addEventListener("click", () => this.view.zoom(2));
    element("map-wider").addEventListener("click", () => this.view.zoom(0.5));
    element("map-all").addEventListener("click", () => this.#showAll());
    element("map").addEventListener("keydown", (event) => {
      if (event.key === "0") this.#showAll();
      if (event.key === "Escape") this.panel.close();
    });
    element("map-grid").addEventListener("click", () => onspan(...this.#days));
    addEventListener("themechange", () => {
      this.#colors = readColors();
      this.#draw();
    });
  }

  /** Fetch the photos of a filter and show them. */
  async show(filter) {
    this.#asking?.abort();
    this.#asking = new AbortController();
    this.words.textContent = "Loading…";
    try {
      const [data] = await Promise.all([mapped(filter, this.#asking.signal), this.#loadLand()]);
      this.#read(data);
    } catch (problem) {
      if (problem.name !== "AbortError") this.words.textContent = trouble(problem).sentence;
    }
  }

  async #loadLand() {
    if (this.#land) return;
    const response = await fetch(ATLAS);
    this.#land = new Land(await response.json());
  }

  #read(data) {
    this.panel.close();
    this.#photos = readPhotos(data);
    const { id, v } = data.photos;
    this.#photos.forEach((photo, index) => {
      Object.assign(photo, { id: id[index], v: v[index] });
      photo.thumbnail = thumbnailUrl(photo);
    });
    this.without = data.without;
    element("timeline").hidden = true; // where there is only one day
    element("timeline").replaceChildren();
    new Timeline(element("timeline"), this.#photos, (span) => this.#update(span));
    this.#update({ from: null });
    this.#showAll();
  }

  #update({ from, to }) {
    const isIn = ({ minute }) => minute != null && minute >= from && minute < to;
    this.#shown = from == null ? this.#photos : this.#photos.filter(isIn);
    this.#days = from == null ? [] : [isoDay(from), isoDay(to - 1)];
    element("map-grid").hidden = from == null;
    this.markers.setPhotos(this.#shown);
    const others = this.without ? ` · ${this.without.toLocaleString("en")} more have no place` : "";
    this.words.textContent = count(this.#shown.length, "photo") + others;
    this.#draw();
  }

  #showAll(photos = this.#shown, most = FAR) {
    const padding = element("map-panel").hidden || innerWidth < 800 ? 110 : 400; // clear of the tools
    if (photos.length) this.view.fit(boxOf(photos), [70, padding, 70, 70], most);
    else this.view.fit([0, 0.2, 1, 0.75]);
  }

  #draw() {
    if (!this.#land || !element("map").clientWidth) return;
    drawLand(element("map-land"), this.#land, this.view, this.#colors);
    this.markers.draw(this.view);
    drawScale(element("map-scale"), this.view);
  }
}

/** The day of a minute since 1970: "2024-05-31". */
const isoDay = (minute) => new Date(minute * 60000).toISOString().slice(0, 10);

/** One photo in the panel of a group: a button that opens it. */
function shot(photo, onclick) {
  const sure = photo.certainty == null ? "Own GPS" : `${percent(photo.certainty / 100)} sure`;
  return [
    h("button", { type: "button", class: "shot", onclick }, h("img", { src: photo.thumbnail, alt: "", loading: "lazy" }), h("span", { class: "shot-name" }, photo.name)),
    h("b", {}, placeName(photo.label)),
    h("span", {}, [photo.minute == null ? "No date" : dateWords(photo.minute), sure].join(" · ")),
  ];
}
