// What is shown: one place, from a certainty on, by where the place comes from.

import { h } from "../../../serve/static/shared/dom.js";
import { placeKeys } from "../../../serve/static/map/photos.js";

const SOURCES = {
  gps: "The photo's own GPS",
  landmark: "A recognized landmark",
  neighbors: "Photos around it in time",
};

/** Fills the form and tells `onchange({place, certainty, sources})` what is chosen. */
export function setUpFilters(photos, onchange) {
  const [place, certainty, shown, sources] = ["place", "certainty", "certainty-shown", "sources"].map(
    (id) => document.getElementById(id),
  );
  place.append(...placeOptions(photos));
  const boxes = Object.entries(SOURCES)
    .map(([source, words]) => [source, words, photos.filter((photo) => photo.source === source).length])
    .filter(([, , count]) => count)
    .map(([source, words, count]) => {
      const box = h("input", { type: "checkbox", value: source, checked: true, onchange: tell });
      sources.append(h("label", {}, box, `${words} (${count.toLocaleString("en")})`));
      return box;
    });
  function tell() {
    shown.textContent = certainty.value === "0" ? "any" : `${certainty.value}%`;
    certainty.setAttribute("aria-valuetext", shown.textContent);
    const chosen = boxes.filter(({ checked }) => checked).map(({ value }) => value);
    onchange({ place: place.value, certainty: Number(certainty.value), sources: new Set(chosen) });
  }
  place.addEventListener("change", tell);
  certainty.addEventListener("input", tell);
  tell();
}

/** An option for each landmark, under its country, and one for each country. */
function placeOptions(photos) {
  const counts = new Map();
  const countries = new Map();
  for (const { label } of photos) {
    for (const key of placeKeys(label)) counts.set(key, (counts.get(key) ?? 0) + 1);
    if (!countries.has(label.country)) countries.set(label.country, new Set());
    if (label.landmark) countries.get(label.country).add(label.landmark);
  }
  const option = (key, words) =>
    h("option", { value: key }, `${words} (${counts.get(key).toLocaleString("en")})`);
  const groups = [...countries].sort(([a], [b]) => a.localeCompare(b)).map(([country, landmarks]) =>
    h(
      "optgroup",
      { label: country || "In no country" },
      option(`c:${country}`, `All of ${country || "them"}`),
      [...landmarks].sort((a, b) => a.localeCompare(b)).map((name) => option(`l:${name}`, name)),
    ),
  );
  return [h("option", { value: "" }, "Everywhere"), ...groups];
}
