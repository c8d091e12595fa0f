// A small map that needs no network: countries around a point, and the whole world.

import { countriesAround, countryAt, loadAtlas } from "./atlas.js";
import { GLOBE_SIZE, drawCountries, drawGlobe, drawMark, drawScale } from "./drawing.js";
import { h, s } from "./dom.js";
import { at, degreesOf, distanceKm, radiansOf } from "./geo.js";
import { placeLabels } from "./labels.js";
import {
  geoAzimuthalEqualArea,
  geoCircle,
  geoContains,
  geoEqualEarth,
  geoPath,
} from "../vendor/d3-geo/d3-geo.js";
import { coordinates } from "./words.js";

// What the map's width covers; the last is the world.
const SPANS_KM = [150, 300, 600, 1200, 2400, 4800, 9600, Infinity];
const FIRST_SPAN_KM = 2400;
const MARGIN = 12;

export class PlaceMap {
  /** `points` = [{latitude, longitude, radius_km, name, kind: "landmark" | "photo"}]; the first
   * one is in the middle. */
  constructor(points) {
    this.points = points;
    this.center = at(points[0]);
    const names = points.map((point) => `${point.name} at ${coordinates(point, 2)}`).join(", ");
    this.svg = s("svg", { class: "map-drawing", role: "img", "aria-label": `Map: ${names}` });
    this.closer = this.#zoomButton("+", "Zoom in", -1);
    this.wider = this.#zoomButton("−", "Zoom out", +1);
    const zoom = h("div", { class: "map-zoom" }, this.closer, this.wider);
    this.element = h("figure", { class: "map" }, this.svg, zoom);
    this.#start();
  }

  async #start() {
    try {
      this.atlas = await loadAtlas();
    } catch (error) {
      console.error(error);
      const sorry = h("p", { class: "map-missing" }, "The map could not be loaded.");
      this.element.replaceChildren(sorry);
      return;
    }
    this.home = countryAt(this.atlas, this.center);
    this.globe = drawGlobe(this.atlas, this.home, this.center);
    this.level = this.#firstLevel();
    new ResizeObserver(() => this.#draw()).observe(this.svg);
  }

  /** Close enough to see the place, wide enough to see what is around it: all points with their
   * circles, and more than one country or a coast. */
  #firstLevel() {
    const [middle] = this.points;
    const reach = Math.max(
      ...this.points.map((point) => 2 * distanceKm(middle, point) + 2.5 * point.radius_km),
    );
    let level = SPANS_KM.findIndex((span) => span >= Math.max(FIRST_SPAN_KM, 1.5 * reach));
    while (level < SPANS_KM.length - 2 && this.#isBare(SPANS_KM[level])) level += 1;
    return level;
  }

  /** Whether one country fills the map: look at eight points around. */
  #isBare(span) {
    const ring = geoCircle()
      .center(this.center)
      .radius(degreesOf(span * 0.3));
    const [points] = ring.precision(45)().coordinates;
    return this.home && points.every((point) => geoContains(this.home, point));
  }

  #zoom(step) {
    this.level = Math.min(SPANS_KM.length - 1, Math.max(0, this.level + step));
    this.#draw();
  }

  #zoomButton(text, label, step) {
    const onclick = () => this.atlas && this.#zoom(step);
    return h("button", { type: "button", "aria-label": label, onclick }, text);
  }

  #draw() {
    const { clientWidth: width, clientHeight: height } = this.svg;
    if (!width || !height) return;
    const isWorld = SPANS_KM[this.level] === Infinity;
    // Not `disabled`: a button that loses its use under the finger would lose the focus too.
    this.closer.setAttribute("aria-disabled", String(this.level === 0));
    this.wider.setAttribute("aria-disabled", String(isWorld));
    this.svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.svg.replaceChildren(
      ...(isWorld ? this.#world(width, height) : this.#region(width, height)),
    );
  }

  #world(width, height) {
    const corners = [
      [MARGIN, MARGIN],
      [width - MARGIN, height - MARGIN],
    ];
    const projection = geoEqualEarth().rotate([-this.center[0], 0]);
    const path = geoPath(projection.fitExtent(corners, { type: "Sphere" }));
    const { countries, borders } = this.atlas;
    return [
      ...drawCountries(path, countries, borders, this.home),
      ...this.#marks(projection, path).map(({ element }) => element),
    ];
  }

  #region(width, height) {
    const scale = width / radiansOf(SPANS_KM[this.level]);
    const projection = geoAzimuthalEqualArea()
      .rotate([-this.center[0], -this.center[1]])
      .translate([width / 2, height / 2])
      .scale(scale)
      .clipExtent([
        [-2, -2], // so that no outline runs along the edge
        [width + 2, height + 2],
      ])
      .precision(0.4);
    const path = geoPath(projection);
    const corner = Math.hypot(width, height) / 2;
    const radians = 2 * Math.asin(Math.min(1, corner / (2 * scale))); // Lambert's projection
    const countries = countriesAround(this.atlas, this.center, radians);
    const marks = this.#marks(projection, path);
    const hasGlobe = width > 300;
    this.globe.setAttribute(
      "transform",
      `translate(${width - GLOBE_SIZE / 2 - 14} ${height - GLOBE_SIZE / 2 - 14})`,
    );
    const taken = [
      ...marks.map(({ box }) => box),
      ...(hasGlobe ? [[width - GLOBE_SIZE - 24, height - GLOBE_SIZE - 24, width, height]] : []),
      [width - 50, 0, width, 90], // the buttons
      [0, height - 40, 140, height], // the scale
    ];
    return [
      ...drawCountries(path, countries, this.atlas.borders, this.home),
      ...placeLabels(countries, this.home, path, projection, [width, height], taken),
      ...marks.map(({ element }) => element),
      ...(hasGlobe ? [this.globe] : []),
      drawScale(scale, height),
    ];
  }

  /** The first point last: it lies on top. */
  #marks(projection, path) {
    return this.points.map((point) => drawMark(point, projection, path)).reverse();
  }
}
