"""Where a photo's sidecar is."""

from __future__ import annotations

from pathlib import Path

SUFFIXES = (".xmp", ".XMP")


def sidecar_path(photo: Path) -> Path:
    """The sidecar of a photo: the one that it has, else where one belongs.

    `IMG_1.jpg.xmp` (digiKam, darktable, Immich) says whose it is. `IMG_1.xmp` (Lightroom) is taken
    where it is the only one: a second beside it would hide it from programs that look for the
    longer name first. It is shared with other photos `IMG_1.*`, as Lightroom does for raw photos.
    """
    candidates = sidecar_names(photo)
    return next((path for path in candidates if path.is_file()), candidates[0])


def sidecar_names(photo: Path) -> tuple[Path, ...]:
    """What a photo's sidecar may be called; the first one that is there counts."""
    longer = (photo.with_name(photo.name + suffix) for suffix in SUFFIXES)
    return (*longer, *map(photo.with_suffix, SUFFIXES))
