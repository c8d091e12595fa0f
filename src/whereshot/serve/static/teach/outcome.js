// What came of a lesson, in words: what was learned, and which photos are odd.

import { forget } from "../shared/api.js";
import { h, icon } from "../shared/dom.js";
import { count, trouble } from "../shared/words.js";

const SENTENCES = {
  few_photos: () => "That is few. With ten photos, from near and far, I would be much surer.",
  odd_photo: () => "looks unlike the others. Another side is fine; another place is not.",
  no_landmark: () => "looks like photos without any landmark. Is it large in it, and clear?",
  known_landmark: (message) =>
    `looks like ${message.match(/looks like (.+?) \(/)?.[1] ?? "a landmark"}, which I know already.`,
};

/** Put the outcome into the dialog; `files` are the photos as they were sent, `onForgotten()` is
 * called when it is taken back at once. */
export function showOutcome(dialog, lesson, files, onForgotten) {
  const { landmark, photos, views, warnings, failures } = lesson;
  const seen = views > 1 ? `, in ${views} views` : "";
  const learned = `From ${count(photos, "photo")}${seen}. I recognize it from now on.`;
  const notes = [
    ...failures.map(({ photo, error }) => note(files[photo], trouble(error).heading + ".")),
    ...warnings.map(({ kind, photo, message }) => {
      const sentence = SENTENCES[kind]?.(message) ?? `${message}.`;
      return note(photo == null ? null : files[photo], sentence);
    }),
  ];
  const problem = h("p", { class: "field-error", role: "alert" });
  const undo = h("button", { type: "button", class: "button", onclick: takeBack }, "Forget it again");
  const done = h("button", { type: "button", class: "button button-primary", onclick: () => dialog.close() }, "Done");

  async function takeBack() {
    try {
      await forget(landmark.id);
      dialog.setTitle(`${landmark.name} is forgotten`);
      dialog.body.replaceChildren(h("p", { class: "soft" }, "As if you had never taught it."));
      undo.remove();
      onForgotten();
    } catch (found) {
      problem.textContent = trouble(found).sentence;
    }
  }

  dialog.body.replaceChildren(
    ...[
      h("p", { class: "lead", role: "status" }, learned),
      notes.length &&
        h(
          "section",
          { class: "field" },
          h("h3", { class: "small soft" }, "Have a look"),
          h("ul", { class: "notes" }, notes),
        ),
      problem,
    ].filter(Boolean),
  );
  dialog.foot.hidden = false;
  dialog.foot.replaceChildren(undo, done);
}

function note(file, sentence) {
  if (!file) return h("li", {}, icon("warning"), h("p", {}, sentence));
  const image = h("img", { src: URL.createObjectURL(file), alt: "" });
  image.addEventListener("load", () => URL.revokeObjectURL(image.src), { once: true });
  image.addEventListener("error", () => image.replaceWith(icon("photo")), { once: true });
  return h("li", {}, image, h("p", {}, h("b", {}, file.name || "The pasted photo"), " ", sentence));
}
