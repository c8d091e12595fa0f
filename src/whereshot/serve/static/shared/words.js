// What the page says: numbers and records as words. No DOM in here.

/** A certainty in words, from a calibrated probability. */
export function certainty(probability) {
  if (probability >= 0.95) return "Almost certain";
  if (probability >= 0.8) return "Very likely";
  if (probability >= 0.5) return "Likely";
  return "Possibly";
}

/** "98%". Never "100%", and never "0%" for what is only unlikely. */
export function percent(probability) {
  if (probability > 0.99) return ">99%";
  if (probability < 0.01) return "<1%";
  return `${Math.round(probability * 100)}%`;
}

/** "Beijing, China"; a city state only once. */
export function place({ city, country }) {
  return [...new Set([city, country].filter(Boolean))].join(", ");
}

/** "40.4319° N, 116.5704° E" */
export function coordinates({ latitude, longitude }, digits = 4) {
  const part = (degrees, positive, negative) =>
    `${Math.abs(degrees).toFixed(digits)}° ${degrees < 0 ? negative : positive}`;
  return `${part(latitude, "N", "S")}, ${part(longitude, "E", "W")}`;
}

/** "40.43190, 116.57040": what maps and other programs take. */
export function plainCoordinates({ latitude, longitude }) {
  return `${latitude.toFixed(5)}, ${longitude.toFixed(5)}`;
}

/** A distance, rounded as people say it. */
export function distance(km) {
  if (km < 0.95) return `${Math.max(10, Math.round(km * 100) * 10)} m`;
  if (km < 9.95) return `${Number(km.toFixed(1))} km`;
  return `${Math.round(km).toLocaleString("en")} km`;
}

/** The place on OpenStreetMap, zoomed so that the radius fits. */
export function openStreetMap({ latitude, longitude, radius_km: radius }) {
  const zoom = Math.round(Math.log2(20000 / Math.max(radius || 0, 0.3)));
  const at = `${latitude.toFixed(5)}/${longitude.toFixed(5)}`;
  const query = new URLSearchParams({ mlat: latitude.toFixed(5), mlon: longitude.toFixed(5) });
  return `https://www.openstreetmap.org/?${query}#map=${Math.min(17, Math.max(4, zoom))}/${at}`;
}

/** "1 photo", "1,200 photos" */
export function count(number, word) {
  return `${number.toLocaleString("en")} ${word}${number === 1 ? "" : "s"}`;
}

/** "in 44 ms", from the stages that a recognizer reports. */
export function effort(milliseconds) {
  const total = Object.values(milliseconds ?? {}).reduce((sum, value) => sum + value, 0);
  return total > 0 ? `${Math.max(1, Math.round(total))} ms` : "";
}

const FORMATS = "JPEG, PNG, WebP, TIFF, HEIC, AVIF and GIF";
const SENTENCES = {
  UnsupportedPhotoError: ["This isn't a photo that I can read", `I read ${FORMATS}.`],
  DamagedPhotoError: [
    "This photo is damaged",
    "It is empty or cut off. Copy it again from where it came, then try once more.",
  ],
  PhotoTooLargeError: [
    "This photo is too large",
    "Try a smaller copy of it: a few megapixels are enough to recognize a landmark.",
  ],
  RequestTooLarge: [
    "This photo is too large",
    "Try a smaller copy of it: a few megapixels are enough to recognize a landmark.",
  ],
  Unreachable: [
    "whereshot doesn't answer",
    "Is it still running? Start it with “whereshot serve”, then try again.",
  ],
  Unreadable: [
    "This file can't be opened",
    "It may be a folder, or it was moved since you chose it.",
  ],
};

/** A problem as a heading and a friendly sentence; the server's own words where there are none. */
export function trouble({ type, message }) {
  const [heading, sentence] = SENTENCES[type] ?? ["This didn't work", message];
  return { heading, sentence };
}
