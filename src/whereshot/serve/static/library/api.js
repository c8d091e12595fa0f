// What the library page asks the server. A problem is thrown as {type, message}.

import { ask } from "../shared/api.js";

const ROOT = "/api/library";
const AGAIN = 10_000; // ms

/** Folders, counts, and the long work that runs or ran last. */
export const library = () => ask(ROOT);

/** What a filter leaves, as groups: {revision, total, groups: [{title, subtitle, count, offset}]}. */
export const groups = (filter, signal) => ask(`${ROOT}/groups?${query(filter)}`, { signal });

/** Photos of the groups by their position: {revision, photos}. */
export const photos = (filter, offset, limit, signal) =>
  ask(`${ROOT}/photos?${query({ ...filter, offset, limit })}`, { signal });

export const photo = (id, signal) => ask(`${ROOT}/photos/${id}`, { signal });
export const mapped = (filter, signal) => ask(`${ROOT}/map?${query({ ...filter, by: "" })}`, { signal });
export const subfolders = (number, path) => ask(`${ROOT}/folders?${query({ number, path })}`);

export const index = (folder) => send("POST", "/index", folder ? { folder } : {});
export const stop = () => send("DELETE", "/job");

/** Suggestions that wait for a person: {total, photos}. */
export const suggestions = (queue, offset, limit) =>
  ask(`${ROOT}/review?${query({ queue, offset, limit })}`);

/** `decision` is "accept", "reject" or "none"; a landmark's id with "accept" corrects. */
export const decide = (ids, decision, landmark) =>
  send("POST", "/review", { ids, decision, ...(landmark && { landmark_id: landmark }) });

export const write = (options) => send("POST", "/write", options);
export const changes = (offset, limit) => ask(`${ROOT}/changes?${query({ offset, limit })}`);
export const runs = () => ask(`${ROOT}/runs`);
export const undo = (run) => send("POST", "/undo", { run });

/** The address of a photo's small or large picture; `v` changes with the photo. */
export const thumbnailUrl = ({ id, v }) => `${ROOT}/photos/${id}/thumbnail?v=${v}`;
export const previewUrl = ({ id, v }) => `${ROOT}/photos/${id}/preview?v=${v}`;

/** Tell of what happens on the server: `job(job)`, `changed({revision})`, `connected(yesOrNo)`. */
export function listen({ job, changed, connected }) {
  const source = new EventSource(`${ROOT}/events`);
  source.addEventListener("job", (event) => job(JSON.parse(event.data)));
  source.addEventListener("changed", (event) => changed(JSON.parse(event.data)));
  source.addEventListener("open", () => connected(true));
  source.addEventListener("error", () => {
    connected(false);
    // A browser asks again by itself, but not after a refusal, as when too many listen.
    if (source.readyState === EventSource.CLOSED) setTimeout(() => listen({ job, changed, connected }), AGAIN);
  });
}

function send(method, path, body) {
  return ask(ROOT + path, {
    method,
    headers: { "Content-Type": "application/json" },
    body: body && JSON.stringify(body),
  });
}

/** Only what is set: an empty value is no condition. */
function query(values) {
  const set = Object.entries(values).filter(([, value]) => value !== "" && value != null);
  return new URLSearchParams(set);
}
