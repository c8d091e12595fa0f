"""The picture inside of a camera's raw file: cameras put a JPEG there, for their own screen.

What a raw file's sensor saw is not developed here. Most kinds are TIFF files, some under a number
of their maker's own (Olympus, Panasonic); Canon's CR3 is an ISO base media file; Fujifilm's RAF has
a header of its own. Where a kind keeps its JPEG in its maker's private notes, the file is searched
for JPEGs instead. Sources: TIFF 6.0; Adobe, "Digital Negative Specification" 1.7; L. Clevy, "The
Canon CR2 / CR3 file formats".
"""

from __future__ import annotations

import importlib
import io
import struct
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any, BinaryIO, NamedTuple, cast

import numpy as np
import simplejpeg

from whereshot.errors import DamagedPhotoError, UnsupportedPhotoError
from whereshot.photo.bmff import boxes
from whereshot.photo.exif import PhotoExif, parse_exif, parse_exif_parts, read_exif
from whereshot.photo.jpeg import read_jpeg_header
from whereshot.photo.suffixes import RAW_SUFFIXES
from whereshot.photo.tiff import Entry, Tiff

_MOST_DIRECTORIES = 32
_MOST_CANDIDATES = 64
_LEAST_SIDE = 160  # thumbnails are smaller: nobody recognizes a landmark in them
_VIEWABLE_FRAMES = (0, 1, 2)  # baseline, extended, progressive; sensors' data is lossless JPEG

_JPEG_START = b"\xff\xd8\xff"
_MAKERS_TIFF = (b"IIU\0", b"IIRO", b"IIRS", b"MMOR")  # Panasonic; Olympus, three times
_CANON_PARTS = bytes.fromhex("85c0b687820f11e08111f4ce462b6a48")


class Viewable(NamedTuple):
    """A photo that can be decoded, and what its file says of it."""

    picture: bytes
    exif: PhotoExif


def viewable(data: bytes, name: str | PurePath) -> Viewable:
    """A photo file's bytes as a picture: the largest JPEG in a raw file, other files as they are.

    A raw file is known by its name. Its JPEG is upright if the raw file says how it is held.
    One without a JPEG is developed by rawpy, which is optional. Raises UnsupportedPhotoError where
    it is not installed, DamagedPhotoError where it fails.
    """
    if PurePath(name).suffix.lower() not in RAW_SUFFIXES or data.startswith(_JPEG_START):
        return Viewable(data, read_exif(data))
    exif = _raw_exif(data)
    picture = largest_jpeg(data)
    if picture is None:
        return Viewable(_developed(data), exif)
    own = read_exif(picture)
    if exif == PhotoExif():
        return Viewable(picture, own)
    if own == PhotoExif():
        picture = _turned(picture, exif.orientation)
    return Viewable(picture, exif)


def largest_jpeg(data: bytes) -> bytes | None:
    """The JPEG with the most pixels that is embedded in a raw file; None if there is none."""
    found = max(_sized(_from_directories(data)), default=None)
    if found is None:
        found = max(_sized(_from_search(data)), default=None)
    return None if found is None else found.jpeg


class _Sized(NamedTuple):
    pixels: int
    jpeg: bytes


def _sized(candidates: Iterator[bytes]) -> Iterator[_Sized]:
    """Those of the candidates that are pictures, with their number of pixels."""
    for jpeg in candidates:
        if not jpeg.startswith(_JPEG_START):
            continue
        try:
            header = read_jpeg_header(io.BytesIO(jpeg))
        except DamagedPhotoError:
            continue
        if (
            header.frame in _VIEWABLE_FRAMES
            and header.precision == 8
            and min(header.width, header.height) >= _LEAST_SIDE
        ):
            yield _Sized(header.width * header.height, jpeg)


def _from_directories(data: bytes) -> Iterator[bytes]:
    """What the directories of a TIFF, or Fujifilm's header, call a JPEG."""
    if data.startswith(b"FUJIFILMCCD-RAW"):
        start, length = struct.unpack_from(">II", data.ljust(92, b"\0"), 84)
        yield data[start : start + length]
        return
    try:
        tiff = Tiff(_as_tiff(data))
    except DamagedPhotoError:
        return
    for entries in _directories(tiff, data):
        if 0x002E in entries:  # Panasonic: the JPEG itself
            place = entries[0x002E]
            yield data[place.offset : place.offset + place.size]
        for start_tag, length_tag in ((0x0201, 0x0202), (0x0111, 0x0117)):
            # Pictures in several strips are sensor data, or not JPEG.
            if start_tag in entries and entries[start_tag].count == 1:
                start, length = tiff.number(entries, start_tag), tiff.number(entries, length_tag)
                yield data[start : start + length]


