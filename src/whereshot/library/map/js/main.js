// The map of a library: photos from the page's own data, on land from the page's own atlas.

import { setUpFilters } from "./filters.js";
import { Land } from "../../../serve/static/map/land.js";
import { Markers } from "../../../serve/static/map/markers.js";
import { Panel } from "./panel.js";
import { passes, readPhotos } from "../../../serve/static/map/photos.js";
import { Timeline } from "../../../serve/static/map/timeline.js";
import { View } from "../../../serve/static/map/view.js";

const EARTH_PIXELS_KM = 40075; // around the equator
const SCALE_WIDTH = 110;
// Pixels around the world, at most, when photos are brought into view: a country, or a street.
const [FAR, CLOSE] = [2 ** 15, 2 ** 22];

const element = (id) => document.getElementById(id);
const read = (id) => JSON.parse(element(id).textContent);

const data = read("photo-data");
const photos = readPhotos(data);
const land = new Land(read("atlas-data"));
const canvas = element("land");
const chosen = { place: "", certainty: 0, sources: new Set(), from: null, to: null };
let shown = photos;
let colors = readColors();

const panel = new Panel(
  element("panel"),
  (some) => showAll(some, CLOSE),
  () => document.body.classList.remove("has-panel"),
);
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
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
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
  const ratio = Math.min(2, devicePixelRatio || 1);
  const [width, height] = [Math.round(view.width * ratio), Math.round(view.height * ratio)];
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  land.draw(canvas.getContext("2d", { alpha: false }), { ...place(view), ratio }, colors);
  markers.draw(view);
  drawScale();
}

function place({ left, top, size, width, height }) {
  return { left, top, size, width, height };
}

/** A bar of a round number of km, true in the middle of the map. */
function drawScale() {
  const y = 0.5 - (view.height / 2 - view.top) / view.size;
  const shrink = 1 / Math.cosh(2 * Math.PI * y); // of Mercator, at this latitude
  const pixelsPerKm = view.size / (EARTH_PIXELS_KM * shrink);
  const most = SCALE_WIDTH / pixelsPerKm;
  const power = 10 ** Math.floor(Math.log10(most));
  const km = [5, 2, 1].find((step) => step * power <= most) * power;
  const scale = element("scale");
  scale.style.width = `${Math.round(km * pixelsPerKm)}px`;
  scale.firstElementChild.textContent =
    km < 1 ? `${Math.round(km * 1000)} m` : `${km.toLocaleString("en")} km`;
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

/** The box around photos; it may go across the date line, where that is the shorter way. */
function boxOf(some) {
  const xs = some.map(({ x }) => x).sort((a, b) => a - b);
  let [left, right] = [xs[0], xs.at(-1)];
  let widest = 1 - (right - left);
  for (let index = 1; index < xs.length; index += 1) {
    if (xs[index] - xs[index - 1] > widest) {
      widest = xs[index] - xs[index - 1];
      [left, right] = [xs[index], xs[index - 1] + 1];
    }
  }
  let [top, bottom] = [1, 0];
  for (const { y } of some) [top, bottom] = [Math.min(top, y), Math.max(bottom, y)];
  return [left, top, right, bottom];
}

function readColors() {
  const style = getComputedStyle(document.documentElement);
  const color = (name) => style.getPropertyValue(`--${name}`).trim();
  return {
    water: color("water"),
    land: color("land"),
    border: color("border"),
    name: color("map-ink"),
    font: getComputedStyle(document.body).fontFamily,
  };
}
