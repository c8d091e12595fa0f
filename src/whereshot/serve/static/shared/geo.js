// Distances and angles on Earth.

import { geoDistance } from "../vendor/d3-geo/d3-geo.js";

export const EARTH_KM = 6371.0088;

/** The angle at Earth's center that km are on its surface, in radians or degrees. */
export const radiansOf = (km) => km / EARTH_KM;
export const degreesOf = (km) => radiansOf(km) * (180 / Math.PI);

/** A record's point as d3 wants it. */
export const at = ({ longitude, latitude }) => [longitude, latitude];

/** Great-circle distance in km. */
export const distanceKm = (a, b) => geoDistance(at(a), at(b)) * EARTH_KM;
