"""Which files of a folder are taken for photos: by name, before any is opened."""

from __future__ import annotations

from pathlib import PurePath

PHOTO_SUFFIXES = frozenset(
    {".avif", ".bmp", ".gif", ".heic", ".heif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"}
)


def is_photo(name: str | PurePath) -> bool:
    """Whether a file's name says that it is a photo of a kind that whereshot reads.

    >>> is_photo("IMG_1.JPG"), is_photo("IMG_1.JPG.xmp")
    (True, False)
    """
    return PurePath(name).suffix.lower() in PHOTO_SUFFIXES
