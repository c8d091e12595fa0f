// A small map that needs no network: countries around a point, and the whole world.

import { loadAtlas } from "./atlas.js";
import { h, s } from "./dom.js";
import { placeLabels } from "./labels.js";
import {
  geoAzimuthalEqualArea,
  geoCircle,
  geoContains,
  geoDistance,
  geoEqualEarth,
  geoGraticule10,
  geoOrthographic,
  geoPath,
} from "./vendor/d3-geo/d3-geo.js";
import { coordinates } from "./words.js";

const EARTH_KM = 6371.0088;
const SPANS_KM = [150, 300, 600, 1200, 2400, 4800, 9600, Infinity]; // what the map's width covers; the last is the world
const GLOBE = 84;
const degreesOf = (km) => (km / EARTH_KM) * (180 / Math.PI);
const at = ({ longitude, latitude }) => [longitude, latitude];

/** Great-circle distance in km. */
export const distanceKm = (a, b) => geoDistance(at(a), at(b)) * EARTH_KM;

export class PlaceMap {
  /** `points` = [{latitude, longitude, radius_km, name, kind: "landmark" | "photo"}], the first in the centre. */
  constructor(points) {
    this.points = points;
    const [center] = points;
    const names = points.map((point) => `${point.name} at ${coordinates(point, 2)}`).join(", ");
    this.svg = s("svg", { class: "map-drawing", role: "img", "aria-label": `Map: ${names}` });
    this.closer = this.#zoomButton("+", "Zoom in", -1);
    this.wider = this.#zoomButton("−", "Zoom out", +1);
    this.element = h(
      "figure",
      { class: "map" },
      this.svg,
      h("div", { class: "map-zoom" }, this.closer, this.wider),
    );
    this.center = at(center);
    this.#start();
  }

  async #start() {
    try {
      this.atlas = await loadAtlas();
    } catch (error) {
      console.error(error);
      this.element.replaceChildren(
        h("p", { class: "map-missing" }, "The map could not be loaded."),
      );
      return;
    }
    this.home = this.atlas.countries.find((country) => geoContains(country, this.center));
    this.level = this.#firstLevel();
    new ResizeObserver(() => this.#draw()).observe(this.svg);
  }

