// The library page: what the server knows, and which view of it is shown.

import { h, icon } from "../shared/dom.js";
import { trouble } from "../shared/words.js";
import { announce } from "./announce.js";
import { index, library as fetchLibrary } from "./api.js";
import { Detail } from "./detail.js";
import { Filters } from "./filters.js";
import { FolderPicker, howToAllow } from "./folders.js";
import { History } from "./history.js";
import { Jobs } from "./jobs.js";
import { Many } from "./many.js";
import { MapView } from "./map_view.js";
import { PhotosView } from "./photos_view.js";
import { indexSummary, Progress } from "./progress.js";
import { Review } from "./review.js";
import { count } from "./words.js";
import { Writing } from "./writing.js";

const VIEWS = ["photos", "map", "review", "history"];
const element = (id) => document.getElementById(id);

let isStarted = false; // there are photos, and a view of them is shown
let wasIndexing = false; // when the server last told of it

const detail = new Detail(element("detail"), { ondecided });
const filters = new Filters(element("filters"), element("grouping"), showView);
const photos = new PhotosView({ onopen: (number) => detail.open(number, photos), onproblem: complain });
const map = new MapView({
  onopen: (group, number) => detail.open(number, listOf(group)),
  onspan: (since, until) => {
    location.hash = "photos";
    filters.setSpan(since, until);
  },
});
const jobs = new Jobs({ onjob, onchanged: refresh, onconnection });
const review = new Review({ onchange: ondecided, onmany: (queue) => many.open(queue) });
const many = new Many(element("many"), {
  onaccept: (chosen) => review.acceptMany(chosen),
  ondone: (number) => announce(`Accepted: ${count(number, "photo")}.`),
});
const writing = new Writing(element("write"), jobs);
const history = new History(element("view-history"), jobs);
const progress = new Progress();
const picker = new FolderPicker(startIndex);

element("work").append(progress.element);
element("index-open").addEventListener("click", () => {
  element("index-body").append(picker.element);
  element("index").showModal();
});
element("write-open").addEventListener("click", () => writing.open());
element("clear").addEventListener("click", () => filters.clear());
element("write").addEventListener("close", refresh);
addEventListener("hashchange", () => showView());
refresh();

/** Ask what the library is now, and show it. */
async function refresh() {
  try {
    const known = await fetchLibrary();
    element("trouble").hidden = true;
    jobs.hear(known.job);
    showLibrary(known);
  } catch (problem) {
    complain(problem);
  }
}

function showLibrary({ folders, counts, revision }) {
  element("loading").hidden = true;
  const isEmpty = !counts.all;
  element("welcome").hidden = !isEmpty;
  element("library").hidden = isEmpty;
  element("index-open").hidden = isEmpty;
  picker.show(folders);
  if (isEmpty) welcome(folders);
  showCounts(counts);
  if (isEmpty) return;
  photos.outdate(revision);
  if (!isStarted) showView();
  else if (view() === "photos") photos.renew();
  else if (view() === "review") review.renew();
  isStarted = true;
}

function welcome(folders) {
  if (!folders.length) {
    element("welcome").replaceChildren(...howToAllow());
    return;
  }
  element("welcome").replaceChildren(
    h("h2", {}, "Find the places of your photos"),
    h("p", { class: "lead" }, "I look at each photo once, here on this machine, and change none of them."),
    picker.element,
  );
}

function showCounts(counts) {
  const sure = `${counts.certain.toLocaleString("en")} with a landmark I'm sure of`;
  element("summary").textContent = counts.all ? `${count(counts.all, "photo")} · ${sure}` : "";
  element("review-waiting").textContent = counts.suggested ? counts.suggested.toLocaleString("en") : "";
  element("write-open").hidden = !counts.to_write;
  element("write-open").replaceChildren(icon("pen"), `Write ${count(counts.to_write, "sidecar")}…`);
  filters.showCounts(counts);
  review.showCounts(counts);
}

function view() {
  const name = location.hash.slice(1);
  return VIEWS.includes(name) ? name : VIEWS[0];
}

/** Show the view that the address names, with what the filters leave. */
function showView() {
  const name = view();
  if (name !== "photos") photos.leave();
  for (const each of VIEWS) element(`view-${each}`).hidden = each !== name;
  for (const link of document.querySelectorAll(".views a")) {
    if (link.hash === `#${name}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  element("filters").hidden = name === "review" || name === "history";
  filters.offerGrouping(name === "photos");
  if (name === "photos") photos.show(filters.chosen);
  else if (name === "map") map.show(filters.chosen);
  else if (name === "review") review.open();
  else history.show();
}

/** A decision has changed photos and counts. */
function ondecided({ photos: changed, counts, revision }) {
  showCounts(counts);
  photos.replace(changed, revision);
}

async function startIndex(folder) {
  element("index").close();
  element("ended").replaceChildren();
  try {
    jobs.hear(await index(folder));
  } catch (problem) {
    complain(problem);
  }
}

/** What the server tells of its long work. */
function onjob(job) {
  const isIndex = job.kind === "index";
  const isRunning = job.state === "running";
  element("work").hidden = !isIndex || !isRunning;
  element("index-open").disabled = isRunning;
  element("write-open").disabled = isIndex && isRunning; // one thing at a time
  if (!isIndex) return;
  if (isRunning) {
    progress.show(job);
    element("welcome").hidden = true;
  } else if (wasIndexing) showEnd(job);
  wasIndexing = isRunning;
}

/** An index that this page has seen running has ended. */
function showEnd(job) {
  element("ended").replaceChildren(indexSummary(job, () => element("ended").replaceChildren()));
  refresh();
}

function complain(problem) {
  const { heading, sentence } = trouble(problem);
  element("loading").hidden = true;
  element("trouble").hidden = false;
  element("trouble").replaceChildren(
    h("p", {}, h("b", {}, heading), ` ${sentence}`),
    h("button", { type: "button", class: "button", onclick: refresh }, icon("again"), "Try again"),
  );
}

function onconnection(isThere) {
  if (!isThere) complain({ type: "Unreachable" });
  else if (!element("trouble").hidden) refresh();
}

const listOf = (group) => ({
  count: group.length,
  at: (number) => group[number],
  onclose: () => {},
});
