"""Heat on a photo: cells as smooth as the photo's pixels, and colors on top of it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from whereshot.learn.explain.activation import Floats
from whereshot.learn.explain.colors import heat_colors
from whereshot.photo import Preprocessing, prepare
from whereshot.photo.prepare import Fit


def seen_part(photo: NDArray[np.uint8], fit: Fit) -> NDArray[np.uint8]:
    """The part of a photo (H, W, 3) that a network looks at, in the photo's own proportions."""
    return photo if fit == "squash" else prepare(photo, Preprocessing(min(photo.shape[:2]), fit))


def upsample(heat: Floats, height: int, width: int) -> NDArray[np.float32]:
    """Cells (h, w) in 0..1 as smooth pixels (height, width) in 0..1."""
    image = Image.fromarray(heat.astype(np.float32))
    resized = image.resize((width, height), Image.Resampling.BICUBIC)
    return np.clip(np.asarray(resized, dtype=np.float32), 0, 1)


def overlay(photo: NDArray[np.uint8], heat: Floats, strength: float = 0.65) -> NDArray[np.uint8]:
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


def _paler(photo: NDArray[np.uint8], strength: float) -> Floats:
    """The photo with half of its color, so that the heat's own colors can be told from it."""
    grey = photo.mean(axis=2, keepdims=True)
    return photo + 0.8 * strength * (grey - photo)
