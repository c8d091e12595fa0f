// "That's wrong": a person says what a photo shows.

import { correct } from "../shared/api.js";
import { button } from "../shared/buttons.js";
import { openDialog } from "../shared/dialog.js";
import { h } from "../shared/dom.js";
import { LandmarkBox } from "../shared/landmark_box.js";
import { place, trouble } from "../shared/words.js";

/** `onCorrected(correction)` when it is kept; `onTeach(name)` for a landmark that nobody lists. */
export function openCorrection(card, { onCorrected, onTeach }) {
  const { answer } = card;
  const named = answer.verdict === "landmark" ? answer.predictions[0] : null;
  const problem = h("p", { class: "field-error", role: "alert" });
  const box = new LandmarkBox({
    label: "Suggestions",
    onchoose: (landmark) => keep(landmark.id),
    attributes: { id: "correction-name", placeholder: "Type its name, a city, a country" },
  });

  async function keep(id) {
    try {
      const correction = await correct(answer.digest, id, named?.id ?? "");
      dialog.close();
      onCorrected(correction);
    } catch (trouble_) {
      problem.textContent = trouble(trouble_).sentence;
    }
  }

  // What it looks like otherwise is the likeliest answer.
  const others = answer.predictions.slice(named ? 1 : 0).slice(0, 4);
  const guesses = others.map((landmark) =>
    h(
      "li",
      {},
      h(
        "button",
        { type: "button", class: "guess", onclick: () => keep(landmark.id) },
        h("b", {}, landmark.name),
        h("span", { class: "soft small" }, place(landmark)),
      ),
    ),
  );
  const dialog = openDialog({
    title: "What does it show?",
    className: "correction",
    body: [
      h(
        "p",
        { class: "soft" },
        "I keep your answer on this machine, and give it when this photo comes again. ",
        "The photo itself is not kept.",
      ),
      h("div", { class: "field" }, h("label", { for: "correction-name" }, "Find the landmark"), box.element),
      guesses.length &&
        h(
          "div",
          { class: "field" },
          h("span", { class: "label", id: "guesses" }, "Or is it one of these?"),
          h("ul", { class: "guesses", "aria-labelledby": "guesses" }, guesses),
        ),
      problem,
    ].filter(Boolean),
    foot: [
      button("teach", "It's missing: teach me", () => {
        const name = box.input.value.trim();
        dialog.close();
        onTeach(name);
      }),
      button("close", "No landmark is in it", () => keep("")),
    ],
  });
  box.input.focus();
}
