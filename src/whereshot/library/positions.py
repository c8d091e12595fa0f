"""Positions that photos have in their sidecars, where the photos themselves have none.

Programs that put photos on a map, as digiKam and darktable, write them there and leave the photo as
it is. The catalog does not keep them: a sidecar may change at any time, and its photo does not.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from whereshot.errors import SidecarError
from whereshot.library.catalog_photo import CatalogPhoto
from whereshot.library.files import Files
from whereshot.library.scan import Problem
from whereshot.library.tagging import reason_of
from whereshot.photo.sidecar import parse_sidecar, sidecar_path
from whereshot.records import Location


def with_sidecar_positions(
    photos: Iterable[CatalogPhoto], files: Files
) -> tuple[list[CatalogPhoto], list[Problem]]:
    """The photos in their order, those without GPS with the position that their sidecar gives.

    What whereshot itself wrote there is a landmark's position and not the photo's: it does not
    count. Sidecars that can't be read are the problems.
    """
    positioned: list[CatalogPhoto] = []
    problems: list[Problem] = []
    for photo in photos:
        position = None
        if photo.own_location is None:
            try:
                position = _position_beside(photo, files)
            except (SidecarError, OSError) as error:
                reason = reason_of(error) if isinstance(error, OSError) else str(error)
                problems.append(Problem(photo.path, f"the sidecar of '{photo.path}': {reason}"))
        positioned.append(photo if position is None else replace(photo, own_location=position))
    return positioned, problems


def _position_beside(photo: CatalogPhoto, files: Files) -> Location | None:
    content = files.read(sidecar_path(photo.path))
    return parse_sidecar(content).photo_gps if content is not None else None
