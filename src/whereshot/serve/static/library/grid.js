// A grid of any number of photos: only what can be seen is in the page.
//
// For assistive technology it is a grid of rows with the true number of rows; one photo has the
// focus, and keys move it (the roving tabindex of the ARIA Authoring Practices).

import { h } from "../shared/dom.js";
import { Layout } from "./layout.js";
import { Thumbnails } from "./thumbnails.js";
import { dropTile, fillTile, makeTile } from "./tile.js";
import { count } from "./words.js";

const AROUND = 0.6; // of the window's height is kept ready above and below it
const FAST = 4; // pixels a millisecond: nobody sees pictures at this speed

export class Grid {
  #rows = new Map(); // "group:row" -> element
  #sections = new Map(); // group -> element
  #thumbnails = new Thumbnails();
  #frame = 0;
  #seen = { top: 0, time: 0 };
  #active = 0; // the number of the photo that has the focus, or gets it

  /** `element` is in the page, which scrolls; `covered()` tells how many pixels at its top are
   * covered. `onopen(number)` when a photo is chosen. */
  constructor(element, { covered, onopen }) {
    this.element = element;
    this.covered = covered;
    this.onopen = onopen;
    this.pages = null;
    this.layout = new Layout([], 0);
    element.addEventListener("keydown", (event) => this.#key(event));
    element.addEventListener("click", (event) => {
      const cell = event.target.closest(".tile");
      if (cell) this.#open(Number(cell.dataset.number));
    });
    addEventListener("scroll", () => this.#scrolled(), { passive: true });
    addEventListener("resize", () => this.#later());
    new ResizeObserver(() => this.#resized()).observe(element);
  }

  /** Show these groups, whose photos `pages` has, from their beginning; with `isSame`, from where
   * the page is scrolled to. */
  show(groups, pages, isSame = false) {
    this.pages?.close();
    this.pages = pages;
    if (!isSame) this.#active = 0;
    this.#arrange(groups);
    const top = this.#pageTop() - this.covered();
    if (!isSame && scrollY > top) scrollTo(0, top);
    this.#draw();
  }

  /** How many photos there are. */
  get count() {
    return this.layout.count;
  }

  /** Scroll to a photo and give it the focus. */
  focus(number = this.#active) {
    if (!this.count) return;
    this.#active = Math.min(this.count - 1, Math.max(0, number));
    this.#reveal();
    this.#draw();
    this.#cell(this.#active)?.focus({ preventScroll: true });
  }

  /** Photos have come, or something has changed of them. */
  refresh() {
    for (const row of this.#rows.values()) {
      for (const cell of row.children) {
        fillTile(cell, this.pages.get(Number(cell.dataset.number)), this.#thumbnails);
      }
    }
  }

  #arrange(groups) {
    for (const row of this.#rows.values()) this.#forget(row);
    this.#rows.clear();
    this.#sections.clear();
    this.layout = new Layout(groups, this.element.clientWidth);
    const { columns, side, gap, height, rowCount } = this.layout;
    this.element.style.setProperty("--side", `${side}px`);
    this.element.style.setProperty("--gap", `${gap}px`);
    this.element.style.height = `${height}px`;
    this.element.setAttribute("aria-rowcount", rowCount);
    this.element.setAttribute("aria-colcount", columns);
    this.element.replaceChildren();
  }

  /** Another width: what is at the top stays there. */
  #resized() {
    const width = this.element.clientWidth;
    if (!width || width === this.layout.width) {
      this.#later(); // seen again, after another view
      return;
    }
    const shown = Math.max(0, scrollY + this.covered() - this.#pageTop());
    const group = this.layout.groupAt(shown);
    const share = (shown - this.layout.tops[group]) / (this.layout.heightOf(group) || 1);
    const hadFocus = this.element.contains(document.activeElement);
    this.#arrange(this.layout.groups);
    const top = this.layout.tops[group] + share * this.layout.heightOf(group);
    if (shown > 0) scrollTo(0, this.#pageTop() - this.covered() + top);
    this.#draw();
    if (hadFocus) this.#cell(this.#active)?.focus({ preventScroll: true });
  }

  #scrolled() {
    const now = performance.now();
    const speed = Math.abs(scrollY - this.#seen.top) / Math.max(1, now - this.#seen.time);
    this.#seen = { top: scrollY, time: now };
    if (speed > FAST) this.#thumbnails.hold();
    this.#later();
  }

  #later() {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#draw();
    });
  }

  #draw() {
    if (!this.element.clientWidth || !this.count) return;
    const top = scrollY - this.#pageTop();
    const spare = AROUND * innerHeight;
    const seen = this.layout.rowsBetween(top - spare, top + innerHeight + spare);
    if (!this.element.contains(document.activeElement)) this.#followScroll(top);
    // The row with the focus stays, wherever the page is scrolled to: else the focus would be lost.
    const active = this.layout.find(this.#active);
    const isSeen = seen.some(({ group, row }) => group === active.group && row === active.row);
    const wanted = isSeen ? seen : [...seen, active];
    const keys = new Set(wanted.map(({ group, row }) => `${group}:${row}`));
    for (const [key, row] of this.#rows) {
      if (keys.has(key)) continue;
      this.#forget(row);
      row.remove();
      this.#rows.delete(key);
    }
    const groups = new Set(wanted.map(({ group }) => group));
    for (const [group, section] of this.#sections) {
      if (groups.has(group)) continue;
      section.remove();
      this.#sections.delete(group);
    }
    for (const { group, row } of wanted) {
      if (!this.#sections.has(group)) this.#addSection(group);
      if (row >= 0 && !this.#rows.has(`${group}:${row}`)) this.#addRow(group, row);
    }
    this.#markActive();
    this.#wantPhotos(seen);
  }

  #wantPhotos(rows) {
    const { firsts, columns } = this.layout;
    const shown = rows.filter(({ row }) => row >= 0);
    if (!shown.length) return;
    const first = ({ group, row }) => firsts[group] + row * columns;
    const last = Math.min(this.count, first(shown.at(-1)) + columns) - 1;
    this.pages.want(first(shown[0]), last);
  }

  /** Without the focus, Tab leads to what is seen. */
  #followScroll(top) {
    const first = this.layout.find(this.#active).top;
    if (first >= top + this.covered() - this.layout.side && first < top + innerHeight) return;
    const seen = this.layout
      .rowsBetween(top + this.covered() + this.layout.heading, top + innerHeight)
      .find(({ row }) => row >= 0);
    if (seen) this.#active = this.layout.firsts[seen.group] + seen.row * this.layout.columns;
  }

  #addSection(group) {
    const { title, subtitle, count: photos } = this.layout.groups[group];
    const heading = h(
      "div",
      { class: "group-head", role: "row", "aria-rowindex": this.layout.rows[group] + 1 },
      h(
        "div",
        { role: "rowheader" },
        h("h2", {}, title),
        h("p", {}, [subtitle, count(photos, "photo")].filter(Boolean).join(" · ")),
      ),
    );
    const section = h("div", { class: "group", role: "rowgroup" }, heading);
    section.style.top = `${this.layout.tops[group]}px`;
    section.style.height = `${this.layout.heightOf(group)}px`;
    this.#sections.set(group, section);
    insertInOrder(this.element, section, (each) => Number(each.firstElementChild.ariaRowIndex));
  }

  #addRow(group, row) {
    const { columns, firsts, rows, step, heading } = this.layout;
    const first = firsts[group] + row * columns;
    const last = Math.min(first + columns, firsts[group + 1]);
    const element = h("div", { class: "tiles", role: "row", "aria-rowindex": rows[group] + 2 + row });
    for (let number = first; number < last; number += 1) {
      const cell = makeTile(number, number - first);
      fillTile(cell, this.pages.get(number), this.#thumbnails);
      element.append(cell);
    }
    element.style.top = `${heading + row * step}px`;
    this.#rows.set(`${group}:${row}`, element);
    insertInOrder(this.#sections.get(group), element, (each) => Number(each.ariaRowIndex));
  }

  #forget(row) {
    for (const cell of row.children) dropTile(cell, this.#thumbnails);
  }

  #open(number) {
    if (!this.pages.get(number)) return; // it is not known yet
    this.#active = number;
    this.onopen(number);
  }

  #cell(number) {
    return this.element.querySelector(`[data-number="${number}"]`);
  }

  #markActive() {
    const cell = this.#cell(this.#active);
    const before = this.element.querySelector('[tabindex="0"]');
    if (before !== cell) before?.setAttribute("tabindex", -1);
    cell?.setAttribute("tabindex", 0);
  }

  /** Scroll as little as is needed to see the active photo. */
  #reveal() {
    const { top, row } = this.layout.find(this.#active);
    const above = row === 0 ? this.layout.heading : this.layout.heading - 8; // what its heading covers
    const start = this.#pageTop() + top;
    const [least, most] = [
      start + this.layout.side + this.layout.gap - innerHeight,
      start - above - this.covered(),
    ];
    if (scrollY > most) scrollTo(0, most);
    else if (scrollY < least) scrollTo(0, least);
  }

  #pageTop() {
    return this.element.getBoundingClientRect().top + scrollY;
  }

  #key(event) {
    if (event.altKey || event.metaKey) return;
    const number = Number(document.activeElement?.dataset.number);
    if (!Number.isInteger(number)) return;
    const room = innerHeight - this.covered() - this.layout.heading;
    const target = this.layout.moved(event.key, number, Math.max(1, Math.floor(room / this.layout.step)));
    if (target != null) this.focus(target);
    else if (event.key === "Enter" || event.key === " ") this.#open(number);
    else return;
    event.preventDefault();
  }
}

/** Put an element among its siblings, which are sorted by `order`. */
function insertInOrder(parent, element, order) {
  const mine = order(element);
  let after = parent.lastElementChild;
  while (after && order(after) > mine) after = after.previousElementSibling;
  if (after) after.after(element);
  else parent.prepend(element);
}
