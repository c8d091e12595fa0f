// The page: photos come in, each gets a card, a few at a time are asked about.

import { findLandmarks, health, recognize, takeBack, teach } from "../shared/api.js";
import { h } from "../shared/dom.js";
import { count, trouble } from "../shared/words.js";
import { openTeaching } from "../teach/teaching.js";
import { Card } from "./card.js";
import { openCorrection } from "./correction.js";
import { watchIntake } from "./intake.js";

const AT_ONCE = 2; // enough to keep the server busy while the next photo is on its way
const PAUSE_MS = 1000; // before a busy server is asked again
const answers = document.getElementById("answers");
const status = document.getElementById("status");
const cards = new Set();
const waiting = [];
let running = 0;

const actions = {
  onRetry: enqueue,
  onRemove: remove,
  onCorrect: (card) =>
    openCorrection(card, {
      onCorrected: (correction) => show(card, { ...card.answer, correction }),
      onTeach: (name) => onTeach(card, { name }),
    }),
  onTakeBack: (card) =>
    attempt(async () => {
      await takeBack(card.answer.digest);
      await show(card, { ...card.answer, correction: null });
    }),
  onTeach: (card) => onTeach(card, card.answer.correction?.landmark ?? {}),
  onExample: (card) =>
    attempt(async () => {
      const { name } = card.answer.correction.landmark;
      const lesson = await teach({ name }, [card.file]);
      tell(`Learned. I know ${name} from ${count(lesson.photos, "photo")} now.`);
      askAgain(card, lesson);
    }),
  statusOf,
  tell,
};

function accept(files) {
  const added = files.map((file) => new Card(file, actions));
  answers.prepend(...added.map((card) => card.element));
  document.body.classList.add("has-answers");
  tell(files.length === 1 ? `Looking at ${added[0].name}` : `Looking at ${files.length} photos`);
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  scrollTo({ top: 0, behavior: calm ? "auto" : "smooth" });
  for (const card of added) {
    cards.add(card);
    enqueue(card);
  }
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
    await card.showAnswer(await recognize(card.file));
    tell(card.summary);
  } catch (problem) {
    if (problem.type === "EngineBusy" || problem.type === "TooManyRequests") {
      waiting.push(card);
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    } else {
      // Our own bugs come as Error objects: they belong into the console as well.
      if (problem instanceof Error) console.error(problem);
      card.showTrouble(problem);
      tell(card.summary);
    }
  }
  running -= 1;
  work();
}

async function show(card, answer) {
  await card.showAnswer(answer);
  tell(card.summary);
  card.focus();
}

function onTeach(card, about) {
  const location = card.answer.location?.source === "exif" ? card.answer.location : null;
  openTeaching({ about: { ...location, ...about }, files: [card.file], onChanged: (lesson) => askAgain(card, lesson) });
}

/** After something was learned, or forgotten: this photo first, then the others without a name. */
function askAgain(card, lesson) {
  card.lesson = lesson;
  const others = [...cards].filter((other) => other !== card && other.state === "unknown");
  [card, ...others].forEach(enqueue);
  introduce();
}

function remove(card) {
  const index = waiting.indexOf(card);
  if (index >= 0) waiting.splice(index, 1);
  const next = card.element.nextElementSibling ?? card.element.previousElementSibling;
  card.element.remove();
  cards.delete(card);
  document.body.classList.toggle("has-answers", cards.size > 0);
  tell(`${card.name} was put away`);
  (next?.querySelector("button") ?? document.getElementById("choose")).focus();
}

/** Whether a landmark is recognized, and whether a person taught it. */
async function statusOf(landmark) {
  if (!landmark) return null;
  const found = await findLandmarks({ query: landmark.name }).catch(() => []);
  return found.find(({ id }) => id === landmark.id) ?? null;
}

/** Do something on demand of a person; what goes wrong is said. */
async function attempt(work) {
  try {
    await work();
  } catch (problem) {
    if (problem instanceof Error) console.error(problem);
    const { heading, sentence } = trouble(problem);
    tell(`${heading}. ${sentence}`);
  }
}

function tell(words) {
  status.textContent = words;
}

async function introduce() {
  const about = document.getElementById("about");
  try {
    const { bundle, landmarks, version } = await health();
    const knows = h("a", { class: "link", href: "/landmarks" }, `${landmarks} landmarks`);
    about.replaceChildren("Knows ", knows, ` · ${bundle} · whereshot ${version}`);
  } catch {
    about.textContent = "whereshot doesn't answer. Is it still running?";
  }
}

watchIntake(accept);
introduce();
