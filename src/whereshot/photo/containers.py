"""Where each format keeps its EXIF block, found without reading the rest of the file."""

from __future__ import annotations

import io
from typing import BinaryIO

from whereshot.errors import UnsupportedPhotoError
from whereshot.photo.bmff import exif_item
from whereshot.photo.formats import HEAD_BYTES, sniff
from whereshot.photo.jpeg import read_jpeg_header

_MOST_EXIF_BYTES = 16_000_000  # PNG and WebP allow more than the 64 KB of JPEG, for thumbnails


def exif_block(stream: BinaryIO) -> BinaryIO | None:
    """The EXIF block of a photo in a seekable stream, as a stream; None if it has none.

    Raises DamagedPhotoError.
    """
    stream.seek(0)
    try:
        kind = sniff(stream.read(HEAD_BYTES))
    except UnsupportedPhotoError:
        return None
    match kind:
        case "TIFF":
            return stream
        case "JPEG":
            block = read_jpeg_header(stream).exif
        case "PNG":
            block = _png(stream)
        case "WEBP":
            block = _webp(stream)
        case "HEIC" | "AVIF":
            block = exif_item(stream)
        case "GIF" | "BMP":
            block = None
    return io.BytesIO(block.removeprefix(b"Exif\0\0")) if block else None


def _png(stream: BinaryIO) -> bytes | None:
    stream.seek(8)
    while len(head := stream.read(8)) == 8:
        length = int.from_bytes(head[:4], "big")
        if head[4:] == b"eXIf":
            return stream.read(min(length, _MOST_EXIF_BYTES))
        if head[4:] == b"IEND":
            return None
        stream.seek(length + 4, 1)
    return None


def _webp(stream: BinaryIO) -> bytes | None:
    stream.seek(12)
    while len(head := stream.read(8)) == 8:
        length = int.from_bytes(head[4:], "little")
        if head[:4] == b"EXIF":
            return stream.read(min(length, _MOST_EXIF_BYTES))
        stream.seek(length + length % 2, 1)
    return None
