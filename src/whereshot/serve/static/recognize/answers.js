// What a card says of a photo: a landmark, "I don't know this place", or what a person said.
// Each gives {heading, summary, parts, points}: the points are for the map.

import { button, placeActions } from "../shared/buttons.js";
import { h, icon } from "../shared/dom.js";
import { distanceKm } from "../shared/geo.js";
import {
  certainty,
  coordinates,
  distance,
  effort,
  percent,
  place,
} from "../shared/words.js";

/** The verdict is a landmark. */
export function landmarkAnswer(answer, actions) {
  const [best] = answer.predictions;
  const sure = answer.certainty ?? best.probability;
  const words = certainty(sure);
  return {
    heading: best.name,
    summary: `${best.name}, ${place(best)}. ${words}, ${percent(sure)}.`,
    landmark: best,
    points: pointsOf(answer, best),
    lead: [
      h("p", { class: "tag tag-accent certainty" }, h("strong", {}, words), h("span", {}, percent(sure))),
      button("wrong", "That's wrong", actions.onCorrect, "button-quiet"),
    ],
    parts: [placeLine(best), whereabouts(answer, best), actionBar(answer.location)],
    rest: [candidates("Candidates", answer), footnote(answer)],
  };
}

/** The verdict is unknown; `lesson` is what this photo has taught, if it has. */
export function unknownAnswer(answer, actions, lesson) {
  const [best] = answer.predictions;
  const sure = answer.certainty ?? best?.probability ?? 0;
  return {
    heading: "I don't know this place",
    summary: `I don't know this place. ${best ? `It looks most like ${best.name}.` : ""}`,
    landmark: best,
    points: answer.location ? pointsOf(answer) : [],
    parts: [
      h(
        "p",
        { class: "explain" },
        lesson
          ? `I learned ${lesson.landmark.name}, but I'm not sure of it in this photo yet: teach me more.`
          : whyUnknown(best, sure),
      ),
      answer.location && whereabouts(answer),
      answer.location && actionBar(answer.location),
      h(
        "div",
        { class: "offer" },
        h("p", {}, h("b", {}, "Do you know it?"), " A few photos are enough for me to learn it."),
        h(
          "div",
          { class: "actions" },
          button("teach", "Teach me this landmark", actions.onTeach, "button-primary"),
          button("pin", "It's on your list", actions.onCorrect),
        ),
      ),
    ],
    rest: [best && candidates("What it looks most like", answer), footnote(answer)],
  };
}

/** A person has said what this photo shows. `status` is {known, enrolled} of their landmark. */
export function correctedAnswer(answer, status, actions) {
  const { landmark } = answer.correction;
  const [best] = answer.predictions;
  const named = answer.verdict === "landmark";
  const said = named
    ? `I would have said ${best.name}, ${percent(answer.certainty ?? best.probability)} sure.`
    : "I wasn't sure myself.";
  const heading = landmark ? landmark.name : "No landmark";
  const location = answer.location?.source === "exif" ? answer.location : landmark;
  const shown = { ...answer, location };
  const teachable = landmark && (!status?.known || status.enrolled);
  return {
    heading,
    summary: `You said: ${heading}. ${said}`,
    landmark: landmark && status?.known ? landmark : null,
    points: location ? pointsOf(shown, landmark) : [],
    lead: [
      h("p", { class: "tag tag-warm" }, icon("pen"), h("strong", {}, "You said")),
      button("undo", "Take it back", actions.onTakeBack, "button-quiet"),
    ],
    parts: [
      landmark && placeLine(landmark),
      location && whereabouts(shown, landmark),
      h("p", { class: "explain" }, said),
      location && actionBar(location),
      teachable &&
        h(
          "div",
          { class: "offer" },
          h(
            "p",
            {},
            status?.enrolled
              ? "You taught me this landmark. Shall I learn from this photo too?"
              : "I can't recognize this landmark yet. A few photos are enough to learn it.",
          ),
          h(
            "div",
            { class: "actions" },
            status?.enrolled
              ? button("plus", "Add it as an example", actions.onExample)
              : button("teach", "Teach me this landmark", actions.onTeach),
          ),
        ),
    ],
    rest: [candidates("What I would have said", answer), footnote(answer)],
  };
}

function whyUnknown(best, sure) {
  const likeness = sure < 0.01 ? ", but only a little. " : `, but I'm only ${percent(sure)} sure. `;
  return [
    ...(best ? ["It looks most like ", h("b", {}, best.name), likeness] : []),
    "Perhaps no landmark is in this photo, or it is none of ",
    h("a", { class: "link", href: "/landmarks" }, "those I know"),
    ". I would rather say nothing than something wrong.",
  ];
}

function placeLine(landmark) {
  const words = place(landmark);
  return words && h("p", { class: "place" }, icon("pin"), words);
}

/** The photo's own GPS position and the landmark's place, and how far they are apart. */
function whereabouts({ location }, landmark) {
  const own = location?.source === "exif" ? location : null;
  const apart = own && landmark && distanceKm(own, landmark);
  const isFar = apart > landmark?.radius_km;
  const within = landmark && `Within ${distance(landmark.radius_km)}`;
  return h(
    "div",
    { class: "whereabouts" },
    h(
      "dl",
      {},
      own && row("camera", "The photo's own GPS", coordinates(own), "own"),
      landmark && row("pin", own ? landmark.name : within, coordinates(landmark)),
    ),
    own &&
      landmark &&
      h(
        "p",
        { class: isFar ? "apart is-far" : "apart" },
        `${distance(apart)} apart`,
        isFar ? `: outside of its ${distance(landmark.radius_km)}` : "",
      ),
  );
}

function row(picture, label, value, kind) {
  return h("div", { class: kind }, h("dt", {}, icon(picture), label), h("dd", { class: "coordinates" }, value));
}

function actionBar(location) {
  return h("div", { class: "actions" }, placeActions(location));
}

/** The ranked landmarks as bars: their shares suppose that one of them is in the photo. */
function candidates(title, { predictions }) {
  const rows = predictions.map((prediction) => {
    const bar = h("i", { class: "bar" });
    bar.style.setProperty("--share", prediction.probability);
    return h(
      "li",
      {},
      h("span", { class: "candidate-name" }, prediction.name, " ", h("small", {}, prediction.country)),
      h("span", { class: "candidate-percent" }, percent(prediction.probability)),
      h("span", { class: "track", "aria-hidden": "true" }, bar),
    );
  });
  return h(
    "section",
    { class: "candidates" },
    h("h3", {}, title, h("span", {}, "if it is one of those I know")),
    h("ol", {}, rows),
  );
}

function pointsOf({ location }, landmark) {
  const points = [];
  if (location?.source === "exif") points.push({ ...location, name: "The photo's GPS", kind: "photo" });
  if (landmark) points.push({ ...landmark, kind: "landmark" });
  return points;
}

function footnote(answer) {
  const time = effort(answer.milliseconds);
  return h("p", { class: "footnote" }, [answer.bundle, time].filter(Boolean).join(" · "));
}
