"""From decoded pixels to the square that a network looks at: one way, for all who need it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt
from PIL import Image

Fit = Literal["crop", "squash"]
Box = tuple[float, float, float, float]
"""Left, top, right and bottom, in px from the upper left corner."""


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """What a network expects: a square of `size` pixels, and how other shapes become one.

    `crop` scales the shorter side to `size` and keeps the centre; `squash` scales both sides to
    `size` and ignores the aspect ratio.
    """

    size: int
    fit: Fit = "crop"

    def __post_init__(self) -> None:
        if self.size < 1:
            raise ValueError(f"size must be 1 pixel or more, got {self.size}")
        if self.fit not in get_args(Fit):
            raise ValueError(f"fit must be one of {', '.join(get_args(Fit))}, got {self.fit!r}")


def prepare(pixels: npt.NDArray[Any], preprocessing: Preprocessing) -> npt.NDArray[np.uint8]:
    """Resize pixels (H, W, 3) uint8 to (S, S, 3) uint8, bicubic with antialias.

    Raises ValueError for another shape or dtype.
    """
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3 or 0 in pixels.shape:
        raise ValueError(
            f"pixels must be uint8 of shape (H, W, 3), got {pixels.dtype} of shape {pixels.shape}"
        )
    height, width = pixels.shape[:2]
    # Only what is seen is resized: scaling a 1 x 5000 strip first would take gigabytes.
    box = seen_box(width, height, preprocessing.fit)
    square = (preprocessing.size, preprocessing.size)
    resized = Image.fromarray(pixels).resize(square, Image.Resampling.BICUBIC, box)
    return np.array(resized, dtype=np.uint8)


def seen_box(width: int, height: int, fit: Fit) -> Box:
    """The part of a photo that becomes the square: the centre of a `crop`, all of a `squash`.

    >>> seen_box(400, 300, "crop"), seen_box(400, 300, "squash")
    ((50.0, 0.0, 350.0, 300.0), (0.0, 0.0, 400.0, 300.0))
    """
    if fit == "squash":
        return (0.0, 0.0, float(width), float(height))
    side = min(width, height)
    left, top = (width - side) / 2, (height - side) / 2
    return (left, top, left + side, top + side)
