// The canvas of a map: the land in the page's colors, and the scale beside it.

const EARTH_PIXELS_KM = 40075; // around the equator
const SCALE_WIDTH = 110;

/** The page's colors for `drawLand`; to be read anew when it turns light or dark. */
export function readColors() {
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

/** Draw what a view sees on a canvas of its size. */
export function drawLand(canvas, land, { left, top, size, width, height }, colors) {
  const ratio = Math.min(2, devicePixelRatio || 1);
  const pixels = { width: Math.round(width * ratio), height: Math.round(height * ratio) };
  if (canvas.width !== pixels.width || canvas.height !== pixels.height) Object.assign(canvas, pixels);
  const context = canvas.getContext("2d", { alpha: false });
  land.draw(context, { left, top, size, width, height, ratio }, colors);
}

/** A bar of a round number of km, true in the middle of the view; its words are in a <span>. */
export function drawScale(element, view) {
  const y = 0.5 - (view.height / 2 - view.top) / view.size;
  const shrink = 1 / Math.cosh(2 * Math.PI * y); // of Mercator, at this latitude
  const pixelsPerKm = view.size / (EARTH_PIXELS_KM * shrink);
  const most = SCALE_WIDTH / pixelsPerKm;
  const power = 10 ** Math.floor(Math.log10(most));
  const km = [5, 2, 1].find((step) => step * power <= most) * power;
  element.style.width = `${Math.round(km * pixelsPerKm)}px`;
  element.firstElementChild.textContent =
    km < 1 ? `${Math.round(km * 1000)} m` : `${km.toLocaleString("en")} km`;
}
