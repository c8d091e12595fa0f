"""Which files of a folder are taken for photos: by name, before any is opened."""

from __future__ import annotations

from pathlib import PurePath

PHOTO_SUFFIXES = frozenset(
    {".avif", ".bmp", ".gif", ".heic", ".heif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"}
)

RAW_SUFFIXES = frozenset(
    {
        ".3fr", ".arw", ".cr2", ".cr3", ".dng", ".erf", ".iiq", ".kdc", ".mos", ".mrw",
        ".nef", ".nrw", ".orf", ".pef", ".raf", ".rw2", ".rwl", ".sr2", ".srf", ".srw",
    }
)  # fmt: skip
"""Cameras' raw files; they are recognized by the JPEG inside of them."""
VIDEO_SUFFIXES = frozenset(
    {
        ".3g2", ".3gp", ".asf", ".avi", ".flv", ".insv", ".m2ts", ".m4v", ".mkv", ".mov",
        ".mp4", ".mpeg", ".mpg", ".mts", ".ogv", ".vob", ".webm", ".wmv",
    }
)  # fmt: skip


def is_photo(name: str | PurePath) -> bool:
    """Whether a file's name says that it is a photo of a kind that whereshot reads.

    >>> is_photo("IMG_1.JPG"), is_photo("IMG_1.JPG.xmp")
    (True, False)
    """
    return PurePath(name).suffix.lower() in PHOTO_SUFFIXES
