"""Photos that weigh what a phone's weigh: 12 megapixels, with the grain of a small sensor."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

SIZE = (4000, 3000)
_QUALITY = 90


def grain(rng: np.random.Generator) -> np.ndarray:
    """Noise for one photo, (H, W, 1) float64."""
    return rng.normal(0, 6, (SIZE[1], SIZE[0], 1))


def phone_jpeg(picture: Image.Image, noise: np.ndarray) -> bytes:
    """A picture, enlarged, with noise, as a JPEG of a few megabytes."""
    large = np.asarray(picture.convert("RGB").resize(SIZE, Image.Resampling.BICUBIC))
    noisy = np.clip(large + noise, 0, 255).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noisy).save(buffer, "JPEG", quality=_QUALITY)
    return buffer.getvalue()
