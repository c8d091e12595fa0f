// One photo of the grid: its picture, what it shows, and small marks for what is special of it.

import { h, icon } from "../shared/dom.js";
import { percent } from "../shared/words.js";
import { thumbnailUrl } from "./api.js";
import { moment } from "./words.js";

// What a mark in the corner says: [applies, icon, class, words].
const MARKS = [
  [(photo) => photo.contradiction, "warning", "mark-warm", "GPS contradicts the landmark"],
  [(photo) => photo.state === "failed", "close", "mark-warm", "could not be read"],
  [(photo) => photo.written, "pen", "mark-accent", "sidecar written"],
  [(photo) => photo.decision === "accepted" && !photo.written, "done", "mark-quiet", "accepted"],
  [(photo) => photo.decision === "rejected", "close", "mark-quiet", "rejected"],
];

/** A cell of the grid, empty until its photo is known. */
export function makeTile(number, column) {
  return h("div", {
    class: "tile",
    role: "gridcell",
    tabindex: -1,
    "aria-colindex": column + 1,
    "aria-label": "Photo",
    "data-number": number,
  });
}

/** Show a photo in a cell, or what has changed of it; its picture is loaded in its turn. */
export function fillTile(cell, photo, thumbnails) {
  if (!photo || cell.photo === photo) return;
  const isOther = cell.photo?.id !== photo.id || cell.photo?.v !== photo.v;
  cell.photo = photo;
  cell.setAttribute("aria-label", describe(photo));
  if (isOther) dropTile(cell, thumbnails);
  const picture = (!isOther && cell.querySelector(".picture")) || makePicture(photo, thumbnails);
  cell.replaceChildren(picture, ...caption(photo), ...marks(photo));
}

function makePicture(photo, thumbnails) {
  if (photo.state === "failed") return h("span", { class: "picture no-picture" }, icon("photo"));
  const image = h("img", { class: "picture", alt: "", draggable: "false", decoding: "async" });
  thumbnails.want(image, thumbnailUrl(photo));
  return image;
}

/** The cell leaves the page: its picture need not come any more. */
export function dropTile(cell, thumbnails) {
  const image = cell.querySelector("img");
  if (image) thumbnails.drop(image);
}

/** A photo in words, for those who don't see it. */
function describe(photo) {
  const { landmark, certainty, state, taken_at: taken } = photo;
  const words = {
    certain: () => `${landmark.name}, ${percent(certainty)} sure`,
    unsure: () => `maybe ${landmark.name}, ${percent(certainty)}`,
    unknown: () => "no known landmark",
    failed: () => "",
    waiting: () => "not looked at yet",
  };
  const named = photo.decision === "accepted" ? landmark.name : words[state]();
  const marked = MARKS.filter(([applies]) => applies(photo)).map(([, , , said]) => said);
  return [photo.name, named, taken && moment(taken), ...marked].filter(Boolean).join(", ");
}

/** The landmark that it shows: a pin says that there is one, its name comes with the pointer. */
function caption({ landmark, state, decision }) {
  const isSure = state === "certain" || decision === "accepted";
  if (!landmark || decision === "rejected" || !(isSure || state === "unsure")) return [];
  const name = isSure ? landmark.name : `Maybe ${landmark.name}`;
  return [isSure && h("span", { class: "tile-pin" }, icon("pin")), h("span", { class: "tile-name" }, name)].filter(Boolean);
}

function marks(photo) {
  return MARKS.filter(([applies]) => applies(photo)).map(([, name, kind, words]) =>
    h("span", { class: `tile-mark ${kind}`, title: words }, icon(name)),
  );
}
