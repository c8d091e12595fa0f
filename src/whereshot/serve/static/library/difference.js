// A unified difference as lines that say what is taken out and what comes in.

import { h } from "../shared/dom.js";

const KINDS = { "+": ["line-in", "Added"], "-": ["line-out", "Removed"], "@": ["line-at", ""] };

/** The lines of a difference, without the two that name the files. */
export function difference(text) {
  const lines = text.split("\n").filter((line) => !/^(---|\+\+\+) /.test(line));
  if (lines.at(-1) === "") lines.pop();
  return h(
    "pre",
    { class: "difference", tabindex: 0, "aria-label": "Difference" },
    h("code", {}, lines.map(row)),
  );
}

function row(line) {
  const [kind, said] = KINDS[line[0]] ?? ["", ""];
  const spoken = said && h("span", { class: "hidden-visually" }, `${said}: `);
  return h("span", { class: `line ${kind}` }, spoken, line || " ");
}

/** What a difference adds and takes out, in lines: "+12 −3". */
export function differenceSize(text) {
  const lines = text.split("\n");
  const begin = (sign) => lines.filter((line) => line[0] === sign && !/^(---|\+\+\+) /.test(line)).length;
  return [`+${begin("+")}`, begin("-") && `−${begin("-")}`].filter(Boolean).join(" ");
}
