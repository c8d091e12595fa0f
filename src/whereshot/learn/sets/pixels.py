"""What the pixels of a photo tell beyond its file: how fine their detail is, and their mean."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from whereshot.photo import Preprocessing, prepare

DETAIL_SIDE = 256
"""Pixels of the shorter side at which detail is measured: about what networks look at."""

SOFT = 0.35
"""Photos whose `detail` is below this are enlarged or blurred.

Of 120 web photos with a shorter side of 256 px, all but one are above 0.4 (that one was enlarged by
its source). Of the same photos reduced to half and enlarged again, 3 in 4 are below 0.35; reduced
to a third or less, all are below 0.27.
"""

MEAN_SIDE = 64  # pixels a side of a mean photo
_LEVELS = 4  # halvings that are compared
_FLAT = 0.5  # grey levels: where halving takes less away, there is only noise to compare


def detail(pixels: NDArray[np.uint8]) -> float | None:
    """How much of the finest detail a photo (H, W, 3) has, compared with coarser detail.

    The root mean square of what is lost when its sides are halved, over the mean of what is lost
    in the next three halvings: about 0.8 in photos as cameras make them, whatever they show, since
    scenes have edges of all sizes (D. L. Ruderman, "The statistics of natural images", Network 5,
    1994). Photos above `DETAIL_SIDE` are reduced to it first. None for a plain surface, and for
    less than 32 px a side.
    """
    grey = Image.fromarray(pixels).convert("L")
    shorter = min(grey.size)
    if shorter < 2 ** (_LEVELS + 1):
        return None
    if shorter > DETAIL_SIDE:
        grey = grey.resize(_scaled(grey.size, DETAIL_SIDE / shorter), Image.Resampling.LANCZOS)
    lost: list[float] = []
    for _ in range(_LEVELS):
        grey, levels = _halved(grey)
        lost.append(levels)
    coarser = sum(lost[1:]) / len(lost[1:])
    return lost[0] / coarser if coarser >= _FLAT else None


def _halved(grey: Image.Image) -> tuple[Image.Image, float]:
    """A photo with half the sides, and the root mean square of the grey levels that it lost."""
    half = grey.resize(_scaled(grey.size, 0.5), Image.Resampling.LANCZOS)
    again = half.resize(grey.size, Image.Resampling.BICUBIC)
    lost = np.asarray(grey, np.float32) - np.asarray(again, np.float32)
    return half, float(np.sqrt(np.mean(lost**2)))


def _scaled(size: tuple[int, int], factor: float) -> tuple[int, int]:
    return max(1, round(size[0] * factor)), max(1, round(size[1] * factor))


class MeanPhoto:
    """The mean of photos as they come, each cropped to its central square."""

    def __init__(self) -> None:
        self._sum = np.zeros((MEAN_SIDE, MEAN_SIDE, 3), np.float64)
        self.photos = 0

    def add(self, square: NDArray[np.uint8]) -> None:
        """Count in a photo as `square_of` gives it."""
        self._sum += square
        self.photos += 1

    def merged(self, other: MeanPhoto) -> MeanPhoto:
        """The mean of both sets of photos."""
        both = MeanPhoto()
        both._sum = self._sum + other._sum
        both.photos = self.photos + other.photos
        return both

    def pixels(self) -> NDArray[np.uint8] | None:
        """The mean as (64, 64, 3) uint8, None without photos."""
        return (self._sum / self.photos).round().astype(np.uint8) if self.photos else None


def square_of(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The central square of a photo (H, W, 3), as (64, 64, 3) uint8."""
    return prepare(pixels, Preprocessing(MEAN_SIDE, "crop"))
