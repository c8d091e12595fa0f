// The world as one square, Mercator: land, borders and names on a canvas.

import feature from "../vendor/topojson-client/feature.js";
import mesh from "../vendor/topojson-client/mesh.js";
import { mercator } from "./photos.js";

const SIDE = 4096; // of the square that paths are drawn in
// From far away, points closer than this are one, and what is smaller is left out: a frame of the
// whole world costs a fifth of what all points would.
const COARSE = 1.5;
const NAME_PIXELS = 12;

/** Draws a view of the world; made once from the atlas. */
export class Land {
  constructor(topology) {
    const { countries } = topology.objects;
    const shapes = feature(topology, countries).features.map((country) => ({
      name: country.properties.name,
      parts: polygonsOf(country.geometry).map((rings) => rings.map((ring) => closed(project(ring)))),
    }));
    const borders = mesh(topology, countries, (a, b) => a !== b).coordinates.map(project);
    this.fine = drawable(shapes, borders, 0);
    this.coarse = drawable(shapes, borders, COARSE);
    this.names = shapes.map(nameOf).sort((a, b) => b.room - a.room); // large countries first
  }

  /** Draw what is in view: `left` and `top` are where the square's corner lies, in pixels, and
   * `size` is its side. */
  draw(context, { left, top, size, width, height, ratio }, colors) {
    const scale = size / SIDE;
    const { parts, borders } = scale * COARSE <= 1 ? this.coarse : this.fine;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.fillStyle = colors.water;
    context.fillRect(0, 0, width, height);
    context.fillStyle = colors.land;
    context.strokeStyle = colors.border;
    context.lineWidth = 1 / scale;
    for (const shift of copies(left, size, width)) {
      context.setTransform(ratio * scale, 0, 0, ratio * scale, ratio * shift, ratio * top);
      const view = [-shift, -top, width - shift, height - top].map((edge) => edge / scale);
      for (const { path, box } of parts) if (meets(box, view)) context.fill(path);
      for (const { path, box } of borders) if (meets(box, view)) context.stroke(path);
    }
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    for (const shift of copies(left, size, width)) {
      this.#names(context, { shift, top, scale, width, height }, colors);
    }
  }

  #names(context, { shift, top, scale, width, height }, colors) {
    context.font = `${NAME_PIXELS}px ${colors.font}`;
    context.textAlign = "center";
    context.lineJoin = "round";
    context.lineWidth = 3;
    context.strokeStyle = colors.land;
    context.fillStyle = colors.name;
    for (const { name, at, room } of this.names) {
      if (room * scale < name.length * NAME_PIXELS * 0.62) continue;
      const [x, y] = [at[0] * scale + shift, at[1] * scale + top];
      if (x < 0 || x > width || y < 0 || y > height) continue;
      context.strokeText(name, x, y);
      context.fillText(name, x, y);
    }
  }
}

const polygonsOf = ({ type, coordinates }) => (type === "Polygon" ? [coordinates] : coordinates);

/** A line on the square. One that crosses the date line goes on beyond the edge: the next copy of
 * the world is there. */
function project(line) {
  let before = null;
  return line.map(([longitude, latitude]) => {
    let [x, y] = mercator(longitude, latitude);
    if (before !== null) x += Math.round(before - x);
    before = x;
    return [x * SIDE, y * SIDE];
  });
}

/** A ring that went once around the world is closed by way of its pole: Antarctica. */
function closed(ring) {
  const [first, last] = [ring[0], ring.at(-1)];
  if (Math.abs(last[0] - first[0]) < SIDE / 2) return ring;
  const pole = first[1] > SIDE / 2 ? SIDE : 0;
  return [...ring, [last[0], pole], [first[0], pole]];
}

/** Paths of polygons and lines with their boxes, without points closer than `least`. */
function drawable(shapes, borders, least) {
  const parts = [];
  for (const rings of shapes.flatMap((shape) => shape.parts)) {
    const box = boxOf(rings[0]);
    if (Math.max(box[2] - box[0], box[3] - box[1]) < least) continue;
    parts.push({ box, path: pathOf(rings, least) });
  }
  return { parts, borders: borders.map((line) => ({ box: boxOf(line), path: pathOf([line], least) })) };
}

function pathOf(lines, least) {
  const path = new Path2D();
  for (const line of lines) {
    let [x, y] = line[0];
    path.moveTo(x, y);
    for (let index = 1; index < line.length; index += 1) {
      const [nextX, nextY] = line[index];
      const isLast = index === line.length - 1;
      if (!isLast && Math.abs(nextX - x) < least && Math.abs(nextY - y) < least) continue;
      path.lineTo(nextX, nextY);
      [x, y] = [nextX, nextY];
    }
  }
  return path;
}

function boxOf(line) {
  const box = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [x, y] of line) {
    box[0] = Math.min(box[0], x);
    box[1] = Math.min(box[1], y);
    box[2] = Math.max(box[2], x);
    box[3] = Math.max(box[3], y);
  }
  return box;
}

/** A country's name, in the middle of its largest part, and how much room there is for it. */
function nameOf({ name, parts }) {
  let best = { area: -1 };
  for (const [outline] of parts) {
    const found = middleOf(outline);
    if (found.area > best.area) best = { ...found, outline };
  }
  const [left, , right] = boxOf(best.outline);
  return { name, at: best.at, room: right - left };
}

/** Area and centroid of a closed line. */
function middleOf(line) {
  let [twice, x, y] = [0, 0, 0];
  const [x0, y0] = line[0]; // near the numbers, for precision
  for (let index = 1; index < line.length; index += 1) {
    const [ax, ay] = [line[index - 1][0] - x0, line[index - 1][1] - y0];
    const [bx, by] = [line[index][0] - x0, line[index][1] - y0];
    const cross = ax * by - bx * ay;
    twice += cross;
    x += (ax + bx) * cross;
    y += (ay + by) * cross;
  }
  const at = twice ? [x0 + x / (3 * twice), y0 + y / (3 * twice)] : [x0, y0];
  return { area: Math.abs(twice / 2), at };
}

/** Where copies of the world begin, so that it goes on beyond the date line; one more on each side,
 * for what sticks out of it. */
function copies(left, size, width) {
  const found = [];
  const first = left - (Math.ceil(left / size) + 1) * size;
  for (let shift = first; shift < width + size; shift += size) found.push(shift);
  return found;
}

const meets = (a, b) => a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];
