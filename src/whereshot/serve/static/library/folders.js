// Which folder is to be looked at: one that the person allowed, or one inside of it.

import { copy } from "../shared/clipboard.js";
import { h, icon } from "../shared/dom.js";
import { trouble } from "../shared/words.js";
import { subfolders } from "./api.js";
import { count } from "./words.js";

const COMMAND = "whereshot serve --library ~/Pictures";

/** What to do where no folder is allowed yet. */
export function howToAllow() {
  const button = h(
    "button",
    { type: "button", class: "button", onclick: () => copy(button, COMMAND) },
    icon("copy"),
    h("span", {}, "Copy"),
  );
  return [
    h("h2", {}, "Which photos may I look at?"),
    h("p", { class: "lead" }, "I see no folder of yours until you name one. Start me again with the folder where your photos are:"),
    h("div", { class: "command" }, h("code", {}, COMMAND), button),
    h("p", { class: "soft" }, "Name several with more than one --library. I read photos and never change them: what you accept is written beside them, into small files that can be taken back."),
  ];
}

/** A choice of folders; `onindex(path)` when one is chosen, with null for all of them. */
export class FolderPicker {
  constructor(onindex) {
    this.onindex = onindex;
    this.element = h("div", { class: "picker" });
  }

  show(folders) {
    const all = h("button", { type: "button", class: "button", onclick: () => this.onindex(null) }, "Index all of them");
    this.element.replaceChildren(
      h("ul", { class: "folders" }, folders.map((folder) => this.#allowed(folder))),
      ...(folders.length > 1 ? [all] : []),
    );
  }

  #allowed(folder) {
    const inside = h("ul", { class: "folders folders-inside", hidden: true });
    const entry = { full: folder.path, name: folder.name, number: folder.number, path: "" };
    const words = folder.photos ? `${count(folder.photos, "photo")} known` : "Not looked at yet";
    return h(
      "li",
      {},
      this.#row(entry, inside, [
        h("b", {}, folder.name),
        h("span", { class: "file soft small" }, folder.path),
        h("span", { class: "small soft" }, words),
      ], folder.readable),
      folder.problem && h("p", { class: "notice notice-warm small" }, folder.problem),
      inside,
    );
  }

  #row(entry, inside, words, readable = true) {
    const look = h(
      "button",
      { type: "button", class: "button button-icon look", "aria-expanded": "false", "aria-label": `Folders in ${entry.name}`, onclick: () => this.#unfold(entry, inside, look) },
      icon("right"),
    );
    const start = h(
      "button",
      { type: "button", class: `button${entry.path ? "" : " button-primary"}`, "aria-label": `Index ${entry.name}`, disabled: !readable, onclick: () => this.onindex(entry.full) },
      "Index",
    );
    return h("div", { class: "folder" }, look, icon("folder"), h("div", { class: "folder-words" }, words), start);
  }

  async #unfold(entry, inside, look) {
    const isOpen = look.getAttribute("aria-expanded") === "true";
    look.setAttribute("aria-expanded", String(!isOpen));
    inside.hidden = isOpen;
    if (isOpen) return;
    try {
      const answer = await subfolders(entry.number, entry.path);
      const rows = answer.folders.map(({ name, path }) => {
        const more = h("ul", { class: "folders folders-inside", hidden: true });
        const child = { name, path, number: entry.number, full: `${answer.full.replace(/\/$/, "")}/${name}` };
        return h("li", {}, this.#row(child, more, [h("span", {}, name)]), more);
      });
      inside.replaceChildren(...(rows.length ? rows : [h("li", { class: "soft small" }, "No folders inside")]));
    } catch (problem) {
      inside.replaceChildren(h("li", { class: "notice notice-danger small" }, trouble(problem).sentence));
    }
  }
}
