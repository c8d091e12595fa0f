"""Photos of a catalog, made up: what a test of organizing, albums and the map begins with."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from whereshot.gazetteer import load_gazetteer
from whereshot.library.catalog import CatalogPhoto
from whereshot.records import Location, Prediction, Recognition


def catalog_photo(
    path: str | Path,
    *,
    landmark: str | None = None,
    probability: float = 0.97,
    unknown: bool = False,
    gps: tuple[float, float] | None = None,
    taken: str | None = None,
    camera: str = "",
    content_hash: str = "",
    error: str | None = None,
) -> CatalogPhoto:
    """A photo that shows a landmark of the gazetteer (by id), has GPS, both or neither.

    With `unknown`, the landmark is only what it looks most like. `taken` is an ISO date and time.
    """
    own = None if gps is None else Location(*gps, 0.02, "exif")
    recognition = None
    if landmark is not None:
        found = load_gazetteer().by_id(landmark)
        recognition = Recognition(
            verdict="unknown" if unknown else "landmark",
            predictions=(Prediction(found, probability),),
            location=own or (None if unknown else found.location),
            bundle="world@1",
            photo=str(path),
        )
    return CatalogPhoto(
        path=Path(path),
        size=1000,
        mtime_ns=0,
        content_hash=content_hash,
        taken_at=None if taken is None else datetime.fromisoformat(taken),
        camera=camera,
        own_location=own,
        recognition=recognition,
        error=error,
    )
