// Where each photo of a grid lies, by arithmetic: nothing is measured, nothing is in the page.

const GAP = 6; // pixels between photos
const HEADING = 52;
const AFTER = 18; // below a group
const [PHONE, TILE] = [112, 172]; // a photo's side, about

/** The places of groups of photos in a width: rows of squares under headings. */
export class Layout {
  constructor(groups, width) {
    this.groups = groups;
    this.width = width;
    this.gap = width < 600 ? 3 : GAP;
    this.heading = HEADING;
    const wanted = width < 600 ? PHONE : TILE;
    this.columns = Math.max(2, Math.round((width + this.gap) / (wanted + this.gap)));
    this.side = (width + this.gap) / this.columns - this.gap;
    this.step = this.side + this.gap;
    // Sums over the groups before each one: pixels, photos, rows with the heading's.
    this.tops = new Float64Array(groups.length + 1);
    this.firsts = new Uint32Array(groups.length + 1);
    this.rows = new Uint32Array(groups.length + 1);
    groups.forEach(({ count }, index) => {
      const rows = Math.ceil(count / this.columns);
      this.tops[index + 1] = this.tops[index] + HEADING + rows * this.step + AFTER;
      this.firsts[index + 1] = this.firsts[index] + count;
      this.rows[index + 1] = this.rows[index] + 1 + rows;
    });
    this.height = this.tops[groups.length];
    this.count = this.firsts[groups.length];
    this.rowCount = this.rows[groups.length];
  }

  /** The rows that reach into a span of pixels: [{group, row}]. */
  rowsBetween(top, bottom) {
    const found = [];
    for (let group = this.groupAt(top); group < this.groups.length; group += 1) {
      const start = this.tops[group] + HEADING;
      if (this.tops[group] > bottom) break;
      const last = this.#rowsIn(group) - 1;
      const from = Math.max(0, Math.floor((top - start) / this.step));
      const to = Math.min(last, Math.floor((bottom - start) / this.step));
      for (let row = from; row <= to; row += 1) found.push({ group, row });
      if (to < from) found.push({ group, row: -1 }); // only its heading
    }
    return found;
  }

  /** The group at a height. */
  groupAt(top) {
    return largestBelow(this.tops, this.groups.length, top);
  }

  /** Where a photo is, by its number over all groups: {group, row, column, top}. */
  find(number) {
    const group = largestBelow(this.firsts, this.groups.length, number);
    const inside = number - this.firsts[group];
    const row = Math.floor(inside / this.columns);
    const top = this.tops[group] + HEADING + row * this.step;
    return { group, row, column: inside % this.columns, top };
  }

  /** The photo that a key leads to from another, where a page has so many rows; null for a key
   * that leads nowhere. */
  moved(key, number, page) {
    const moves = {
      ArrowLeft: () => Math.max(0, number - 1),
      ArrowRight: () => Math.min(this.count - 1, number + 1),
      ArrowUp: () => this.#rowsAway(number, -1),
      ArrowDown: () => this.#rowsAway(number, 1),
      PageUp: () => this.#rowsAway(number, -page),
      PageDown: () => this.#rowsAway(number, page),
      Home: () => 0,
      End: () => this.count - 1,
    };
    return moves[key]?.() ?? null;
  }

  /** How high a group is, with its heading. */
  heightOf(group) {
    return this.tops[group + 1] - this.tops[group];
  }

  /** So many rows below (or above, if negative), in the same column or the last one that there is;
   * in the first or the last row where there are no more. */
  #rowsAway(number, distance) {
    let { group, row, column } = this.find(number);
    for (let left = Math.abs(distance); left > 0; left -= 1) {
      row += Math.sign(distance);
      if (row < 0) {
        if (group === 0) return column;
        group -= 1;
        row = this.#rowsIn(group) - 1;
      } else if (row >= this.#rowsIn(group)) {
        if (group === this.groups.length - 1) return this.count - 1;
        group += 1;
        row = 0;
      }
    }
    return Math.min(this.firsts[group] + row * this.columns + column, this.firsts[group + 1] - 1);
  }

  #rowsIn(group) {
    return this.rows[group + 1] - this.rows[group] - 1;
  }
}

/** The last index below `count` whose value is at most `wanted`; 0 where all are larger. */
function largestBelow(sorted, count, wanted) {
  let [low, high] = [0, Math.max(0, count - 1)];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (sorted[middle] <= wanted) low = middle;
    else high = middle - 1;
  }
  return low;
}
