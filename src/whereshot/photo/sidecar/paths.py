"""Where a photo's sidecar is."""

from __future__ import annotations

from pathlib import Path


def sidecar_path(photo: Path) -> Path:
    """The sidecar of a photo: the one that it has, else where one belongs.

    `IMG_1.jpg.xmp` (digiKam, darktable, Immich) says whose it is. `IMG_1.xmp` (Lightroom) is taken
    where it is the only one: a second beside it would hide it from programs that look for the
    longer name first. It is shared with other photos `IMG_1.*`, as Lightroom does for raw photos.
    """
    long, short = photo.with_name(photo.name + ".xmp"), photo.with_suffix(".xmp")
    upper = photo.with_name(photo.name + ".XMP"), photo.with_suffix(".XMP")
    candidates = (long, upper[0], short, upper[1])
    return next((path for path in candidates if path.is_file()), long)
