// The list of what the recognizer knows: an honest answer to "why don't you know this one?".

import { landmarks } from "./api.js";
import { h } from "./dom.js";
import { place } from "./words.js";

const dialog = document.getElementById("landmarks");
const filter = document.getElementById("landmarks-filter");
const list = document.getElementById("landmarks-list");
let known;

/** Open the list. */
export async function showLandmarks() {
  filter.value = "";
  list.replaceChildren();
  dialog.showModal();
  try {
    known ??= (await landmarks()).sort((a, b) => a.name.localeCompare(b.name));
    draw();
  } catch {
    list.replaceChildren(h("li", {}, "whereshot doesn't answer. Is it still running?"));
  }
}

const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

function draw() {
  const wanted = plain(filter.value.trim());
  const found = known.filter((landmark) =>
    plain([landmark.name, landmark.city, landmark.country, ...landmark.aliases].join(" ")).includes(
      wanted,
    ),
  );
  const rows = found.map((landmark) =>
    h(
      "li",
      {},
      h("span", { class: "landmarks-name" }, landmark.name),
      h("span", { class: "landmarks-place" }, place(landmark)),
    ),
  );
  list.replaceChildren(
    ...(rows.length ? rows : [h("li", {}, "None of these. I may learn it one day.")]),
  );
}

filter.addEventListener("input", () => known && draw());
dialog.addEventListener("click", (event) => {
  if (event.target === dialog) dialog.close(); // the backdrop
});
