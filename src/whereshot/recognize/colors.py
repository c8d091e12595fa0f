"""The colors of heat: from dark violet over red to pale yellow, even steps for the eye.

The ramp is a path through OKLab: its lightness grows by the same amount from entry to entry, so
that twice the heat looks twice as bright, in print and to the color-blind too.

Reference: B. Ottosson, "A perceptual color space for image processing" (2020).
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]

_DARK, _LIGHT = 0.28, 0.95  # lightness of no heat and of all heat
# Hue (degrees) and chroma at even steps of heat.
_HUES = (295.0, 325.0, 370.0, 402.0, 430.0, 463.0)
_CHROMAS = (0.10, 0.17, 0.19, 0.19, 0.16, 0.10)


@cache
def heat_colors() -> NDArray[np.uint8]:
    """The ramp: (256, 3) uint8 sRGB, from no heat to all of it. Don't write to it."""
    heat = np.linspace(0, 1, 256)
    stops = np.linspace(0, 1, len(_HUES))
    hue = np.radians(np.interp(heat, stops, _HUES))
    chroma = np.interp(heat, stops, _CHROMAS)
    lightness = _DARK + (_LIGHT - _DARK) * heat
    lab = np.stack([lightness, chroma * np.cos(hue), chroma * np.sin(hue)], axis=1)
    colors = np.rint(255 * _srgb(lab)).astype(np.uint8)
    colors.setflags(write=False)
    return colors


def _srgb(lab: Floats) -> Floats:
    """OKLab (N, 3) as sRGB (N, 3) in 0..1; what sRGB can't show is cut off."""
    to_cones = np.array(
        [
            [1.0, 0.3963377774, 0.2158037573],
            [1.0, -0.1055613458, -0.0638541728],
            [1.0, -0.0894841775, -1.2914855480],
        ]
    )
    to_linear = np.array(
        [
            [4.0767416621, -3.3077115913, 0.2309699292],
            [-1.2684380046, 2.6097574011, -0.3413193965],
            [-0.0041960863, -0.7034186147, 1.7076147010],
        ]
    )
    linear = np.clip((lab @ to_cones.T) ** 3 @ to_linear.T, 0, 1)
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
