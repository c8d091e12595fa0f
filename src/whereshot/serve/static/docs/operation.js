// One operation: what it does, what it takes, what it answers, and a form to try it.

import { copy } from "../shared/clipboard.js";
import { h } from "../shared/dom.js";
import { curlOf } from "./curl.js";
import { paragraphs, prose } from "./prose.js";
import { drawSchema, kindOf } from "./schema.js";
import { drawTrial } from "./trial.js";

export function drawOperation(operation, resolve) {
  const { id, method, path, summary, description } = operation;
  return h(
    "article",
    { class: "operation surface", id, "aria-labelledby": `${id}-title` },
    h(
      "header",
      { class: "operation-head" },
      h("h3", { id: `${id}-title` }, summary),
      h("p", { class: "operation-path" }, h("span", { class: `method method-${method.toLowerCase()}` }, method), h("code", {}, path)),
    ),
    description && h("div", { class: "operation-words" }, paragraphs(description)),
    drawParameters(operation.parameters, resolve),
    operation.body && drawBody(operation.body, resolve),
    part("Answers", drawAnswers(operation.answers, resolve)),
    part("With curl", drawCode(curlOf(operation, resolve), { isCopied: true })),
    drawTrial(operation, resolve),
  );
}

function part(title, ...children) {
  return h("section", { class: "operation-part" }, h("h4", {}, title), ...children);
}

function drawParameters(parameters, resolve) {
  if (!parameters.length) return null;
  const lines = parameters.map(({ name, in: where, required, description, schema }) =>
    h(
      "li",
      {},
      h("code", { class: "schema-name" }, name),
      " ",
      h("span", { class: "schema-type" }, `${kindOf(schema, resolve)}, in the ${where}`),
      !required && h("span", { class: "schema-type" }, ", may be missing"),
      description && h("span", { class: "schema-words" }, " ", prose(description)),
    ),
  );
  return part("Parameters", h("ul", { class: "schema" }, lines));
}

function drawBody({ kind, schema, example }, resolve) {
  return part(
    "Body",
    h("p", { class: "soft small" }, h("code", {}, kind)),
    drawSchema(schema, resolve),
    example !== undefined && drawCode(JSON.stringify(example, null, 2)),
  );
}

/** One line per status; what it holds is shown on demand. */
export function drawAnswers(answers, resolve) {
  return answers.map(({ status, description, kind, schema, example }) => {
    const isGood = status.startsWith("2");
    const head = [
      h("span", { class: `status ${isGood ? "status-good" : ""}` }, status),
      h("span", {}, prose(description)),
    ];
    const isPlain = !kind || (example === undefined && !isGood);
    if (isPlain) return h("p", { class: "answer answer-plain" }, head);
    return h(
      "details",
      { class: "answer" },
      h("summary", {}, head),
      h("p", { class: "soft small" }, h("code", {}, kind)),
      schema && drawSchema(schema, resolve),
      example !== undefined && drawCode(JSON.stringify(example, null, 2)),
    );
  });
}

function drawCode(text, { isCopied = false } = {}) {
  const code = h("pre", { class: "code", tabindex: "0" }, h("code", {}, text));
  // Browsers give the clipboard to https and localhost only.
  if (!isCopied || !navigator.clipboard) return code;
  const button = h("button", { type: "button", class: "button code-copy" }, h("span", {}, "Copy"));
  button.addEventListener("click", () => copy(button, text));
  return h("div", { class: "code-frame" }, code, button);
}
