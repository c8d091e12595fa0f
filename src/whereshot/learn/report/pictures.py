"""Pictures that are part of the page: photos as small JPEGs, drawings of few pixels as PNGs."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from whereshot.errors import PhotoError
from whereshot.photo.thumbnail import QUALITY, thumbnail_jpeg

THUMBNAIL_PX = 240


def thumbnail(path: Path) -> str | None:
    """A photo as a small JPEG in a data URL; None where it can't be read any more."""
    try:
        content = thumbnail_jpeg(path, height=THUMBNAIL_PX)
    except PhotoError:
        return None
    return _as_url(content, "jpeg")


def photo_url(pixels: NDArray[np.uint8]) -> str:
    """Pixels (H, W, 3) as a JPEG in a data URL."""
    return _data_url(Image.fromarray(pixels), "jpeg")


def drawing_url(pixels: NDArray[np.uint8]) -> str:
    """Pixels (H, W, 3) as a PNG in a data URL: every one as it is."""
    return _data_url(Image.fromarray(np.ascontiguousarray(pixels)), "png")


def _data_url(image: Image.Image, kind: Literal["jpeg", "png"]) -> str:
    buffer = io.BytesIO()
    image.save(buffer, kind, quality=QUALITY)
    return _as_url(buffer.getvalue(), kind)


def _as_url(content: bytes, kind: Literal["jpeg", "png"]) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"
