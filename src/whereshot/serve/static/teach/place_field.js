// Where a landmark is: a click on the map, or latitude and longitude, and how large it is.

import { h } from "../shared/dom.js";
import { WorldMap } from "../shared/world_map.js";

const NEAR_KM = 300; // around a place that is known, at first
const PAIR = /^\s*(-?\d+(?:\.\d+)?)\s*[,;\s]\s*(-?\d+(?:\.\d+)?)\s*$/;
const SIZES = [
  ["0.3", "A house, a statue, a bridge"],
  ["0.5", "A castle, a square"],
  ["2", "A quarter, a ruined town"],
  ["10", "A lake, a mountain"],
  ["100", "A canyon, a national park"],
];

export class PlaceField {
  constructor({ latitude, longitude, radius_km: radius }) {
    this.map = new WorldMap({
      label: "Map of the world. Click where the landmark is; with keys: arrows, plus, minus, and Enter for the middle.",
      onpick: (point) => this.#take(point),
    });
    this.map.element.classList.add("is-pickable");
    this.latitude = coordinate("teach-latitude", "51.929");
    this.longitude = coordinate("teach-longitude", "-8.571");
    for (const input of [this.latitude, this.longitude]) {
      input.addEventListener("input", ({ inputType }) => this.#typed(input, inputType !== "insertText"));
      input.addEventListener("change", () => this.#typed(input, true));
    }
    this.size = h(
      "select",
      { class: "input", id: "teach-size" },
      SIZES.map(([km, words]) => h("option", { value: km }, words)),
    );
    this.problem = h("p", { class: "field-hint", id: "teach-place-hint", "aria-live": "polite" });
    this.element = h(
      "fieldset",
      { class: "field teach-place" },
      h("legend", {}, "Where it is"),
      this.map.element,
      this.problem,
      h(
        "div",
        { class: "teach-numbers" },
        labelled("Latitude", this.latitude),
        labelled("Longitude", this.longitude),
        labelled("How large", this.size),
      ),
    );
    this.#explain();
    this.known = latitude == null ? null : { latitude, longitude };
    if (radius) this.#takeSize(radius);
  }

  /** When the map is on the page: show what is known. */
  show() {
    if (this.known) this.set(this.known);
    else this.map.showWorld();
  }

  /** Take over what is known of a landmark. */
  set(landmark) {
    this.#take(landmark);
    this.map.showPoint(landmark, NEAR_KM);
    if (landmark.radius_km) this.#takeSize(landmark.radius_km);
  }

  get value() {
    const { latitude, longitude } = this.#point();
    return { latitude, longitude, radius_km: this.size.value };
  }

  /** The field to look at, or null if all is well. */
  check() {
    const point = this.#point();
    const wrong = [
      [this.latitude, point.latitude, 90],
      [this.longitude, point.longitude, 180],
    ].filter(([, value, most]) => !(Math.abs(value) <= most));
    for (const input of [this.latitude, this.longitude]) {
      input.setAttribute("aria-invalid", String(wrong.some(([one]) => one === input)));
    }
    this.problem.classList.toggle("field-error", wrong.length > 0);
    if (wrong.length) this.problem.textContent = "Click on the map, or give degrees such as 51.929 and -8.571.";
    return wrong[0]?.[0] ?? null;
  }

  /** "51.929, -8.571" in either field fills both, as other maps copy it; when it is whole. */
  #typed(input, isWhole) {
    const pair = isWhole && input.value.match(PAIR);
    if (pair) [this.latitude.value, this.longitude.value] = [pair[1], pair[2]];
    const point = this.#point();
    if (Math.abs(point.latitude) <= 90 && Math.abs(point.longitude) <= 180) {
      this.#draw(point);
      this.map.showPoint(point, NEAR_KM);
      this.#explain();
    }
  }

  #take({ latitude, longitude }) {
    [this.latitude.value, this.longitude.value] = [String(latitude), String(longitude)];
    for (const input of [this.latitude, this.longitude]) input.setAttribute("aria-invalid", "false");
    this.#draw({ latitude, longitude });
    this.#explain(`Marked at ${latitude}, ${longitude}.`);
  }

  #takeSize(radius) {
    const fitting = SIZES.find(([km]) => Number(km) >= radius) ?? SIZES.at(-1);
    this.size.value = fitting[0];
  }

  #draw(point) {
    this.map.setDots([{ ...point, radius_km: Number(this.size.value), isChosen: true, kind: "taught" }]);
  }

  #explain(words = "Click on the map: zoom in first. Or type degrees.") {
    this.problem.classList.remove("field-error");
    this.problem.textContent = words;
  }

  #point() {
    const number = ({ value }) => (value.trim() ? Number(value.replace(",", ".")) : NaN);
    return { latitude: number(this.latitude), longitude: number(this.longitude) };
  }
}

function coordinate(id, placeholder) {
  return h("input", {
    class: "input number",
    id,
    type: "text",
    inputmode: "text",
    autocomplete: "off",
    placeholder,
    "aria-describedby": "teach-place-hint",
  });
}

function labelled(words, input) {
  return h("div", { class: "field" }, h("label", { for: input.id }, words), input);
}
