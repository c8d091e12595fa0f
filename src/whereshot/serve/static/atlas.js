// The countries of the world, read once: Natural Earth 1:50m by way of world-atlas.

import feature from "./vendor/topojson-client/feature.js";
import mesh from "./vendor/topojson-client/mesh.js";

const SOURCE = new URL("./vendor/world-atlas/countries-50m.json", import.meta.url);
let loading;

/** Resolves to {countries, borders}: GeoJSON features with a name, and the lines between them. */
export function loadAtlas() {
  loading ??= read().catch((error) => {
    loading = undefined; // the next map may try again
    throw error;
  });
  return loading;
}

async function read() {
  const response = await fetch(SOURCE);
  if (!response.ok) throw new Error(`the atlas answers ${response.status}`);
  const topology = await response.json();
  const { countries } = topology.objects;
  return {
    countries: feature(topology, countries).features,
    borders: mesh(topology, countries, (a, b) => a !== b),
  };
}