def _directories(tiff: Tiff, data: bytes) -> Iterator[dict[int, Entry]]:
    """Every directory of a TIFF: the chain of the first, and those that they hold."""
    waiting, seen = [tiff.first], set[int]()
    while waiting and len(seen) < _MOST_DIRECTORIES:
        offset = waiting.pop()
        if offset in seen or not 8 <= offset <= len(data) - 2:
            continue
        seen.add(offset)
        try:
            entries = tiff.directory(offset)
        except DamagedPhotoError:
            continue
        yield entries
        waiting += [int(each) for each in tiff.numbers(entries.get(0x014A)) if each == int(each)]
        (count,) = struct.unpack_from(f"{tiff.order}H", data, offset)
        following = offset + 2 + 12 * count
        if following + 4 <= len(data):
            waiting += struct.unpack_from(f"{tiff.order}I", data, following)


def _from_search(data: bytes) -> Iterator[bytes]:
    """What begins like a JPEG, anywhere; its decoder stops at its end."""
    start = data.find(_JPEG_START)
    for _ in range(_MOST_CANDIDATES):
        if start < 0:
            return
        yield data[start:]
        start = data.find(_JPEG_START, start + 3)


def _as_tiff(data: bytes) -> BinaryIO:
    """A raw file as the TIFF that it is but for the number at its start."""
    if data.startswith(_MAKERS_TIFF):
        data = (b"II*\0" if data[:1] == b"I" else b"MM\0*") + data[4:]
    return io.BytesIO(data)


def _raw_exif(data: bytes) -> PhotoExif:
    try:
        if data[4:12] == b"ftypcrx ":
            return _canon_exif(data)
        return parse_exif(_as_tiff(data))
    except DamagedPhotoError:
        return PhotoExif()


def _canon_exif(data: bytes) -> PhotoExif:
    """What a CR3 says: its directories are TIFF files of their own, in boxes of their own."""
    stream = io.BytesIO(data)
    parts: dict[bytes, BinaryIO] = {}
    for movie in boxes(stream, 0, len(data)):
        for box in boxes(stream, movie.start, movie.end) if movie.kind == b"moov" else ():
            if box.kind == b"uuid" and data[box.start : box.start + 16] == _CANON_PARTS:
                for part in boxes(stream, box.start + 16, box.end):
                    parts[part.kind] = io.BytesIO(data[part.start : part.end])
    wanted = [parts.get(kind) for kind in (b"CMT1", b"CMT2", b"CMT4")]
    if None in wanted:
        return PhotoExif()
    return parse_exif_parts(*cast("list[BinaryIO]", wanted))


def _turned(jpeg: bytes, orientation: int) -> bytes:
    """A JPEG without EXIF that gets some, with nothing but how it is held."""
    if orientation == 1:
        return jpeg
    entry = struct.pack("<HHIHH", 0x0112, 3, 1, orientation, 0)
    block = b"Exif\0\0" + struct.pack("<4sIH", b"II*\0", 8, 1) + entry + bytes(4)
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block + jpeg[2:]


def _developed(data: bytes) -> bytes:
    """A raw file without a JPEG, developed at half its size by rawpy."""
    try:
        rawpy: Any = importlib.import_module("rawpy")
    except ImportError:
        raise UnsupportedPhotoError(
            "is a camera raw file without a picture in it. Develop it and export a JPEG, "
            "or let whereshot do it: pip install 'whereshot[raw]'"
        ) from None
    try:
        with rawpy.imread(io.BytesIO(data)) as raw:
            pixels = raw.postprocess(half_size=True, use_camera_wb=True)  # upright already
    except rawpy.LibRawError as error:
        raise DamagedPhotoError(
            f"is a camera raw file that can't be developed ({error}). "
            "Copy it again, or export it as JPEG."
        ) from error
    return simplejpeg.encode_jpeg(np.ascontiguousarray(pixels), quality=92)
