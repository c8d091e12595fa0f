// The countries of the world, read once: Natural Earth 1:50m by way of world-atlas.

import { degreesOf, radiansOf } from "./geo.js";
import { geoCentroid, geoCircle, geoContains, geoDistance } from "../vendor/d3-geo/d3-geo.js";
import feature from "../vendor/topojson-client/feature.js";
import mesh from "../vendor/topojson-client/mesh.js";

const SOURCE = new URL("../vendor/world-atlas/countries-50m.json", import.meta.url);
const OFF_COAST_KM = 20;
let loading;

/** Resolves to {countries, borders}: GeoJSON features with a name, and the lines between them. */
export function loadAtlas() {
  loading ??= read().catch((error) => {
    loading = undefined; // the next map may try again
    throw error;
  });
  return loading;
}

/** The countries that may show within `radians` of a point: drawing the others costs most of the
 * time. */
export function countriesAround(atlas, center, radians) {
  return atlas.countries.filter(
    ({ cap }) => geoDistance(center, cap.center) <= radians + cap.radians,
  );
}

/** The country of a point, and of one that is a little off the coast: bridges and harbors are. */
export function countryAt(atlas, center) {
  const near = countriesAround(atlas, center, radiansOf(OFF_COAST_KM));
  const ring = geoCircle().center(center).radius(degreesOf(OFF_COAST_KM)).precision(45)();
  for (const point of [center, ...ring.coordinates[0]]) {
    const found = near.find((country) => geoContains(country, point));
    if (found) return found;
  }
  return undefined;
}

async function read() {
  const response = await fetch(SOURCE);
  if (!response.ok) throw new Error(`the atlas answers ${response.status}`);
  const topology = await response.json();
  const { countries } = topology.objects;
  return {
    countries: feature(topology, countries).features.map((country) => ({
      ...country,
      cap: capOf(country),
    })),
    borders: mesh(topology, countries, (a, b) => a !== b),
  };
}

/** A circle on the sphere that holds the whole country. */
function capOf({ geometry }) {
  const center = geoCentroid(geometry);
  const polygons = geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates;
  let radians = 0;
  for (const [outline] of polygons) {
    for (const point of outline) radians = Math.max(radians, geoDistance(center, point));
  }
  return { center, radians };
}
