"""A photo as a small JPEG, to be looked at: upright, sRGB, and without what its EXIF tells."""

from __future__ import annotations

import io

from PIL import Image

from whereshot.photo.decode import decode
from whereshot.photo.source import DEFAULT_LIMITS, Limits
from whereshot.records import Photo

QUALITY = 72


def thumbnail_jpeg(photo: Photo, *, height: int, limits: Limits = DEFAULT_LIMITS) -> bytes:
    """A photo, scaled down to fit a height, and a width of twice that.

    Raises `PhotoError` if the photo can't be read.
    """
    image = Image.fromarray(decode(photo, min_side=height, limits=limits))
    image.thumbnail((2 * height, height))
    buffer = io.BytesIO()
    image.save(buffer, "jpeg", quality=QUALITY)
    return buffer.getvalue()
