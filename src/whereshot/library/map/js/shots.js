// One photo in the panel of a group.

import { h, icon } from "../../../serve/static/shared/dom.js";
import { coordinates, percent } from "../../../serve/static/shared/words.js";
import { dateWords, placeName } from "../../../serve/static/map/photos.js";

const SOURCES = {
  gps: "Own GPS",
  landmark: "Recognized",
  neighbors: "Photos around it in time",
};

/** A link to its file with its picture, what it shows, when it was taken, how sure that is. */
export function shot(photo) {
  const picture = photo.thumbnail
    ? h("img", { src: photo.thumbnail, alt: "", loading: "lazy" })
    : h("span", { class: "no-picture" }, icon("photo"));
  const facts = [
    photo.minute == null ? "No date" : dateWords(photo.minute, "minute"),
    photo.certainty == null
      ? SOURCES[photo.source]
      : `${photo.source === "gps" ? "Own GPS, recognized" : "Recognized"}, ${percent(photo.certainty / 100)} sure`,
    coordinates(photo),
  ];
  return [
    h("a", { href: photo.href, target: "_blank", rel: "noopener noreferrer" }, picture, h("span", { class: "shot-name" }, photo.name)),
    h("b", {}, placeName(photo.label)),
    ...facts.map((fact) => h("span", {}, fact)),
  ];
}
