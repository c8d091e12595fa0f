// One landmark in full: what and where it is, how it was learned, what can be done.

import { forget, samplePhoto } from "../shared/api.js";
import { button, placeActions } from "../shared/buttons.js";
import { openDialog } from "../shared/dialog.js";
import { h, icon } from "../shared/dom.js";
import { coordinates, count, distance, place, trouble } from "../shared/words.js";
import { kindOf } from "./filters.js";

const MOST_SAMPLES = 8;
const STATES = {
  known: ["tag-accent", "I recognize it"],
  taught: ["tag-warm", "You taught me"],
  listed: ["", "I don't recognize it yet"],
};

export class PlaceCard {
  /** `actions` has onClose(), onForgotten(landmark), onTeach(landmark). */
  constructor(element, actions) {
    this.element = element;
    this.actions = actions;
  }

  hide() {
    this.element.hidden = true;
    this.element.replaceChildren();
  }

  /** `lesson` is what /api/enrolled says of it, if it was taught. */
  show(landmark, lesson) {
    const heading = h("h2", { tabindex: "-1" }, landmark.name);
    this.element.hidden = false;
    this.element.replaceChildren(
      ...[
        h("div", { class: "place-head" }, heading, this.#close()),
        h("p", { class: "soft place-where" }, icon("pin"), place(landmark) || "No country"),
        this.#facts(landmark),
        lesson && samples(landmark, lesson),
        this.#actions(landmark, lesson),
      ].filter(Boolean),
    );
    heading.focus({ preventScroll: true });
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.element.scrollIntoView({ block: "nearest", behavior: calm ? "auto" : "smooth" });
  }

  #facts(landmark) {
    const [kind, words] = STATES[kindOf(landmark)];
    const others = landmark.aliases.filter((alias) => !/^\d/.test(alias)).slice(0, 4);
    return h(
      "div",
      { class: "place-facts" },
      h(
        "p",
        { class: "place-tags" },
        h("span", { class: `tag ${kind}` }, words),
        h("span", { class: "tag" }, landmark.kind === "natural" ? "Natural" : "Built"),
      ),
      h(
        "p",
        { class: "number" },
        coordinates(landmark),
        h("span", { class: "soft" }, ` within ${distance(landmark.radius_km)}`),
      ),
      others.length > 0 && h("p", { class: "soft small" }, `Also ${others.join(", ")}`),
    );
  }

  #actions(landmark, lesson) {
    const teach = (words) => button("plus", words, () => this.actions.onTeach(landmark));
    const forgetIt = () => this.#askToForget(landmark, lesson);
    return h(
      "div",
      { class: "actions" },
      placeActions(landmark),
      lesson ? teach("Add photos") : !landmark.known && teach("Teach me"),
      lesson && h("button", { type: "button", class: "button button-danger", onclick: forgetIt }, "Forget it"),
    );
  }

  #askToForget(landmark, lesson) {
    const problem = h("p", { class: "field-error", role: "alert" });
    const sure = h("button", { type: "button", class: "button button-danger" }, "Forget it");
    const cancel = h("button", { type: "button", class: "button" }, "Keep it");
    const dialog = openDialog({
      title: `Forget ${landmark.name}?`,
      body: [
        h(
          "p",
          {},
          `What I learned from ${count(lesson.photos, "photo")} is deleted, the small copies too. `,
          "Your own photos stay as they are.",
        ),
        problem,
      ],
      foot: [cancel, sure],
    });
    cancel.addEventListener("click", dialog.close);
    sure.addEventListener("click", async () => {
      try {
        await forget(landmark.id);
        dialog.close();
        this.actions.onForgotten(landmark);
      } catch (found) {
        problem.textContent = trouble(found).sentence;
      }
    });
    cancel.focus();
  }

  #close() {
    return h(
      "button",
      { type: "button", class: "button button-icon", "aria-label": "Close", onclick: () => this.actions.onClose() },
      icon("close"),
    );
  }
}

function samples(landmark, { pictures, photos, taught }) {
  const shown = pictures.slice(0, MOST_SAMPLES);
  return h(
    "div",
    { class: "place-samples" },
    h("p", { class: "soft small" }, `Learned from ${count(photos, "photo")}, last on ${taught}`),
    h(
      "ul",
      { class: "samples" },
      shown.map((index) => {
        const alt = `${landmark.name}, photo ${index + 1}`;
        return h("li", {}, h("img", { src: samplePhoto(landmark.id, index), alt, loading: "lazy" }));
      }),
    ),
  );
}
