// A map of the whole world that needs no network: dots on it, and a click that says where.

import { h } from "./dom.js";
import { degreesOf } from "./geo.js";
import { Land } from "../map/land.js";
import { mercator } from "../map/photos.js";
import { drawLand, drawScale, readColors } from "../map/sheet.js";
import { View } from "../map/view.js";

const ATLAS = "/static/vendor/world-atlas/countries-50m.json";
const CLOSEST = 2 ** 19; // pixels around the world, when something is brought into view
const REACH = 14; // pixels around a dot that still hit it
const MIDDLE = 0.41; // of the land, from the top of the world
const NAMES_FROM = 2 ** 12; // pixels around the world

let loading; // the land, once for all maps

function loadLand() {
  loading ??= fetch(ATLAS)
    .then((response) => response.json())
    .then((topology) => new Land(topology));
  loading.catch(() => (loading = undefined)); // the next map may try again
  return loading;
}

export class WorldMap {
  #land = null;
  #dots = [];
  #colors = null;

  /** `onpick({latitude, longitude})` for a click on the map; `onchoose(dot)` for one on a dot. */
  constructor({ label, onpick, onchoose }) {
    this.onpick = onpick;
    this.onchoose = onchoose;
    this.canvas = h("canvas", { class: "map-canvas", "aria-hidden": "true" });
    this.scale = h("div", { class: "map-scale", "aria-hidden": "true" }, h("span", {}));
    this.pane = h("div", { class: "map-view", tabindex: "0", role: "application", "aria-label": label }, this.canvas);
    this.element = h(
      "div",
      { class: "world-map" },
      this.pane,
      h("div", { class: "map-tools" }, this.#tool("+", "Zoom in", 2), this.#tool("−", "Zoom out", 0.5)),
      this.scale,
    );
    this.view = new View(this.pane, () => this.#draw());
    this.pane.addEventListener("click", (event) => this.#click(event));
    this.pane.addEventListener("keydown", (event) => this.#key(event));
    addEventListener("themechange", () => {
      this.#colors = null;
      this.#draw();
    });
    this.#load();
  }

  /** Show `dots` = [{latitude, longitude, radius_km, name, kind, isChosen}]; later ones lie on top. */
  setDots(dots) {
    const rank = ({ isChosen }) => (isChosen ? 1 : 0);
    this.#dots = dots
      .map((dot) => ({ ...dot, at: mercator(dot.longitude, dot.latitude), dot }))
      .sort((a, b) => rank(a) - rank(b));
    this.#draw();
  }

  showWorld() {
    this.#whenSized(() => {
      const size = Math.max(this.view.width, this.view.height);
      this.view.set(0, this.view.height / 2 - MIDDLE * size, size);
    });
  }

  /** Bring a point to the middle, with `km` around it in view. */
  showPoint({ latitude, longitude }, km) {
    const [x, y] = mercator(longitude, latitude);
    const half = degreesOf(km) / 360 / Math.cos((Math.min(80, Math.abs(latitude)) * Math.PI) / 180);
    const box = [x - half, y - half, x + half, y + half];
    this.#whenSized(() => this.view.fit(box, [0, 0, 0, 0], CLOSEST));
  }

  /** An element has no size before it is on the page; then what was asked for last is done. */
  #whenSized(show) {
    if (this.view.width > 1) return show();
    this.pending = show;
    new ResizeObserver((_, observer) => {
      if (this.view.width < 2) return;
      observer.disconnect();
      this.pending?.();
      this.pending = null;
    }).observe(this.pane);
  }

  async #load() {
    try {
      this.#land = await loadLand();
      this.#draw();
    } catch {
      this.pane.append(h("p", { class: "map-missing" }, "The map could not be loaded."));
    }
  }

