// The API's reference: the server's own OpenAPI document, to read and to try.

import { h } from "../shared/dom.js";
import { readAreas } from "./document.js";
import { drawAnswers, drawOperation } from "./operation.js";
import { prose } from "./prose.js";

const contents = document.getElementById("contents");
const areas = document.getElementById("areas");

/** Where the address points to, besides the operations. */
const COMMON = "every-request";

function drawContents(found) {
  const lists = found.map(({ name, operations }) =>
    h(
      "li",
      {},
      h("span", { class: "docs-contents-area" }, name),
      h(
        "ul",
        {},
        operations.map(({ id, method, path }) =>
          h("li", {}, h("a", { href: `#${id}` }, h("b", {}, method), h("span", {}, breakable(path)))),
        ),
      ),
    ),
  );
  const common = h("li", {}, h("a", { class: "docs-contents-area", href: `#${COMMON}` }, "Every request"));
  contents.replaceChildren(h("ul", {}, lists, common));
}

/** A path that breaks before its slashes. */
function breakable(path) {
  return path.split(/(?=\/)/).flatMap((piece) => [h("wbr"), piece]);
}

function drawArea({ name, words, operations }, number, resolve) {
  return h(
    "section",
    { class: "docs-area", "aria-labelledby": `area-${number}` },
    h("h2", { id: `area-${number}` }, name),
    words && h("p", { class: "docs-area-words" }, prose(words)),
    operations.map((operation) => drawOperation(operation, resolve)),
  );
}

function drawCommon(answers, resolve) {
  return h(
    "section",
    { class: "docs-area", id: COMMON, "aria-labelledby": `${COMMON}-title` },
    h("h2", { id: `${COMMON}-title` }, "Every request"),
    h("p", { class: "docs-area-words" }, "may be answered with one of these as well, and with one sentence that says what is wrong."),
    h("div", { class: "operation surface" }, drawAnswers(answers, resolve)),
  );
}

async function start() {
  try {
    const response = await fetch("/openapi.json");
    if (!response.ok) throw new Error(`status ${response.status}`);
    const { info, areas: found, common, resolve } = readAreas(await response.json());
    drawContents(found);
    areas.replaceChildren(
      ...found.map((area, number) => drawArea(area, number, resolve)),
      drawCommon(common, resolve),
    );
    areas.setAttribute("aria-busy", "false");
    document.getElementById("about").textContent = `${info.title} ${info.version}`;
    // What the address points to was not there yet when the browser looked for it.
    document.getElementById(decodeURIComponent(location.hash.slice(1)))?.scrollIntoView();
  } catch {
    areas.replaceChildren(
      h("p", { class: "notice notice-danger", role: "alert" }, "The server's description of itself did not arrive. Is whereshot still running? Load the page again."),
    );
  }
}

start();
