// "Teach me this landmark": its name, where it is, a few photos; then what came of it.

import { teach } from "../shared/api.js";
import { openDialog } from "../shared/dialog.js";
import { h } from "../shared/dom.js";
import { LandmarkBox } from "../shared/landmark_box.js";
import { trouble } from "../shared/words.js";
import { showOutcome } from "./outcome.js";
import { PhotoField } from "./photo_field.js";
import { PlaceField } from "./place_field.js";

const [FEWEST, MOST] = [3, 10];

/** `about` may have name, latitude, longitude, radius_km; `files` are the first photos.
 * `onChanged(lesson)` once it is learned, and with null if it is forgotten at once. */
export function openTeaching({ about = {}, files = [], onChanged }) {
  let chosen = null; // of the gazetteer, or one that was taught before
  const place = new PlaceField(about);
  const photos = new PhotoField({ files, fewest: FEWEST, most: MOST });
  const hint = h("p", { class: "field-hint", id: "teach-name-hint", "aria-live": "polite" });
  const problem = h("p", { class: "notice notice-danger", role: "alert", hidden: true });
  const box = new LandmarkBox({
    label: "Suggestions",
    isFree: true,
    onchoose: (landmark) => {
      chosen = landmark;
      place.set(landmark);
      explainName();
    },
    oninput: () => {
      chosen = null;
      explainName();
    },
    attributes: {
      id: "teach-name",
      placeholder: "Such as Blarney Castle",
      "aria-describedby": "teach-name-hint",
      maxlength: 200,
    },
  });
  box.input.value = about.name ?? "";

  function explainName() {
    photos.fewest = chosen?.enrolled ? 1 : FEWEST;
    hint.classList.remove("field-error");
    if (chosen?.enrolled) hint.textContent = "You taught me this one before: I learn from these photos too.";
    else if (chosen?.known) hint.textContent = `I know ${chosen.name} already. Correct my answer instead.`;
    else if (chosen) hint.textContent = "From my list of landmarks: its place is filled in.";
    else hint.textContent = "Its English name, if it has one.";
  }

  /** Say what is missing, at the field; false if nothing is. */
  function isIncomplete() {
    const name = box.input.value.trim();
    const wrong = !name || (chosen?.known && !chosen.enrolled);
    if (!name) hint.textContent = "What is it called?";
    hint.classList.toggle("field-error", Boolean(wrong));
    box.input.setAttribute("aria-invalid", String(Boolean(wrong)));
    const checks = [wrong ? box.input : null, place.check(), photos.check()];
    const first = checks.find(Boolean);
    first?.focus();
    return Boolean(first);
  }

  async function submit(event) {
    event.preventDefault();
    if (isIncomplete()) return;
    problem.hidden = true;
    const count = photos.files.length;
    const words = h("p", { role: "status" }, `Looking at ${count} ${count === 1 ? "photo" : "photos"}…`);
    const bar = h("div", { class: "progress progress-endless", "aria-hidden": "true" }, h("i"));
    show([h("div", { class: "teach-busy" }, words, bar)], []);
    try {
      const lesson = await teach({ name: box.input.value.trim(), ...place.value }, photos.files);
      dialog.setTitle(`I learned ${lesson.landmark.name}`);
      showOutcome(dialog, lesson, photos.files, () => onChanged(null));
      onChanged(lesson);
    } catch (found) {
      if (found instanceof Error) console.error(found);
      problem.textContent = trouble(found).sentence;
      problem.hidden = false;
      showForm();
    }
  }

  function show(body, foot) {
    dialog.body.replaceChildren(...body);
    dialog.foot.replaceChildren(...foot);
    dialog.foot.hidden = !foot.length;
  }

  function showForm() {
    show([form], [cancel, send]);
  }

  const cancel = h("button", { type: "button", class: "button", onclick: () => dialog.close() }, "Cancel");
  const send = h("button", { type: "submit", class: "button button-primary", form: "teach-form" }, "Teach me");
  const form = h(
    "form",
    { id: "teach-form", class: "teach-form", novalidate: true, onsubmit: submit },
    problem,
    h(
      "div",
      { class: "teach-side" },
      h("div", { class: "field" }, h("label", { for: "teach-name" }, "Name"), box.element, hint),
      photos.element,
    ),
    place.element,
  );
  const dialog = openDialog({ title: "Teach me a landmark", className: "teach" });
  explainName();
  showForm();
  place.show();
  box.input.focus();
}