  /** Close enough to see the place, wide enough to see what is around it: all points with their
   * circles, and more than one country or a coast. */
  #firstLevel() {
    const reach = Math.max(
      ...this.points.map((point) => 2 * distanceKm(this.points[0], point) + 2.5 * point.radius_km),
    );
    let level = SPANS_KM.findIndex((span) => span >= Math.max(2400, 1.5 * reach));
    // Inside a large country even that shows one empty color: look at eight points around.
    const isBare = (span) => {
      const ring = geoCircle()
        .center(this.center)
        .radius(degreesOf(span * 0.3))
        .precision(45)();
      return this.home && ring.coordinates[0].every((point) => geoContains(this.home, point));
    };
    while (level < SPANS_KM.length - 2 && isBare(SPANS_KM[level])) level += 1;
    return level;
  }

  #zoom(step) {
    this.level = Math.min(SPANS_KM.length - 1, Math.max(0, this.level + step));
    this.#draw();
  }

  #zoomButton(text, label, step) {
    return h(
      "button",
      { type: "button", "aria-label": label, onclick: () => this.atlas && this.#zoom(step) },
      text,
    );
  }

  #draw() {
    const { clientWidth: width, clientHeight: height } = this.svg;
    if (!width || !height) return;
    const isWorld = SPANS_KM[this.level] === Infinity;
    const projection = isWorld ? this.#world(width, height) : this.#region(width, height);
    const path = geoPath(projection);
    // Not `disabled`: a button that loses its use under the finger would lose the focus too.
    this.closer.setAttribute("aria-disabled", String(this.level === 0));
    this.wider.setAttribute("aria-disabled", String(isWorld));
    this.svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    const globe = !isWorld && width > 300 && this.#globe(width, height);
    const marks = this.points
      .map((point) => this.#mark(point, projection, path))
      .filter(Boolean)
      .reverse();
    this.svg.replaceChildren(
      ...this.#countries(path),
      ...(isWorld
        ? []
        : placeLabels(
            this.atlas.countries,
            this.home,
            path,
            projection,
            [width, height],
            this.#taken(marks, width, height),
          )),
      ...marks.map((mark) => mark.element),
      ...(globe ? [globe] : []),
      ...(isWorld ? [] : [scaleBar(projection.scale(), height)]),
    );
  }

  #region(width, height) {
    return geoAzimuthalEqualArea()
      .rotate([-this.center[0], -this.center[1]])
      .translate([width / 2, height / 2])
      .scale(width / (SPANS_KM[this.level] / EARTH_KM))
      .clipExtent([
        [-2, -2],
        [width + 2, height + 2],
      ])
      .precision(0.4);
  }

  #world(width, height) {
    const inside = [
      [10, 10],
      [width - 10, height - 10],
    ];
    return geoEqualEarth().rotate([-this.center[0], 0]).fitExtent(inside, { type: "Sphere" });
  }

  #countries(path) {
    return [
      s("path", { class: "map-water", d: path({ type: "Sphere" }) }),
      s("path", { class: "map-grid", d: path(geoGraticule10()) }),
      s("path", {
        class: "map-land",
        d: path({ type: "FeatureCollection", features: this.atlas.countries }),
      }),
      this.home && s("path", { class: "map-home", d: path(this.home) }),
      s("path", { class: "map-border", d: path(this.atlas.borders) }),
    ].filter(Boolean);
  }

  #mark(point, projection, path) {
    const [x, y] = projection(at(point));
    const circle = geoCircle().center(at(point)).radius(degreesOf(point.radius_km)).precision(2)();
    const [[left, top], [right, bottom]] = path.bounds(circle);
    const isWide = right - left > 16; // the dot covers what is smaller
    const room = isWide ? [Math.min(60, y - top), Math.min(60, bottom - y)] : [0, 0];
    // The photo's own name goes below its dot: the landmark is often close by.
    const nameY =
      point.kind === "photo" ? y + Math.max(room[1], 10) + 17 : y - Math.max(room[0], 10) - 7;
    const element = s(
      "g",
      { class: `mark mark-${point.kind}` },
      isWide && s("path", { class: "mark-radius", d: path(circle) }),
      s("circle", { class: "mark-halo", cx: x, cy: y, r: 11 }),
      s("circle", { class: "mark-dot", cx: x, cy: y, r: 5.5 }),
      s("text", { class: "mark-name", x, y: nameY }, point.name),
    );
    const half = point.name.length * 4;
    return { element, box: [x - half, Math.min(nameY, y) - 14, x + half, Math.max(nameY, y) + 14] };
  }

  #taken(marks, width, height) {
    return [
      ...marks.map((mark) => mark.box),
      [width - GLOBE - 24, height - GLOBE - 24, width, height],
      [width - 50, 0, width, 90],
      [0, height - 40, 140, height],
    ];
  }

  #globe(width, height) {
    const projection = geoOrthographic()
      .rotate([-this.center[0], -this.center[1] * 0.7])
      .translate([width - GLOBE / 2 - 14, height - GLOBE / 2 - 14])
      .scale(GLOBE / 2)
      .precision(0.5);
    const path = geoPath(projection);
    const [x, y] = projection(this.center);
    return s(
      "g",
      { class: "globe", "aria-hidden": "true" },
      ...this.#countries(path),
      s("path", { class: "globe-rim", d: path({ type: "Sphere" }) }),
      s("circle", { class: "globe-dot", cx: x, cy: y, r: 3.5 }),
    );
  }
}

/** A bar of a round number of km; true in the middle of the map. */
function scaleBar(pixelsPerRadian, height) {
  const pixelsPerKm = pixelsPerRadian / EARTH_KM;
  const most = 96 / pixelsPerKm;
  const power = 10 ** Math.floor(Math.log10(most));
  const km = [5, 2, 1].find((step) => step * power <= most) * power;
  const [x, y, length] = [16, height - 16, km * pixelsPerKm];
  return s(
    "g",
    { class: "scale", "aria-hidden": "true" },
    s("path", { d: `M${x} ${y - 5}v5h${length}v-5` }),
    s("text", { x: x + length / 2, y: y - 7 }, `${km.toLocaleString("en")} km`),
  );
}
