"""One photo: its pixels, what a network sees of it, and what its EXIF says."""

from __future__ import annotations

from whereshot.photo.decode import decode
from whereshot.photo.exif import PhotoExif, read_exif
from whereshot.photo.prepare import Preprocessing, prepare
from whereshot.photo.source import Limits, read_photo

__all__ = [
    "Limits",
    "PhotoExif",
    "Preprocessing",
    "decode",
    "prepare",
    "read_exif",
    "read_photo",
]
