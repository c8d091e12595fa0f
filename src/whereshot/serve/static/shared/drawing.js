// The parts of a map as SVG elements; colors are in card.css.

import { countriesAround } from "./atlas.js";
import { s } from "./dom.js";
import { EARTH_KM, at, degreesOf } from "./geo.js";
import { geoCircle, geoGraticule10, geoOrthographic, geoPath } from "../vendor/d3-geo/d3-geo.js";

export const GLOBE_SIZE = 84;
const TILT = 0.7; // of the latitude: a globe seen a little from its equator is easier to read
const MOST_ROOM = 60;
const SCALE_WIDTH = 96;

/** Water, grid, land, the country of the place, borders. */
export function drawCountries(path, countries, borders, home) {
  const land = path({ type: "FeatureCollection", features: countries });
  return [
    s("path", { class: "map-water", d: path({ type: "Sphere" }) }),
    s("path", { class: "map-grid", d: path(geoGraticule10()) }),
    s("path", { class: "map-land", d: land }),
    ...(home ? [s("path", { class: "map-home", d: path(home) })] : []),
    ...(borders ? [s("path", { class: "map-border", d: path(borders) })] : []),
  ];
}

/** A point with its name, and its circle where that is larger than the dot; `box` is the room that
 * it takes: [left, top, right, bottom]. */
export function drawMark(point, projection, path) {
  const [x, y] = projection(at(point));
  const circle = geoCircle().center(at(point)).radius(degreesOf(point.radius_km)).precision(2)();
  const [[left, top], [right, bottom]] = path.bounds(circle);
  const isWide = right - left > 16;
  // The photo's own name goes below its dot: the landmark is often close by.
  const above = isWide ? Math.min(MOST_ROOM, y - top) : 0;
  const below = isWide ? Math.min(MOST_ROOM, bottom - y) : 0;
  const nameY = point.kind === "photo" ? y + Math.max(below, 10) + 17 : y - Math.max(above, 10) - 7;
  const half = point.name.length * 4;
  const element = s(
    "g",
    { class: `mark mark-${point.kind}` },
    isWide && s("path", { class: "mark-radius", d: path(circle) }),
    s("circle", { class: "mark-halo", cx: x, cy: y, r: 11 }),
    s("circle", { class: "mark-dot", cx: x, cy: y, r: 5.5 }),
    s("text", { class: "mark-name", x, y: nameY }, point.name),
  );
  return { element, box: [x - half, Math.min(nameY, y) - 14, x + half, Math.max(nameY, y) + 14] };
}

/** Where on Earth this is: a little globe around (0, 0). */
export function drawGlobe(atlas, home, center) {
  const middle = [center[0], center[1] * TILT];
  const projection = geoOrthographic()
    .rotate([-middle[0], -middle[1]])
    .translate([0, 0])
    .scale(GLOBE_SIZE / 2)
    .precision(0.5);
  const path = geoPath(projection);
  const [cx, cy] = projection(center);
  return s(
    "g",
    { class: "globe", "aria-hidden": "true" },
    ...drawCountries(path, countriesAround(atlas, middle, Math.PI / 2), null, home),
    s("path", { class: "globe-rim", d: path({ type: "Sphere" }) }),
    s("circle", { class: "globe-dot", cx, cy, r: 3.5 }),
  );
}

/** A bar of a round number of km; true in the middle of the map. */
export function drawScale(pixelsPerRadian, height) {
  const pixelsPerKm = pixelsPerRadian / EARTH_KM;
  const most = SCALE_WIDTH / pixelsPerKm;
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
