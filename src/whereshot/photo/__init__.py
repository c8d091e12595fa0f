"""One photo: decoded pixels, what a network sees of it, and what its EXIF says."""

from __future__ import annotations

from whereshot.photo.decode import decode
from whereshot.photo.prepare import Preprocessing, prepare
from whereshot.photo.source import Limits

__all__ = ["Limits", "Preprocessing", "decode", "prepare"]
