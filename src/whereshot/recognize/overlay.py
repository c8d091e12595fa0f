"""Heat on a photo: colors that cover what is hot, and a line around the landmark."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from whereshot.photo import Box
from whereshot.recognize.colors import heat_colors
from whereshot.recognize.heatmap import Heatmap
from whereshot.recognize.region import Floats, upsample
from whereshot.records import Region

_STRENGTH = 0.65
_DARK, _LIGHT = (20, 10, 40), (255, 250, 220)
_LINE = 1 / 300  # of the longer side


def overlay(
    photo: NDArray[np.uint8], heat: Floats, strength: float = _STRENGTH
) -> NDArray[np.uint8]:
    """A photo (H, W, 3) uint8 with heat (h, w) in 0..1 over all of it, uint8 (H, W, 3).

    The hotter a place, the more of the heat's color covers it, up to `strength` in 0..1; what is
    cold stays, a little paler, so that one still sees what the photo shows.
    """
    if photo.dtype != np.uint8 or photo.ndim != 3 or photo.shape[2] != 3:
        raise ValueError(f"photo must be uint8 (H, W, 3), got {photo.dtype} {photo.shape}")
    if heat.ndim != 2:
        raise ValueError(f"heat must be (h, w), got {heat.shape}")
    if not 0 <= strength <= 1:
        raise ValueError(f"strength must be in [0, 1], got {strength}")
    smooth = upsample(heat, *photo.shape[:2])
    colors = heat_colors()[np.rint(255 * smooth).astype(np.uint8)]  # (H, W, 3)
    cover = (strength * smooth)[..., None]
    mixed = (1 - cover) * _paler(photo, strength) + cover * colors
    return np.rint(mixed).astype(np.uint8)


def heat_layer(heatmap: Heatmap, longest: int) -> NDArray[np.uint8]:
    """A heatmap to lay over its photo, uint8 (H, W, 4): the photo's shape, `longest` px at most.

    What is cold is transparent, and so is all that the network does not look at.
    """
    scale = min(1.0, longest / max(heatmap.width, heatmap.height))
    width, height = (max(1, round(scale * side)) for side in (heatmap.width, heatmap.height))
    across, down = width / heatmap.width, height / heatmap.height
    left, top, right, bottom = _whole_pixels(heatmap.box, across, down)
    smooth = upsample(heatmap.values, bottom - top, right - left)
    layer = np.zeros((height, width, 4), np.uint8)
    colors = heat_colors()[np.rint(255 * smooth).astype(np.uint8)]
    cover = np.rint(255 * _STRENGTH * smooth).astype(np.uint8)
    layer[top:bottom, left:right] = np.dstack([colors, cover])[: height - top, : width - left]
    region = heatmap.region
    if region is None:
        return layer
    image = Image.fromarray(layer)
    _draw_outline(image, tuple((x * across, y * down) for x, y in region))
    return np.asarray(image)


def draw_heatmap(photo: NDArray[np.uint8], heatmap: Heatmap) -> NDArray[np.uint8]:
    """A photo (H, W, 3) uint8 with its heatmap over it and a line around its region.

    The photo is upright, at any scale. What the network does not look at stays cold.
    """
    height, width = photo.shape[:2]
    across, down = width / heatmap.width, height / heatmap.height
    left, top, right, bottom = _whole_pixels(heatmap.box, across, down)
    shown = overlay(photo, np.zeros((1, 1)))
    part = np.s_[top:bottom, left:right]
    shown[part] = overlay(photo[part], heatmap.values)
    region = heatmap.region
    if region is None:
        return shown
    return _outlined(shown, tuple((x * across, y * down) for x, y in region))


def _whole_pixels(box: Box, across: float, down: float) -> tuple[int, int, int, int]:
    left, top, right, bottom = box
    x, y = round(left * across), round(top * down)
    return x, y, max(x + 1, round(right * across)), max(y + 1, round(bottom * down))


def _outlined(photo: NDArray[np.uint8], region: Region) -> NDArray[np.uint8]:
    image = Image.fromarray(photo)
    _draw_outline(image, region)
    return np.asarray(image)


def _draw_outline(image: Image.Image, region: Region) -> None:
    """A light line on a wider dark one: it shows on every ground."""
    pen = ImageDraw.Draw(image)
    thin = max(1, round(_LINE * max(image.size)))
    # The closing line runs over the first one, so that its corner is joined as the others are.
    around = [*region, *region[:2]]
    pen.line(around, fill=_DARK, width=3 * thin, joint="curve")
    pen.line(around, fill=_LIGHT, width=thin, joint="curve")


def _paler(photo: NDArray[np.uint8], strength: float) -> Floats:
    """The photo with half of its color, so that the heat's own colors can be told from it."""
    grey = photo.mean(axis=2, keepdims=True)
    return photo + 0.8 * strength * (grey - photo)
