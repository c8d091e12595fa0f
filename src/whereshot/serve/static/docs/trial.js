// "Try it": a form for an operation's parameters and body, and what the server answers.

import { h } from "../shared/dom.js";
import { isFile } from "./curl.js";
import { kindOf } from "./schema.js";
import { send } from "./send.js";

export function drawTrial(operation, resolve) {
  // An answer that never ends can't be shown when it has ended.
  if (operation.answers.some(({ kind }) => kind === "text/event-stream")) return null;
  const fields = [...parameterFields(operation, resolve), ...bodyFields(operation, resolve)];
  const answer = h("div", { class: "trial-answer", role: "status" });
  const button = h("button", { class: "button button-primary" }, "Send");
  const form = h("form", { class: "trial-form" }, fields, h("p", { class: "actions" }, button));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    answer.replaceChildren(h("p", { class: "soft" }, "Waiting for the answer…"));
    answer.replaceChildren(...(await send(operation, new FormData(form))));
    button.disabled = false;
  });
  return h(
    "details",
    { class: "trial" },
    h("summary", {}, "Try it"),
    h("div", { class: "trial-body" }, form, answer),
  );
}

function parameterFields({ id, parameters }, resolve) {
  return parameters.map(({ name, in: where, required, schema }) =>
    field(id, name, kindOf(schema, resolve), {
      name: `${where}:${name}`,
      required,
      value: resolve(schema).default ?? "",
    }),
  );
}

function bodyFields({ id, body }, resolve) {
  if (!body) return [];
  if (body.kind === "multipart/form-data") {
    const { properties = {}, required = [] } = resolve(body.schema);
    return Object.entries(properties).map(([name, schema]) =>
      field(id, name, kindOf(schema, resolve), {
        name: `body:${name}`,
        required: required.includes(name),
        ...(isFile(schema, resolve)
          ? { type: "file", multiple: resolve(schema).type === "array" }
          : { value: resolve(schema).default ?? "" }),
      }),
    );
  }
  const text = JSON.stringify(body.example ?? {}, null, 2);
  const rows = Math.min(18, text.split("\n").length);
  const area = h("textarea", { id: `${id}-json`, name: "json", class: "input trial-json", rows, spellcheck: "false" }, text);
  const fields = [h("p", { class: "field" }, h("label", { for: area.id }, "Body"), area)];
  if (text.includes('"content":')) {
    fields.push(field(id, "photo", "takes the place of the first content", { name: "photo", type: "file" }));
  }
  return fields;
}

function field(id, label, hint, attributes) {
  const input = h("input", { id: `${id}-${label}`, class: "input", type: "text", autocomplete: "off", ...attributes });
  return h(
    "p",
    { class: "field" },
    h("label", { for: input.id }, label, " ", h("span", { class: "field-hint" }, hint)),
    input,
  );
}
