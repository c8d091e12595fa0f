"""A photo file in, upright sRGB pixels out: the one decoder of training, evaluation, inference."""

from __future__ import annotations

import io

import numpy as np
import numpy.typing as npt
import simplejpeg
from PIL import Image, ImageOps

from whereshot.errors import DamagedPhotoError
from whereshot.photo.source import Limits, describe, read_photo
from whereshot.records import Photo


def decode(
    source: Photo, *, min_side: int | None = None, limits: Limits | None = None
) -> npt.NDArray[np.uint8]:
    """Decode a photo to pixels (H, W, 3) uint8, upright."""
    data = read_photo(source, limits)
    try:
        with Image.open(io.BytesIO(data), formats=("JPEG", "PNG", "WEBP")) as image:
            orientation = image.getexif().get(274, 1)
            if image.format == "JPEG" and image.mode in ("RGB", "L"):
                side = min_side or 0
                pixels = simplejpeg.decode_jpeg(data, "RGB", min_height=side, min_width=side)
                if orientation == 1:
                    return pixels
                upright = Image.fromarray(pixels)
                upright.getexif()[274] = orientation
                return np.array(ImageOps.exif_transpose(upright))
            return np.array(ImageOps.exif_transpose(image).convert("RGB"))
    except Exception as error:
        raise DamagedPhotoError(f"{describe(source)} can't be decoded: {error}") from error
