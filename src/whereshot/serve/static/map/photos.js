// The photos of the page, and which of them are shown.

const DAY = 24 * 60; // times are in minutes since 1970, by the clock on the wall

/** A point in degrees on the Mercator square of side 1, which ends at 85 degrees north and south. */
export function mercator(longitude, latitude) {
  const sine = Math.sin((Math.max(-85.05, Math.min(85.05, latitude)) * Math.PI) / 180);
  return [longitude / 360 + 0.5, 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)];
}

/** The page's data as one object a photo: {index, x, y, minute, label, source, certainty, ...};
 * x and y are on the Mercator square of side 1. */
export function readPhotos(data) {
  return data.photos.name.map((name, index) => {
    const latitude = data.photos.latitude[index];
    const longitude = data.photos.longitude[index];
    const [x, y] = mercator(longitude, latitude);
    return {
      index,
      name,
      latitude,
      longitude,
      x,
      y,
      minute: data.photos.minute[index],
      label: data.labels[data.photos.label[index]],
      source: data.photos.source[index],
      certainty: data.photos.certainty[index],
      href: data.photos.href[index],
      thumbnail: data.thumbnails[data.photos.thumbnail[index]],
    };
  });
}

/** Whether a photo passes: `place` is a key of `placeKey`, `certainty` a percentage, `sources` a
 * set, `from` and `to` are minutes or null for no limit. */
export function passes(photo, { place, certainty, sources, from, to }) {
  if (place && !placeKeys(photo.label).includes(place)) return false;
  if (!sources.has(photo.source)) return false;
  // What was not recognized has no certainty: the photo itself knows where it is.
  if (photo.certainty != null && photo.certainty < certainty) return false;
  if (from == null) return true;
  return photo.minute != null && photo.minute >= from && photo.minute < to;
}

/** The keys by which a label is found in the list of places. */
export function placeKeys({ country, landmark }) {
  return [`c:${country}`, ...(landmark ? [`l:${landmark}`] : [])];
}

/** The name of a place, as fine as it is known. */
export function placeName({ landmark, city, country }) {
  return landmark || city || country || "Somewhere";
}

/** What is around it, without saying the name again. */
export function surroundings({ landmark, city, country }) {
  const parts = landmark ? [city, country] : [city ? country : ""];
  return [...new Set(parts.filter((part) => part && part !== landmark))].join(", ");
}

/** What most of some photos are called: a landmark, else a city, else a country. */
export function commonName(photos) {
  for (const field of ["landmark", "city", "country"]) {
    const counts = new Map();
    for (const { label } of photos) {
      if (label[field]) counts.set(label[field], (counts.get(label[field]) ?? 0) + 1);
    }
    const [most, count] = [...counts].sort((a, b) => b[1] - a[1])[0] ?? ["", 0];
    if (count >= 0.7 * photos.length) return most;
  }
  const countries = new Set(photos.map(({ label }) => label.country).filter(Boolean));
  return countries.size > 1 ? `${countries.size} countries` : "";
}

/** The box around photos; it may go across the date line, where that is the shorter way. */
export function boxOf(some) {
  const xs = some.map(({ x }) => x).sort((a, b) => a - b);
  let [left, right] = [xs[0], xs.at(-1)];
  let widest = 1 - (right - left);
  for (let index = 1; index < xs.length; index += 1) {
    if (xs[index] - xs[index - 1] > widest) {
      widest = xs[index] - xs[index - 1];
      [left, right] = [xs[index], xs[index - 1] + 1];
    }
  }
  let [top, bottom] = [1, 0];
  for (const { y } of some) [top, bottom] = [Math.min(top, y), Math.max(bottom, y)];
  return [left, top, right, bottom];
}

const DATES = {
  year: { year: "numeric" },
  month: { year: "numeric", month: "short" },
  day: { year: "numeric", month: "short", day: "numeric" },
  minute: { dateStyle: "medium", timeStyle: "short" },
};

/** A date in words; `part` is how fine: "year", "month", "day" or "minute". */
export function dateWords(minute, part = "day") {
  const format = new Intl.DateTimeFormat("en-GB", { ...DATES[part], timeZone: "UTC" });
  return format.format(new Date(minute * 60000));
}

/** Equal steps of whole days, months or years over the photos' time: {edges, part}; at most `most`
 * steps. Null where no photo has a time. */
export function timeBins(photos, most) {
  let [low, high] = [Infinity, -Infinity];
  for (const { minute } of photos) {
    if (minute == null) continue;
    low = Math.min(low, minute);
    high = Math.max(high, minute);
  }
  if (low > high) return null;
  const days = (high - low) / DAY + 1;
  if (days <= most) return { edges: dayEdges(low, high), part: "day" };
  for (const months of [1, 3, 6, 12, 24, 60, 120]) {
    if (days / 30.4 / months <= most) {
      return { edges: monthEdges(low, high, months), part: months < 12 ? "month" : "year" };
    }
  }
  return { edges: monthEdges(low, high, 1200), part: "year" };
}

function dayEdges(low, high) {
  const edges = [];
  for (let edge = Math.floor(low / DAY) * DAY; edge <= high; edge += DAY) edges.push(edge);
  return [...edges, edges.at(-1) + DAY];
}

function monthEdges(low, high, months) {
  const start = new Date(low * 60000);
  let month = 12 * start.getUTCFullYear() + start.getUTCMonth();
  month -= month % months;
  const edges = [];
  do {
    // Date.UTC takes the years 0 to 99 for those of the last century.
    edges.push(new Date(0).setUTCFullYear(Math.floor(month / 12), month % 12, 1) / 60000);
    month += months;
  } while (edges.at(-1) <= high);
  return edges;
}
