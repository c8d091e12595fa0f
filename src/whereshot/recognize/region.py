"""From heat to a polygon: the outline of the hottest place, tight and with few corners.

h x w cells; the fine grid has `_FINEST` points a side or fewer.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from whereshot.records import Region

Floats = NDArray[np.floating]
_Corner = tuple[int, int]

THRESHOLD = 0.2
"""The share of the greatest heat from which a place counts as part of the landmark.

Chosen on held-out training photos, see docs/log.md: a higher one cuts off parts by which the
network still recognizes the landmark, a lower one keeps more of what is around it.
"""
_FINER = 8  # points of the fine grid in the side of a cell
_FINEST = 160
_CUT_OFF = 0.01  # a corner goes if that costs no more than this share of the polygon's area


def upsample(heat: Floats, height: int, width: int) -> NDArray[np.float32]:
    """Cells (h, w) in 0..1 as smooth pixels (height, width) in 0..1."""
    image = Image.fromarray(heat.astype(np.float32))
    resized = image.resize((width, height), Image.Resampling.BICUBIC)
    return np.clip(np.asarray(resized, dtype=np.float32), 0, 1)


def outline(heat: Floats, threshold: float = THRESHOLD) -> Region | None:
    """The convex outline of the hottest place of heat (h, w) in 0..1, in a square of side 1.

    The place is all that hangs together with the hottest point and has at least `threshold` of its
    heat. Cells are large (a ninth of the photo's side in the shipped network), so the border runs
    between them, where the interpolated heat falls below. None if there is no heat at all.

    >>> outline(np.ones((2, 2)))
    ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
    """
    if heat.ndim != 2 or 0 in heat.shape:
        raise ValueError(f"heat must be (h, w), got {heat.shape}")
    if not 0 < threshold <= 1:
        raise ValueError(f"threshold must be in (0, 1], got {threshold}")
    finer = max(1, min(_FINER, _FINEST // max(heat.shape)))
    height, width = finer * heat.shape[0], finer * heat.shape[1]
    smooth = upsample(heat, height, width)
    most = float(smooth.max())
    if not most > 0:
        return None
    row, column = divmod(int(smooth.argmax()), width)
    corners = _with_few_corners(_hull(_connected(smooth >= threshold * most, row, column)))
    return tuple((x / width, y / height) for x, y in corners)


def _connected(hot: NDArray[np.bool_], row: int, column: int) -> NDArray[np.bool_]:
    """The points that hang together with one of them, up, down, left and right."""
    found = np.zeros_like(hot)
    found[row, column] = True
    count = 1
    while True:
        grown = found.copy()
        grown[1:] |= found[:-1]
        grown[:-1] |= found[1:]
        grown[:, 1:] |= found[:, :-1]
        grown[:, :-1] |= found[:, 1:]
        found = grown & hot
        if (now := int(found.sum())) == count:
            return found
        count = now


def _hull(points: NDArray[np.bool_]) -> list[_Corner]:
    """The convex hull of points, each a square of side 1: clockwise on a screen, from top left.

    Reference: A. M. Andrew, "Another efficient algorithm for convex hulls in two dimensions",
    Information Processing Letters 9 (1979).
    """
    corners: set[_Corner] = set()
    for row in np.flatnonzero(points.any(axis=1)).tolist():
        columns = np.flatnonzero(points[row])
        for x in (int(columns[0]), int(columns[-1]) + 1):
            corners |= {(x, row), (x, row + 1)}
    ordered = sorted(corners, key=lambda corner: (corner[1], corner[0]))
    return [*_chain(ordered), *_chain(ordered[::-1])]


def _chain(ordered: list[_Corner]) -> list[_Corner]:
    """One side of the hull, without its last corner, which the other side begins with."""
    kept: list[_Corner] = []
    for corner in ordered:
        while len(kept) > 1 and _twice_area(kept[-2], kept[-1], corner) <= 0:
            kept.pop()
        kept.append(corner)
    return kept[:-1]


def _twice_area(a: _Corner, b: _Corner, c: _Corner) -> int:
    """Twice the area of a triangle; positive if its corners run clockwise on a screen."""
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _with_few_corners(corners: list[_Corner]) -> list[_Corner]:
    """The polygon without the corners that hardly matter, and with four or more."""
    kept = list(corners)
    whole = sum(_twice_area(kept[0], b, c) for b, c in pairwise(kept[1:]))
    while len(kept) > 4:
        losses = [
            _twice_area(kept[at - 1], corner, kept[(at + 1) % len(kept)])
            for at, corner in enumerate(kept)
        ]
        if min(losses) > _CUT_OFF * whole:
            break
        del kept[losses.index(min(losses))]
    return kept
