// Country names where there is room for them.

import { geoContains } from "../vendor/d3-geo/d3-geo.js";
import { s } from "./dom.js";

const SIZE = 11;
const MOST = 14;
const overlaps = (a, b) => a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];

/** Text elements for the countries in view, the largest first, none over another or over `taken`
 * (boxes [left, top, right, bottom]). */
export function placeLabels(countries, home, path, projection, [width, height], taken) {
  const boxes = [...taken];
  const labels = [];
  const inView = countries
    .map((country) => ({ country, area: path.area(country) })) // of the part in view
    .filter(({ area }) => area > 500)
    .sort((a, b) => (b.country === home) - (a.country === home) || b.area - a.area);
  for (const { country } of inView) {
    const [x, y] = path.centroid(country);
    const half = country.properties.name.length * SIZE * 0.38;
    // Beside the centroid, if something stands there already.
    for (const dy of [0, 26, -44, 44]) {
      const box = [x - half, y + dy - SIZE, x + half, y + dy + SIZE * 0.6];
      const isInside = box[0] > 4 && box[1] > 4 && box[2] < width - 4 && box[3] < height - 4;
      if (!isInside || boxes.some((other) => overlaps(box, other))) continue;
      if (!geoContains(country, projection.invert([x, y + dy]))) continue;
      boxes.push(box);
      const kind = country === home ? "map-name map-name-home" : "map-name";
      labels.push(s("text", { class: kind, x, y: y + dy }, country.properties.name));
      break;
    }
    if (labels.length >= MOST) break;
  }
  return labels;
}
