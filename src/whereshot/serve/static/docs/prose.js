// Sentences with `code` in them, as the document's descriptions have it.

import { h } from "../shared/dom.js";

/** Text and code elements, to be appended. */
export function prose(text) {
  return text.split(/(`[^`]+`)/).map((part) =>
    part.startsWith("`") ? h("code", {}, part.slice(1, -1)) : part,
  );
}

/** One <p> per paragraph. */
export function paragraphs(text) {
  return text.split(/\n\s*\n/).filter(Boolean).map((each) => h("p", {}, prose(each)));
}
