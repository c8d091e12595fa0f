"""Opens every format but JPEG, up to the point where pixels would be decoded.

Each reader checks the header, and hands the decoder only what it needs for the pixels: text,
metadata and animation chunks are where decoders spend memory and emit warnings. Pillow's own
`open` is not used: it guesses formats, and warns process-wide about sizes that `Limits` judges.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pi_heif
from PIL import Image
from PIL.AvifImagePlugin import AvifImageFile
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from whereshot.errors import DamagedPhotoError, UnsupportedPhotoError
from whereshot.photo.bmff import without_metadata
from whereshot.photo.exif import orientation_of
from whereshot.photo.formats import Format
from whereshot.photo.source import Limits, check_size
from whereshot.photo.tiff import Tiff

_PNG_CHUNKS = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND", b"iCCP"}

# What TIFF decoders need for the pixels, so without resolution, text, thumbnails and metadata.
_TIFF_LISTS = {258, 273, 279, 292, 293, 320, 324, 325, 332, 338, 339, 347, *range(512, 533)}
_MOST_SAMPLES = 6  # of TIFF: Pillow skips what is beyond colour and transparency, up to here
_TIFF_SINGLES = {256, 257, 259, 262, 266, 277, 278, 284, 317, 322, 323}


@dataclass(frozen=True, slots=True)
class Opened:
    """An image that is about to be decoded, and what has to be done to its pixels then."""

    image: Image.Image
    orientation: int = 1
    profile: bytes | None = None
    white: float | None = None
    inverted: bool = False


def open_image(data: bytes, kind: Format, limits: Limits) -> Opened:
    """Open a photo that is no JPEG; its pixels are decoded when they are asked for.

    Raises PhotoTooLargeError, DamagedPhotoError, UnsupportedPhotoError, and whatever the decoders
    of damaged files raise.
    """
    match kind:
        case "PNG":
            return _open_png(data, limits)
        case "WEBP":
            return _open_webp(data, limits)
        case "TIFF":
            return _open_tiff(data, limits)
        case "HEIC":
            return _open_heic(data, limits)
        case "AVIF":
            return _open_avif(data, limits)
        case "GIF" | "BMP":
            reader = GifImageFile if kind == "GIF" else BmpImageFile
            image = reader(io.BytesIO(data))
            check_size(*image.size, limits)
            return Opened(image)
        case "JPEG":
            raise AssertionError("JPEGs have a decoder of their own")


def _open_png(data: bytes, limits: Limits) -> Opened:
    chunks = list(png_chunks(data))
    if not chunks or chunks[-1][0] != b"IEND" or chunks[0][0] != b"IHDR":
        raise DamagedPhotoError("is a truncated or damaged PNG. Copy it again from where it came.")
    check_size(*struct.unpack(">II", data[16:24]), limits)
    kept = [data[start - 8 : end + 4] for name, start, end in chunks if name in _PNG_CHUNKS]
    exif = next((data[start:end] for name, start, end in chunks if name == b"eXIf"), None)
    image = PngImageFile(io.BytesIO(data[:8] + b"".join(kept)))
    return Opened(image, orientation_of(exif), image.info.get("icc_profile"))


def png_chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """The name, start and end of the content of each PNG chunk that is complete, up to IEND."""
    at = 8
    while at + 12 <= len(data):
        length, name = struct.unpack(">I4s", data[at : at + 8])
        start, end = at + 8, at + 8 + length
        if end + 4 > len(data):
            return
        yield name, start, end
        if name == b"IEND":
            return
        at = end + 4


def _open_webp(data: bytes, limits: Limits) -> Opened:
    # The decoder of animations that Pillow uses for all of them allocates its canvases as soon as
    # it is made, so the size is checked before; and it has four times the pixels in memory.
    head = data[12:30]
    match head[:4]:
        case b"VP8X":
            width = 1 + int.from_bytes(head[12:15], "little")
            height = 1 + int.from_bytes(head[15:18], "little")
        case b"VP8L":
            packed = int.from_bytes(head[9:13], "little")
            width, height = 1 + (packed & 0x3FFF), 1 + (packed >> 14 & 0x3FFF)
        case _:
            width = int.from_bytes(head[14:16], "little") & 0x3FFF
            height = int.from_bytes(head[16:18], "little") & 0x3FFF
    check_size(width, height, replace(limits, max_pixels=max(1, limits.max_pixels // 3)))
    image = WebPImageFile(io.BytesIO(data))
    exif = image.info.get("exif")
    return Opened(image, orientation_of(exif), image.info.get("icc_profile"))


def _open_heic(data: bytes, limits: Limits) -> Opened:
    heif = pi_heif.open_heif(without_metadata(data))
    check_size(*heif.size, limits)
    if heif.mode not in ("L", "LA", "La", "RGB", "RGBA", "RGBa"):
        # pi_heif believes the header's bit depth of greyscale, and writes beyond its memory if the
        # pixels have another. No camera makes such files.
        raise UnsupportedPhotoError("is a greyscale HEIC of more than 8 bits. Export it as JPEG.")
    # libheif applies the container's rotation; EXIF repeats it, and must not rotate again.
    image = heif.to_pillow()
    return Opened(image, profile=image.info.get("icc_profile"))


def _open_avif(data: bytes, limits: Limits) -> Opened:
    # As in HEIC only the container's rotation counts. Pillow reports it as EXIF orientation.
    image = AvifImageFile(io.BytesIO(without_metadata(data)))
    check_size(*image.size, limits)
    return Opened(image, orientation_of(image.info.get("exif")), image.info.get("icc_profile"))


def _open_tiff(data: bytes, limits: Limits) -> Opened:
    tiff = Tiff(io.BytesIO(data))
    entries = tiff.directory(tiff.first)
    width, height = tiff.number(entries, 256), tiff.number(entries, 257)
    check_size(width, height, limits)
    if 50706 in entries or (330 in entries and tiff.number(entries, 254) & 1):
        raise UnsupportedPhotoError("is a camera raw file. Export it as JPEG or TIFF.")
    if (samples := tiff.number(entries, 277, 1)) > _MOST_SAMPLES:
        raise UnsupportedPhotoError(f"is a TIFF of {samples} channels. Export it as RGB.")
    tile = tiff.number(entries, 322) * tiff.number(entries, 323)
    if tile > max(4 * width * height, 1 << 22):
        raise DamagedPhotoError("is a damaged TIFF: its tiles are larger than the image.")
    for tag in _TIFF_SINGLES & entries.keys():
        if entries[tag].count != 1:
            raise DamagedPhotoError(f"is a damaged TIFF: tag {tag} has {entries[tag].count} values")
    kept = sorted((_TIFF_SINGLES | _TIFF_LISTS) & entries.keys())
    records = [entries[tag].record for tag in kept]
    data += b"\0" * (len(data) % 2)  # directories start at even offsets
    order = tiff.order
    image = TiffImageFile(
        io.BytesIO(
            b"".join(
                (
                    data[:4],
                    struct.pack(order + "I", len(data)),
                    data[8:],
                    struct.pack(order + "H", len(kept)),
                    *records,
                    b"\0\0\0\0",  # no second directory
                )
            )
        )
    )
    # Pillow would allocate the pixels later, with a process-wide warning about their number.
    image.im = Image.new(image.mode, image.size).im
    profile = entries.get(34675)
    bits = tiff.number(entries, 258, 1)
    deep = image.mode.startswith("I")
    return Opened(
        image,
        tiff.number(entries, 274, 1),
        tiff.raw(profile, at_most=1 << 23) if profile else None,
        white=float(2**bits - 1) if deep and tiff.number(entries, 339, 1) == 1 else None,
        inverted=image.mode[0] in "IF" and tiff.number(entries, 262, 1) == 0,
    )
