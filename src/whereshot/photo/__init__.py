"""One photo: its pixels, what a network sees of it, and what its EXIF says."""

from __future__ import annotations

from whereshot.photo.decode import Decoded, decode, decode_sized
from whereshot.photo.exif import PhotoExif, read_exif
from whereshot.photo.prepare import Box, Preprocessing, prepare, seen_box
from whereshot.photo.source import Limits, read_photo

__all__ = [
    "Box",
    "Decoded",
    "Limits",
    "PhotoExif",
    "Preprocessing",
    "decode",
    "decode_sized",
    "prepare",
    "read_exif",
    "read_photo",
    "seen_box",
]
