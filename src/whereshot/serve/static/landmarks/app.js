// The landmarks page: a list, a map, and one landmark in full.

import { findLandmarks, taught } from "../shared/api.js";
import { count as plural, trouble } from "../shared/words.js";
import { WorldMap } from "../shared/world_map.js";
import { openTeaching } from "../teach/teaching.js";
import { Filters, kindOf } from "./filters.js";
import { LandmarkList } from "./list.js";
import { PlaceCard } from "./place_card.js";

const CLOSE_KM = 900; // around a landmark that was chosen

const count = document.getElementById("count");
const map = new WorldMap({ label: "Map of all landmarks; the list says the same", onchoose: ({ id }) => choose(id) });
const list = new LandmarkList(document.getElementById("list"), (id) => choose(id));
const filters = new Filters(document.getElementById("filters"), show);
const card = new PlaceCard(document.getElementById("place"), {
  onClose: () => choose(null),
  onForgotten: (landmark) => {
    choose(null);
    load(`${landmark.name} is forgotten.`);
  },
  onTeach: teachMe,
});
let landmarks = [];
let lessons = new Map(); // what was taught, by id
let shown = [];
let chosen = null;

async function load(news = "") {
  try {
    const [all, entries] = await Promise.all([findLandmarks({}), taught()]);
    landmarks = all.sort((a, b) => a.name.localeCompare(b.name));
    lessons = new Map(entries.map((entry) => [entry.id, entry]));
    filters.setCountries(landmarks.map(({ country }) => country));
    await show();
    if (news) count.textContent = `${news} ${count.textContent}`;
  } catch (problem) {
    if (problem instanceof Error) console.error(problem);
    const { heading, sentence } = trouble(problem);
    count.textContent = `${heading}. ${sentence}`;
  }
}

/** What passes the filters, in the list and on the map. */
async function show() {
  const found = await filters.apply(landmarks);
  if (!found) return; // a newer question is on its way
  shown = found;
  count.textContent = summary();
  list.show(shown, chosen);
  draw();
}

function summary() {
  if (!shown.length) return "None of them. I may learn it: teach me.";
  const known = shown.filter((landmark) => landmark.known).length;
  const isPart = shown.length < landmarks.length;
  const words = `${shown.length}${isPart ? ` of ${landmarks.length}` : ""} landmarks`;
  return `${words}. I recognize ${known === shown.length ? "all" : known} of them.`;
}

function draw() {
  map.setDots(
    [...shown].reverse().map((landmark) => ({ ...landmark, kind: kindOf(landmark), isChosen: landmark.id === chosen })),
  );
}

function choose(id) {
  chosen = id;
  const landmark = landmarks.find((one) => one.id === id);
  list.choose(id);
  draw();
  if (!landmark) {
    card.hide();
    list.focus();
    return;
  }
  map.showPoint(landmark, Math.max(CLOSE_KM, 3 * landmark.radius_km));
  card.show(landmark, lessons.get(id));
}

function teachMe(about = {}) {
  openTeaching({
    about,
    onChanged: async (lesson) => {
      await load(lesson ? `I know ${lesson.landmark.name} from ${plural(lesson.photos, "photo")} now.` : "");
      choose(lesson?.landmark.id ?? null);
    },
  });
}

document.getElementById("map").append(map.element);
document.getElementById("teach").addEventListener("click", () => teachMe());
map.showWorld();
load();
