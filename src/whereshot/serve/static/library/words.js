// Numbers, times and kinds of photos as words. No DOM in here.

import { count } from "../shared/words.js";

export { count };

/** "about 40 seconds", "about 3 minutes", "about 2 hours" */
export function duration(seconds) {
  if (seconds < 50) return `about ${count(Math.max(5, 5 * Math.round(seconds / 5)), "second")}`;
  if (seconds < 50 * 60) return `about ${count(Math.max(1, Math.round(seconds / 60)), "minute")}`;
  return `about ${count(Math.max(1, Math.round(seconds / 3600)), "hour")}`;
}

/** "64 MB" */
export function size(bytes) {
  const units = ["bytes", "kB", "MB", "GB"];
  const power = bytes < 1000 ? 0 : Math.min(3, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** power;
  return `${value < 9.95 && power ? value.toFixed(1) : Math.round(value)} ${units[power]}`;
}

/** "26 Nov 2026, 21:40" of an ISO date and time. */
export function moment(iso) {
  return new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" }).format(
    new Date(iso),
  );
}
