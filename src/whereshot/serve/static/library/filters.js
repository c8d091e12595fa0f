// What is shown: a kind of photos, one landmark, a span of time; and how it is grouped.

import { h, icon } from "../shared/dom.js";
import { LandmarkBox } from "../shared/landmark_box.js";

// What a filter is called; those with `rare` are offered only where there are such photos.
const KINDS = [
  ["all", "All"],
  ["certain", "Certain"],
  ["unsure", "Unsure"],
  ["unknown", "Unknown"],
  ["no_gps", "No GPS"],
  ["contradiction", "Contradiction"],
  ["accepted", "Accepted", "rare"],
  ["rejected", "Rejected", "rare"],
  ["written", "Written"],
  ["failed", "Unreadable", "rare"],
  ["waiting", "Not looked at", "rare"],
];
const GROUPINGS = { day: "Day", trip: "Trip", place: "Place", landmark: "Landmark" };

/** Shows what is chosen, and tells `onchange({filter, landmark, by, since, until})`. */
export class Filters {
  #landmark = null;

  /** The grouping is not in `element`: it does not stay when the page is scrolled. */
  constructor(element, grouping, onchange) {
    this.onchange = onchange;
    this.chosen = { by: "day", filter: "all", landmark: "", since: "", until: "" };
    this.kinds = h("fieldset", { class: "chips" }, h("legend", { class: "hidden-visually" }, "Which photos"));
    this.kinds.addEventListener("change", (event) => this.#set({ filter: event.target.value }));
    this.set = h("div", { class: "chosen" });
    this.box = new LandmarkBox({
      label: "Only one landmark",
      scope: "bundle",
      oncancel: () => {},
      attributes: { "aria-label": "Only one landmark", placeholder: "Landmark" },
      onchoose: (landmark) => {
        this.#landmark = landmark;
        this.#set({ landmark: landmark.id });
      },
    });
    const by = h(
      "select",
      { class: "input", onchange: () => this.#set({ by: by.value }) },
      Object.entries(GROUPINGS).map(([value, words]) => h("option", { value }, words)),
    );
    this.grouping = h("label", { class: "grouping" }, h("span", {}, "Group by"), by);
    element.append(this.kinds, this.set, this.box.element);
    grouping.append(this.grouping);
  }

  /** How many photos each filter leaves. */
  showCounts(counts) {
    const offered = KINDS.filter(
      ([kind, , rare]) => !rare || counts[kind] || kind === this.chosen.filter,
    );
    const chips = offered.map(([kind, words]) => {
      const radio = h("input", { type: "radio", name: "kind", value: kind, checked: kind === this.chosen.filter });
      const number = h("span", { class: "number" }, (counts[kind] ?? 0).toLocaleString("en"));
      return h("label", { class: "chip" }, radio, h("span", {}, words, " ", number));
    });
    const hadFocus = this.kinds.contains(document.activeElement);
    this.kinds.replaceChildren(this.kinds.firstElementChild, ...chips);
    if (hadFocus) this.kinds.querySelector(":checked").focus({ preventScroll: true });
  }

  /** The map needs no groups. */
  offerGrouping(isOffered) {
    this.grouping.hidden = !isOffered;
  }

  /** Only photos of a span of days, as ISO dates; "" for no limit. */
  setSpan(since, until) {
    this.#set({ since, until });
  }

  /** All photos again. */
  clear() {
    this.#set({ filter: "all", landmark: "", since: "", until: "" });
    this.kinds.querySelector("[value=all]").checked = true;
  }

  #set(values) {
    Object.assign(this.chosen, values);
    const { landmark, since, until } = this.chosen;
    this.set.replaceChildren(
      ...[
        landmark && this.#remover(this.#landmark.name, () => this.#set({ landmark: "" })),
        since && this.#remover(`${since} to ${until}`, () => this.#set({ since: "", until: "" })),
      ].filter(Boolean),
    );
    this.onchange({ ...this.chosen });
  }

  #remover(words, onclick) {
    return h("button", { type: "button", class: "button chosen-one", "aria-label": `No longer only ${words}`, onclick }, words, icon("close"));
  }
}
