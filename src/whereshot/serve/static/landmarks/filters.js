// Which landmarks are shown: by words, kind, country, and whether they are recognized.

import { findLandmarks } from "../shared/api.js";
import { h } from "../shared/dom.js";

const PAUSE_MS = 120; // after a key

/** "taught", "known", or "listed" for what is only in the gazetteer. */
export const kindOf = ({ known, enrolled }) => (enrolled ? "taught" : known ? "known" : "listed");

const WHICH = {
  known: ({ known }) => known,
  enrolled: ({ enrolled }) => enrolled,
  listed: ({ known }) => !known,
};

export class Filters {
  #timer = 0;
  #asking = null;

  /** `onchange()` after each change. */
  constructor(form, onchange) {
    this.form = form;
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("input", (event) => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(onchange, event.target.id === "query" ? PAUSE_MS : 0);
    });
  }

  setCountries(countries) {
    const { country } = this.form.elements;
    const before = country.value;
    const names = [...new Set(countries)].filter(Boolean).sort((a, b) => a.localeCompare(b));
    country.replaceChildren(country.options[0], ...names.map((name) => h("option", {}, name)));
    country.value = names.includes(before) ? before : "";
  }

  /** The landmarks that pass; null if another question was asked meanwhile. */
  async apply(landmarks) {
    const { query, which, kind, country } = this.form.elements;
    this.#asking?.abort();
    this.#asking = new AbortController();
    const words = query.value.trim();
    let found = landmarks;
    if (words) {
      try {
        found = await findLandmarks({ query: words }, this.#asking.signal); // typos are forgiven
      } catch (problem) {
        if (problem.name === "AbortError") return null;
        throw problem;
      }
    }
    return found.filter(
      (landmark) =>
        (!which.value || WHICH[which.value](landmark)) &&
        (!kind.value || landmark.kind === kind.value) &&
        (!country.value || landmark.country === country.value),
    );
  }
}
