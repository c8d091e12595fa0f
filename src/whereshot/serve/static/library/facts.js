// What is known of one photo, in words and bars: for the large view and for the review.

import { h, icon } from "../shared/dom.js";
import {
  certainty,
  coordinates,
  distance,
  openStreetMap,
  percent,
  place,
} from "../shared/words.js";
import { moment, size } from "./words.js";

/** What it shows, large, and how sure that is. */
export function headline(photo, level = "h2") {
  const { landmark, state, decision } = photo;
  if (state === "failed") return [h(level, {}, "This photo can't be read"), h("p", { class: "notice notice-warm" }, photo.error)];
  if (state === "waiting") return [h(level, {}, "Not looked at yet")];
  if (decision === "accepted") return [h(level, {}, landmark.name), placeLine(landmark), said("Accepted by you", "tag-accent")];
  if (!landmark || state === "unknown") return [h(level, {}, "I don't know this place")];
  const name = h(level, {}, state === "certain" ? landmark.name : `Maybe ${landmark.name}`);
  const sure = h(
    "p",
    { class: "certainty" },
    h("span", {}, certainty(photo.certainty)),
    h("b", { class: "number" }, percent(photo.certainty)),
  );
  return [
    name,
    placeLine(landmark),
    sure,
    bar(photo.certainty),
    decision === "rejected" && said("Rejected by you", "tag"),
  ].filter(Boolean);
}

/** The warning of a photo that was taken elsewhere than what it seems to show. */
export function contradiction(photo) {
  if (!photo.contradiction || photo.distance_km == null) return null;
  return h(
    "p",
    { class: "notice notice-warm with-icon" },
    icon("warning"),
    h("span", {}, `Its own GPS is ${distance(photo.distance_km)} from ${photo.landmark.name}: a look-alike, a picture of it, or wrong GPS.`),
  );
}

/** The other landmarks that it may show, as bars; buttons where `onchoose(candidate)` is given. */
export function candidates(list, onchoose) {
  return h(
    "ol",
    { class: "candidates" },
    list.map((candidate, index) => {
      const parts = [
        h("span", { class: "candidate-name" }, candidate.name),
        h("span", { class: "candidate-percent number" }, percent(candidate.probability)),
        bar(candidate.probability),
      ];
      if (!onchoose) return h("li", {}, h("div", { class: "candidate" }, parts));
      const choose = () => onchoose(candidate);
      const label = `It is ${candidate.name}, ${place(candidate)}`;
      const key = h("kbd", { "aria-hidden": "true" }, index + 1);
      return h("li", {}, h("button", { type: "button", class: "candidate", "aria-label": label, onclick: choose }, parts, key));
    }),
  );
}

/** Everything else, as a list of terms. */
export function facts(photo) {
  const rows = [
    ["Taken", photo.taken_at ? moment(photo.taken_at) : "No date"],
    ["Place", photo.place && [photo.place, photo.source === "gps" && " (its own GPS)"]],
    ["Own GPS", photo.gps ? position(photo) : "None"],
    ["Sidecar", sidecar(photo)],
    ["Camera", photo.camera],
    ["File", [h("span", { class: "file" }, photo.name), h("span", { class: "soft" }, ` ${size(photo.bytes)}`)]],
    ["Folder", h("span", { class: "file" }, photo.folder)],
  ];
  return h(
    "dl",
    { class: "facts" },
    rows
      .filter(([, value]) => value)
      .map(([term, value]) => h("div", {}, h("dt", {}, term), h("dd", {}, value))),
  );
}

function placeLine(landmark) {
  return h("p", { class: "soft" }, place(landmark));
}

const said = (words, kind) => h("p", {}, h("span", { class: `tag ${kind}` }, icon(kind === "tag" ? "close" : "done"), words));

function bar(share) {
  const element = h("i", {});
  element.style.setProperty("--share", share);
  return h("span", { class: "progress", "aria-hidden": "true" }, element);
}

function position(photo) {
  const far = photo.distance_km != null && photo.landmark && `, ${distance(photo.distance_km)} from ${photo.landmark.name}`;
  return [
    h("a", { class: "link", href: openStreetMap({ ...photo.gps, radius_km: 0.5 }), target: "_blank", rel: "noopener noreferrer" }, coordinates(photo.gps)),
    far,
  ];
}

/** What is in the sidecar, or what would come into it. */
function sidecar({ written, plan, decision }) {
  if (written) return "Written by whereshot";
  if (decision === "accepted" && plan?.outcome === "written") return "Will be written";
  return plan?.reason ? `None: ${plan.reason}` : "None";
}
