// The map of a library: photos from the page's own data, on land from the page's own atlas.

import { setUpFilters } from "./filters.js";
import { Land } from "../../../serve/static/map/land.js";
import { Markers } from "../../../serve/static/map/markers.js";
import { Panel } from "../../../serve/static/map/panel.js";
import { boxOf, passes, readPhotos } from "../../../serve/static/map/photos.js";
import { drawLand, drawScale, readColors } from "../../../serve/static/map/sheet.js";
import { shot } from "./shots.js";
import { Timeline } from "../../../serve/static/map/timeline.js";
import { View } from "../../../serve/static/map/view.js";

// Pixels around the world, at most, when photos are brought into view: a country, or a street.
const [FAR, CLOSE] = [2 ** 15, 2 ** 22];

const element = (id) => document.getElementById(id);
const read = (id) => JSON.parse(element(id).textContent);

const data = read("photo-data");
const photos = readPhotos(data);
const land = new Land(read("atlas-data"));
const chosen = { place: "", certainty: 0, sources: new Set(), from: null, to: null };
let shown = photos;
let colors = readColors();

const panel = new Panel(element("panel"), {
  shot,
  onzoom: (some) => showAll(some, CLOSE),
  onclose: () => document.body.classList.remove("has-panel"),
});
const markers = new Markers(element("markers"), (group, name, back) => {
  if (view.moved) return; // the end of a drag is no click
  document.body.classList.add("has-panel");
  panel.open(group, back);
});
const view = new View(element("map"), draw);
const timeline = new Timeline(element("timeline"), photos, (span) => {
  Object.assign(chosen, span);
  update();
});

setUpFilters(photos, (filter) => {
  Object.assign(chosen, filter);
  update();
});
element("closer").addEventListener("click", () => view.zoom(2));
element("wider").addEventListener("click", () => view.zoom(0.5));
element("all").addEventListener("click", () => showAll(shown));
element("map").addEventListener("keydown", (event) => {
  if (event.key === "0") showAll(shown);
  if (event.key === "Escape") panel.close();
});
addEventListener("themechange", () => {
  colors = readColors();
  draw();
});
element("filters").open = innerWidth > 800;
showAll(photos);

/** After a change of what is shown. */
function update() {
  const others = { ...chosen, from: null, to: null };
  timeline.setPhotos(photos.filter((photo) => passes(photo, others)));
  shown = photos.filter((photo) => passes(photo, chosen));
  markers.setPhotos(shown);
  const number = (count) => count.toLocaleString("en");
  const words = [
    shown.length === photos.length
      ? `${number(photos.length)} ${photos.length === 1 ? "photo" : "photos"}`
      : `${number(shown.length)} of ${number(photos.length)} photos`,
  ];
  if (data.without) words.push(`${number(data.without)} more have no place`);
  element("summary").textContent = words.join(" · ");
  draw();
}

function draw() {
  drawLand(element("land"), land, view, colors);
  markers.draw(view);
  drawScale(element("scale"), view);
}

/** All of some photos at once, in what the cards leave free. */
function showAll(some, most = FAR) {
  if (!some.length) {
    view.fit([0, 0.2, 1, 0.75]);
    return;
  }
  const wide = innerWidth > 800;
  const panelWidth = wide && !element("panel").hidden ? element("panel").offsetWidth + 40 : 70;
  const padding = wide ? [70, panelWidth, 150, 340] : [170, 50, 190, 50];
  view.fit(boxOf(some), padding, most);
}
