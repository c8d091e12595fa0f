// The page: photos come in, each gets a card, a few at a time are asked about.

import { health, recognize } from "../shared/api.js";
import { Card } from "./card.js";
import { h } from "../shared/dom.js";
import { watchIntake } from "./intake.js";

const AT_ONCE = 2; // enough to keep the server busy while the next photo is on its way
const answers = document.getElementById("answers");
const status = document.getElementById("status");
const waiting = [];
let running = 0;

function accept(files) {
  const cards = files.map(
    (file) => new Card(file, { onRetry: enqueue, onRemove: remove }),
  );
  answers.prepend(...cards.map((card) => card.element));
  document.body.classList.add("has-answers");
  status.textContent =
    files.length === 1 ? `Looking at ${cards[0].name}` : `Looking at ${files.length} photos`;
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  scrollTo({ top: 0, behavior: calm ? "auto" : "smooth" });
  cards.forEach(enqueue);
}

function enqueue(card) {
  card.showWaiting();
  waiting.push(card);
  work();
}

async function work() {
  if (running >= AT_ONCE || !waiting.length) return;
  running += 1;
  const card = waiting.shift();
  try {
    card.showAnswer(await recognize(card.file));
  } catch (problem) {
    // Our own bugs come as Error objects: they belong into the console as well.
    if (problem instanceof Error) console.error(problem);
    card.showTrouble(problem);
  }
  status.textContent = card.summary;
  running -= 1;
  work();
}

function remove(card) {
  const index = waiting.indexOf(card);
  if (index >= 0) waiting.splice(index, 1);
  const next = card.element.nextElementSibling ?? card.element.previousElementSibling;
  card.element.remove();
  document.body.classList.toggle("has-answers", answers.childElementCount > 0);
  status.textContent = `${card.name} was put away`;
  (next?.querySelector("button") ?? document.getElementById("choose")).focus();
}

async function introduce() {
  try {
    const { bundle, landmarks, version } = await health();
    const knows = h("a", { class: "link", href: "/landmarks" }, `${landmarks} landmarks`);
    document
      .getElementById("about")
      .replaceChildren("Knows ", knows, ` · ${bundle} · whereshot ${version}`);
  } catch {
    document.getElementById("about").textContent = "whereshot doesn't answer. Is it still running?";
  }
}

watchIntake(accept);
introduce();