  #tool(sign, label, factor) {
    const onclick = () => this.view.zoom(factor);
    return h("button", { type: "button", class: "tool", "aria-label": label, onclick }, sign);
  }

  #click(event) {
    if (this.view.moved) return; // the end of a drag
    const box = this.pane.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    const hit = this.#nearest(x, y);
    if (hit && this.onchoose) this.onchoose(hit);
    else this.onpick?.(this.#pointAt(x, y));
  }

  /** Enter takes the middle of the map, where a cross is shown as long as keys are used. */
  #key(event) {
    if (event.key !== "Enter" || !this.onpick) return;
    event.preventDefault();
    this.onpick(this.#pointAt(this.view.width / 2, this.view.height / 2));
  }

  #nearest(x, y) {
    let [best, least] = [null, REACH];
    for (const { at, dot } of this.#dots) {
      const [dotX, dotY] = this.view.place(...at);
      const apart = Math.hypot(dotX - x, dotY - y);
      if (apart <= least) [best, least] = [dot, apart];
    }
    return best;
  }

  #pointAt(x, y) {
    const across = (x - this.view.left) / this.view.size;
    const down = Math.min(1, Math.max(0, (y - this.view.top) / this.view.size));
    const longitude = (((across % 1) + 1) % 1) * 360 - 180;
    const latitude = (Math.atan(Math.sinh(Math.PI * (1 - 2 * down))) * 180) / Math.PI;
    return { latitude: Number(latitude.toFixed(5)), longitude: Number(longitude.toFixed(5)) };
  }

  #draw() {
    if (!this.#land || this.view.width < 2) return;
    this.#colors ??= readDotColors();
    drawLand(this.canvas, this.#land, this.view, this.#colors);
    drawScale(this.scale, this.view);
    const context = this.canvas.getContext("2d", { alpha: false });
    const drawn = this.#dots.map((dot) => this.#drawDot(context, dot)).filter(Boolean);
    this.#drawNames(context, drawn.reverse());
  }

  #drawDot(context, { at, name, kind, isChosen, radius_km: radius, latitude }) {
    const [x, y] = this.view.place(...at);
    if (x < -40 || y < -40 || x > this.view.width + 40 || y > this.view.height + 40) return null;
    const color = this.#colors[kind] ?? this.#colors.known;
    const shrink = Math.cos((latitude * Math.PI) / 180);
    const around = ((degreesOf(radius ?? 0) / 360) * this.view.size) / Math.max(0.05, shrink);
    if (around > 9) drawDisk(context, x, y, around, color, 0.15, color);
    if (isChosen) drawDisk(context, x, y, 13, color, 0.28);
    const isHollow = kind === "listed" && !isChosen;
    const { paper } = this.#colors;
    const [fill, stroke] = isHollow ? [paper, color] : [color, paper];
    drawDisk(context, x, y, isChosen ? 7 : 5, fill, 1, stroke, 2);
    return { x, y, name, isChosen };
  }

  /** Names where there is room: that of the chosen dot first, which lies on top. */
  #drawNames(context, dots) {
    const taken = dots.map(({ x, y }) => [x - 6, y - 6, x + 6, y + 6]);
    context.textAlign = "center";
    context.lineJoin = "round";
    context.lineWidth = 4;
    context.strokeStyle = this.#colors.land;
    context.fillStyle = this.#colors.ink;
    for (const { x, y, name, isChosen } of dots) {
      if (!name || (!isChosen && this.view.size < NAMES_FROM)) continue;
      context.font = `${isChosen ? 650 : 500} ${isChosen ? 13 : 12}px ${this.#colors.font}`;
      const half = context.measureText(name).width / 2 + 3;
      const box = [x - half, y - 27, x + half, y - 9];
      if (!isChosen && taken.some((other) => overlaps(box, other))) continue;
      taken.push(box);
      context.strokeText(name, x, y - 13);
      context.fillText(name, x, y - 13);
    }
  }
}

const overlaps = (a, b) => a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];

function drawDisk(context, x, y, radius, fill, alpha, stroke, width = 1) {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.globalAlpha = alpha;
  context.fillStyle = fill;
  context.fill();
  context.globalAlpha = 1;
  if (!stroke) return;
  context.strokeStyle = stroke;
  context.lineWidth = width;
  context.stroke();
}

function readDotColors() {
  const style = getComputedStyle(document.documentElement);
  const color = (name) => style.getPropertyValue(`--${name}`).trim();
  return {
    ...readColors(),
    known: color("accent"),
    taught: color("warm"),
    listed: color("line-strong"),
    paper: color("card"),
    ink: color("ink"),
  };
}
