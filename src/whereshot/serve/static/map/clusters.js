// Photos that would lie on top of each other, as one.

const CELL = 76; // pixels between the middles of two groups, about

/** Groups [{x, y, photos}] of photos for a map whose world is `size` pixels wide; x and y as those
 * of the photos, in the middle of the group. The larger groups come first. */
export function cluster(photos, size) {
  const cells = new Map();
  const cell = CELL / size;
  for (const photo of photos) {
    const key = Math.floor(photo.x / cell) * 1e7 + Math.floor(photo.y / cell);
    const found = cells.get(key);
    if (!found) {
      cells.set(key, { key, x: photo.x, y: photo.y, photos: [photo] });
      continue;
    }
    found.photos.push(photo);
    const weight = 1 / found.photos.length;
    found.x += (photo.x - found.x) * weight;
    found.y += (photo.y - found.y) * weight;
  }
  const largest = [...cells.values()].sort((a, b) => b.photos.length - a.photos.length);
  for (const group of largest) if (cells.has(group.key)) absorb(group, cells, cell);
  return largest.filter(({ key }) => cells.has(key));
}

/** Take in the groups of the cells around that are too close by: a grid alone would split what
 * lies on one of its lines. */
function absorb(group, cells, cell) {
  for (const dx of [-1e7, 0, 1e7]) {
    for (const dy of [-1, 0, 1]) {
      const other = cells.get(group.key + dx + dy);
      if (!other || other === group) continue;
      if (Math.hypot(other.x - group.x, other.y - group.y) > 0.8 * cell) continue;
      const [a, b] = [group.photos.length, other.photos.length];
      group.x = (group.x * a + other.x * b) / (a + b);
      group.y = (group.y * a + other.y * b) / (a + b);
      for (const photo of other.photos) group.photos.push(photo);
      cells.delete(other.key);
    }
  }
}
