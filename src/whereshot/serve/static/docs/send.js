// Sends what a form of the page holds, and shows the answer.

import { h } from "../shared/dom.js";

const LONGEST = 20_000; // characters of an answer that are shown

/** Elements that show the answer; whatever went wrong is shown too. */
export async function send(operation, form) {
  let request;
  try {
    request = await requestOf(operation, form);
  } catch (error) {
    return [problem(`This is not sent: ${error.message}.`)];
  }
  const start = performance.now();
  try {
    const response = await fetch(request.address, request.options);
    const shown = await drawAnswer(response);
    const milliseconds = Math.round(performance.now() - start);
    const kind = `${response.status} ${response.statusText}`.trim();
    return [
      h(
        "p",
        { class: "trial-status" },
        h("span", { class: `status ${response.ok ? "status-good" : ""}` }, kind),
        h("span", { class: "soft number" }, `${milliseconds} ms`),
      ),
      shown,
    ];
  } catch {
    return [problem("No connection. Is whereshot still running?")];
  }
}

const problem = (sentence) => h("p", { class: "notice notice-danger" }, sentence);

async function requestOf({ method, path, body }, form) {
  const query = new URLSearchParams();
  const parts = new FormData();
  for (const [key, value] of form) {
    const [where, name] = key.split(/:(.*)/);
    if (where === "path") path = path.replace(`{${name}}`, encodeURIComponent(value));
    if (where === "query" && value !== "") query.append(name, value);
    if (where === "body" && (value instanceof File ? value.size || value.name : value !== "")) parts.append(name, value);
  }
  const options = { method };
  if (body?.kind === "multipart/form-data") options.body = parts;
  else if (body) {
    options.headers = { "Content-Type": body.kind };
    options.body = await withPhoto(form.get("json"), form.get("photo"));
  }
  return { address: query.size ? `${path}?${query}` : path, options };
}

/** The JSON with a photo as base64 under its first key `content`. */
async function withPhoto(json, photo) {
  if (!photo?.size) return json;
  const document = JSON.parse(json);
  const holder = findContent(document);
  if (!holder) throw new Error("the body has no content to put the photo into");
  holder.content = await base64Of(photo);
  return JSON.stringify(document);
}

function findContent(value) {
  if (value === null || typeof value !== "object") return null;
  if ("content" in value) return value;
  return Object.values(value).map(findContent).find(Boolean) ?? null;
}

function base64Of(file) {
  return new Promise((done, fail) => {
    const reader = new FileReader();
    reader.onload = () => done(reader.result.split(",")[1] ?? "");
    reader.onerror = () => fail(new Error("the photo can't be opened"));
    reader.readAsDataURL(file);
  });
}

async function drawAnswer(response) {
  const kind = response.headers.get("Content-Type") ?? "";
  if (kind.startsWith("image/")) {
    const source = URL.createObjectURL(await response.blob());
    const image = h("img", { class: "trial-image", alt: "The picture that was answered", src: source });
    image.addEventListener("load", () => URL.revokeObjectURL(source));
    return image;
  }
  let text = await response.text();
  if (kind.startsWith("application/json")) text = JSON.stringify(JSON.parse(text), null, 2);
  if (text.length > LONGEST) text = `${text.slice(0, LONGEST)}\n… and ${text.length - LONGEST} characters more`;
  return h("pre", { class: "code", tabindex: "0" }, h("code", {}, text));
}
