"""A photo file in, upright sRGB pixels out: the one decoder of training, evaluation, inference."""

from __future__ import annotations

import io
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import simplejpeg
from PIL import Image, ImageOps
from PIL.JpegImagePlugin import JpegImageFile

from whereshot.errors import (
    DamagedPhotoError,
    PhotoError,
    PhotoTooLargeError,
    UnsupportedPhotoError,
)
from whereshot.photo.color import flatten, to_8bit, to_srgb
from whereshot.photo.exif import orientation_of
from whereshot.photo.formats import HEAD_BYTES, sniff
from whereshot.photo.jpeg import JpegHeader, read_jpeg_header, without_metadata
from whereshot.photo.readers import open_image
from whereshot.photo.source import DEFAULT_LIMITS, Limits, check_size, describe, read_photo
from whereshot.records import Photo

Pixels = npt.NDArray[np.uint8]

_MODES = {1: ("GRAY", "L"), 3: ("RGB", "RGB"), 4: ("CMYK", "CMYK")}
# Huffman codes take a bit a block of 64 pixels or more, and at most 8 such blocks share one code:
# a JPEG with more pixels a byte has lost its end, or is made to waste memory.
_MOST_PIXELS_A_BYTE = 512
_MOST_SCANS = 200  # progressive photos have about 10; each costs a pass over the whole image


class Decoded(NamedTuple):
    """Pixels (H, W, 3), maybe reduced, and the upright photo's own width and height in px."""

    pixels: Pixels
    width: int
    height: int


def decode(
    source: Photo, *, min_side: int | None = None, limits: Limits = DEFAULT_LIMITS
) -> Pixels:
    """Decode a photo to pixels (H, W, 3) uint8, upright, sRGB.

    The first frame of an animation; transparency over white; EXIF orientation applied; 16 bits
    scaled to 8. With `min_side`, a JPEG is decoded at the smallest DCT scale (1/8 to 8/8) whose
    shorter side is at least that, and other formats are reduced by the largest whole factor that
    keeps it; a photo that is smaller stays as it is.

    Raises PhotoNotFoundError, PhotoAccessError, PhotoTooLargeError (checked before pixels are
    decoded), UnsupportedPhotoError or DamagedPhotoError. A photo whose end is missing is damaged;
    one with wrong bytes in the middle is decoded as far as its decoder goes along, as in viewers.
    """
    return decode_sized(source, min_side=min_side, limits=limits).pixels


def decode_sized(
    source: Photo, *, min_side: int | None = None, limits: Limits = DEFAULT_LIMITS
) -> Decoded:
    """`decode`, with the size that the upright photo had before it was reduced."""
    if min_side is not None and min_side < 1:
        raise ValueError(f"min_side must be 1 pixel or more, got {min_side}")
    data = read_photo(source, limits)
    try:
        return _decode(data, min_side or 0, limits)
    except PhotoError as error:
        # The parts below say what is wrong; here it gets the photo's name.
        raise type(error)(f"{describe(source)} {error}") from error.__cause__
    except Image.DecompressionBombError as error:
        raise PhotoTooLargeError(
            f"{describe(source)} is larger than its decoder accepts. Make it smaller."
        ) from error
    except MemoryError as error:
        raise PhotoTooLargeError(
            f"{describe(source)} needs more memory than there is. Make it smaller."
        ) from error
    except Exception as error:
        raise DamagedPhotoError(
            f"{describe(source)} is damaged ({_reason(error)}). Copy it again from where it came."
        ) from error


def _reason(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__


def _decode(data: bytes, min_side: int, limits: Limits) -> Decoded:
    kind = sniff(data[:HEAD_BYTES])
    if kind == "JPEG":
        return _decode_jpeg(data, min_side, limits)
    opened = open_image(data, kind, limits)
    opened.image.load()
    size = opened.image.size
    image = to_8bit(opened.image, opened.white)
    if opened.inverted:
        image = ImageOps.invert(image)
    if (factor := min(image.size) // min_side if min_side else 1) > 1:
        image = image.reduce(factor)
    image = to_srgb(flatten(image), opened.profile)
    return _upright(np.array(image), opened.orientation, size)


def _decode_jpeg(data: bytes, min_side: int, limits: Limits) -> Decoded:
    header = read_jpeg_header(io.BytesIO(data))
    _check_jpeg(data, header, limits)
    stored = _jpeg_pixels(data, header, min_side)
    if header.icc is None and stored.shape[2] == 3:
        pixels = stored
    elif header.icc is None and stored.shape[2] == 1:
        pixels = np.repeat(stored, 3, axis=2)
    else:
        mode = _MODES[header.components][1]  # four channels would be taken for RGBA
        image = Image.fromarray(stored.squeeze(2) if mode == "L" else stored, mode)
        pixels = np.array(to_srgb(image, header.icc))
    return _upright(pixels, orientation_of(header.exif), (header.width, header.height))


def _check_jpeg(data: bytes, header: JpegHeader, limits: Limits) -> None:
    check_size(header.width, header.height, limits)
    if header.precision != 8 or header.components not in _MODES or header.frame in (3, 5, 6, 7):
        raise UnsupportedPhotoError(
            f"is a JPEG of {header.components} components, {header.precision} bits and kind "
            f"SOF{header.frame}, which nothing here decodes. Export it as a plain JPEG."
        )
    whole = data.rfind(b"\xff\xd9", header.scan_offset) >= 0
    if not whole or header.width * header.height > _MOST_PIXELS_A_BYTE * len(data):
        raise DamagedPhotoError("is a truncated JPEG. Copy it again from where it came.")
    if header.frame in (2, 10) and data.count(b"\xff\xda", header.scan_offset) > _MOST_SCANS:
        raise DamagedPhotoError("is a JPEG with far too many scans. Export it again.")


def _jpeg_pixels(data: bytes, header: JpegHeader, min_side: int) -> npt.NDArray[Any]:
    """The pixels (h, w, 1, 3 or 4) as stored, reduced as far as `min_side` allows.

    CMYK is inverted, as Adobe has written it in JPEGs since the beginning.
    """
    colors, mode = _MODES[header.components]
    if min(header.width, header.height) <= min_side:
        min_side = 0
    for strict in (True, False):
        try:
            pixels = simplejpeg.decode_jpeg(
                data, colors, min_height=min_side, min_width=min_side, strict=strict
            )
        except ValueError as error:
            if "Premature end of JPEG" in str(error):
                raise
            if not str(error).startswith("Corrupt JPEG data"):
                break  # sampling factors that TurboJPEG has no name for, and the like
        else:
            return 255 - pixels if mode == "CMYK" else pixels
    image = JpegImageFile(io.BytesIO(without_metadata(data, header)))
    if min_side:
        image.draft(None, (min_side, min_side))
    pixels = np.array(image.convert(mode) if image.mode != mode else image)
    return pixels.reshape(*pixels.shape[:2], -1)


def _upright(pixels: Pixels, orientation: int, size: tuple[int, int]) -> Decoded:
    """Undo what EXIF orientation 1 to 8 says of stored pixels (h, w, 3), and of their full size."""
    width, height = size
    if orientation >= 5:
        pixels = pixels.transpose(1, 0, 2)
        width, height = height, width
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return Decoded(np.ascontiguousarray(pixels), width, height)
