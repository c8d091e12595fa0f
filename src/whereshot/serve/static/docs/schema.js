// A JSON schema in words: one line per member, those of inner objects below it.

import { h } from "../shared/dom.js";
import { prose } from "./prose.js";

const DEEPEST = 6; // a schema may contain itself
const PLURALS = { object: "objects", string: "strings", number: "numbers", integer: "integers", file: "files" };

/** A list of an object's members, one for each kind that it may be, or a line for what is none. */
export function drawSchema(schema, resolve, depth = 0) {
  const whole = resolve(schema);
  const inner = inside(whole, resolve);
  const choices = (inner.anyOf ?? inner.oneOf ?? []).filter((each) => resolve(each).properties);
  if (choices.length > 1 && depth <= DEEPEST) {
    return choices.flatMap((choice) => [
      h("p", { class: "schema-type" }, `${resolve(choice).title ?? "object"}:`),
      drawSchema(choice, resolve, depth + 1),
    ]);
  }
  const members = Object.entries(inner.properties ?? {});
  if (!members.length || depth > DEEPEST) return h("p", { class: "schema-type" }, kindOf(whole, resolve));
  const required = new Set(inner.required);
  return h(
    "ul",
    { class: "schema" },
    members.map(([name, member]) => drawMember(name, member, required.has(name), resolve, depth)),
  );
}

function drawMember(name, member, isRequired, resolve, depth) {
  const whole = resolve(member);
  const hasMembers = Boolean(inside(whole, resolve).properties) && depth < DEEPEST;
  return h(
    "li",
    {},
    h("code", { class: "schema-name" }, name),
    " ",
    h("span", { class: "schema-type" }, kindOf(whole, resolve)),
    !isRequired && h("span", { class: "schema-type" }, ", may be missing"),
    whole.description && h("span", { class: "schema-words" }, " ", prose(whole.description)),
    hasMembers && drawSchema(member, resolve, depth + 1),
  );
}

/** The object that matters in a schema: itself, a list's elements, what may also be null. */
function inside(schema, resolve) {
  const whole = resolve(schema);
  if (whole.items) return inside(whole.items, resolve);
  const choices = (whole.anyOf ?? whole.oneOf ?? []).map(resolve);
  const found = choices.filter((choice) => choice.type !== "null");
  return found.length === 1 ? inside(found[0], resolve) : whole;
}

/** What a value is, in a few words: "list of numbers, 1 to 16 of them". */
export function kindOf(schema, resolve) {
  const whole = resolve(schema);
  const choices = whole.anyOf ?? whole.oneOf;
  if (choices) return choices.map((choice) => kindOf(choice, resolve)).join(" or ");
  if (whole.enum) return whole.enum.map((value) => JSON.stringify(value)).join(" or ");
  if ("const" in whole) return JSON.stringify(whole.const);
  if (whole.type === "array") {
    const kind = kindOf(whole.items, resolve);
    return `list of ${PLURALS[kind] ?? kind}${range(whole.minItems, whole.maxItems)}`;
  }
  if (whole.format === "binary") return "file";
  if (whole.format === "byte") return "base64";
  const kind = whole.title && whole.type === "object" ? whole.title : (whole.type ?? "anything");
  return `${kind}${range(whole.minimum, whole.maximum)}`;
}

function range(least, most) {
  if (least == null && most == null) return "";
  if (most == null) return `, ${least} or more`;
  return least == null ? `, up to ${most}` : `, ${least} to ${most}`;
}
