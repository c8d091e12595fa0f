// Pictures that are loaded while they can be seen, few at once, and not at all once they are gone.

const AT_ONCE = 6; // connections that a browser has to one server
const CALM = 120; // milliseconds without a fast scroll before pictures are asked for again

export class Thumbnails {
  #waiting = new Map(); // image -> address
  #loading = new Set();
  #pause = 0;

  /** Load a picture when it is its turn; the one that was asked for last comes first. */
  want(image, address) {
    this.#waiting.set(image, address);
    this.#next();
  }

  /** It can't be seen any more: forget it, or stop it halfway. */
  drop(image) {
    this.#waiting.delete(image);
    if (this.#loading.delete(image)) image.removeAttribute("src");
    this.#next();
  }

  /** The person scrolls past thousands: ask for nothing until that is over. */
  hold() {
    clearTimeout(this.#pause);
    this.#pause = setTimeout(() => {
      this.#pause = 0;
      this.#next();
    }, CALM);
  }

  #next() {
    while (!this.#pause && this.#waiting.size && this.#loading.size < AT_ONCE) {
      const [image, address] = [...this.#waiting].at(-1);
      this.#waiting.delete(image);
      this.#loading.add(image);
      const settle = (state) => {
        image.dataset.state = state;
        if (this.#loading.delete(image)) this.#next();
      };
      image.onload = () => settle("there");
      image.onerror = () => settle("missing");
      image.src = address;
    }
  }
}
