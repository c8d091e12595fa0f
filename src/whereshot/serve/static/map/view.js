// What part of the world is in view: moved, zoomed, by pointer, wheel and keys.

const MOST = 2 ** 24; // pixels around the world: some 2 m each
const STEP = 1.6; // of a button or a key
const MOVE = 120; // pixels of an arrow key
const CLICK = 4; // pixels that a hand may tremble

/** The view of an element: {left, top, size, width, height}; `onchange` is called after each
 * change, at most once a frame. */
export class View {
  #pointers = new Map();
  #frame = 0;

  constructor(element, onchange) {
    this.element = element;
    this.onchange = onchange;
    Object.assign(this, { left: 0, top: 0, size: 1024, width: 1, height: 1, moved: false });
    element.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    element.addEventListener("pointerdown", (event) => this.#down(event));
    element.addEventListener("pointermove", (event) => this.#move(event));
    for (const name of ["pointerup", "pointercancel"]) {
      element.addEventListener(name, (event) => this.#pointers.delete(event.pointerId));
    }
    element.addEventListener("keydown", (event) => this.#key(event));
    element.addEventListener("dblclick", (event) => {
      if (event.target.closest("button")) return;
      this.zoom(STEP, ...this.#at(event));
    });
    new ResizeObserver(() => this.#resize()).observe(element);
    this.#measure();
  }

  /** Zoom by a factor around a point of the element, by default its middle. */
  zoom(factor, x = this.width / 2, y = this.height / 2) {
    const size = Math.min(MOST, Math.max(this.#least(), this.size * factor));
    const by = size / this.size;
    this.set(x - (x - this.left) * by, y - (y - this.top) * by, size);
  }

  /** Show a box [left, top, right, bottom] of the unit square with room around it: `padding` in
   * pixels, above, right, below, left. The world is at most `most` pixels wide then. */
  fit([left, top, right, bottom], padding = [60, 60, 60, 60], most = MOST) {
    this.#measure(); // what is beside it may have come or gone since the last frame
    const room = [
      Math.max(80, this.width - padding[3] - padding[1]),
      Math.max(80, this.height - padding[0] - padding[2]),
    ];
    const size = Math.min(
      most,
      room[0] / Math.max(right - left, 1e-9),
      room[1] / Math.max(bottom - top, 1e-9),
    );
    const wide = Math.max(this.#least(), size);
    this.set(
      padding[3] + room[0] / 2 - ((left + right) / 2) * wide,
      padding[0] + room[1] / 2 - ((top + bottom) / 2) * wide,
      wide,
    );
  }

  set(left, top, size) {
    this.size = size;
    this.left = left;
    // The poles stay where they can be seen; east and west go round.
    const slack = Math.max(0, this.height - size) / 2;
    this.top = Math.min(slack, Math.max(this.height - size - slack, top));
    this.#changed();
  }

  /** Where a point of the unit square is in the element; of its copies, the one nearest to the
   * middle. */
  place(x, y) {
    const raw = this.left + x * this.size;
    const round = Math.round((this.width / 2 - raw) / this.size);
    return [raw + round * this.size, this.top + y * this.size];
  }

  #changed() {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.onchange(this);
    });
  }

  #least() {
    return Math.max(256, Math.min(this.width, this.height));
  }

  #measure() {
    this.width = this.element.clientWidth || 1;
    this.height = this.element.clientHeight || 1;
  }

  #resize() {
    const [x, y] = [this.width, this.height];
    this.#measure();
    const size = Math.max(this.size, this.#least());
    const by = size / this.size;
    this.set(this.width / 2 - (x / 2 - this.left) * by, this.height / 2 - (y / 2 - this.top) * by, size);
  }

  #at(event) {
    const box = this.element.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  #wheel(event) {
    event.preventDefault();
    const unit = [1, 20, 400][event.deltaMode]; // pixels, lines, pages
    const delta = Math.max(-240, Math.min(240, event.deltaY * unit));
    this.zoom(Math.exp(-delta * (event.ctrlKey ? 0.01 : 0.003)), ...this.#at(event));
  }

  #down(event) {
    if (event.button !== 0) return;
    this.moved = false;
    this.#pointers.set(event.pointerId, { at: this.#at(event), from: this.#at(event) });
  }

  #move(event) {
    const pointer = this.#pointers.get(event.pointerId);
    if (!pointer) return;
    if (event.pointerType === "mouse" && !event.buttons) {
      this.#pointers.delete(event.pointerId); // let go outside of the window
      return;
    }
    const now = this.#at(event);
    if (Math.hypot(now[0] - pointer.from[0], now[1] - pointer.from[1]) > CLICK && !this.moved) {
      this.moved = true;
      // Not before: a captured pointer clicks on what captures it, and not on a group.
      this.element.setPointerCapture(event.pointerId);
    }
    const others = [...this.#pointers].filter(([id]) => id !== event.pointerId);
    const before = pointer.at;
    pointer.at = now;
    if (!this.moved) return;
    if (!others.length) {
      this.set(this.left + now[0] - before[0], this.top + now[1] - before[1], this.size);
      return;
    }
    const [, { at: fixed }] = others[0];
    const apart = (point) => Math.hypot(point[0] - fixed[0], point[1] - fixed[1]) || 1;
    this.zoom(apart(now) / apart(before), ...fixed);
  }

  #key(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const moves = {
      ArrowLeft: [MOVE, 0],
      ArrowRight: [-MOVE, 0],
      ArrowUp: [0, MOVE],
      ArrowDown: [0, -MOVE],
    };
    if (moves[event.key]) {
      const [x, y] = moves[event.key];
      this.set(this.left + x, this.top + y, this.size);
    } else if (event.key === "+" || event.key === "=") this.zoom(STEP);
    else if (event.key === "-") this.zoom(1 / STEP);
    else return;
    event.preventDefault();
  }
}
