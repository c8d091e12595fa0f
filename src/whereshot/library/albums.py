"""Albums: groups of photos by landmark, by city, by country and by trip, as JSON and as CSV.

No photo is touched: an album is a list of paths, for whatever program makes albums of them.
"""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from whereshot.library.catalog import CatalogPhoto
from whereshot.library.places import PhotoPlace
from whereshot.library.trips import find_trips

AlbumKind = Literal["landmark", "city", "country", "trip"]

COLUMNS = (
    *("album", "kind", "photo", "taken_at", "latitude", "longitude", "source"),
    *("country", "region", "city", "landmark", "certainty"),
)


@dataclass(frozen=True, slots=True)
class Album:
    """Photos that belong together, in the order in which they were taken."""

    name: str
    kind: AlbumKind
    photos: tuple[Path, ...]


def find_albums(
    photos: Sequence[CatalogPhoto], places: Mapping[Path, PhotoPlace]
) -> tuple[Album, ...]:
    """The albums of photos: one for each landmark, city, country and trip, by kind and name.

    A photo is in several of them, or in none if nobody knows where it was taken.
    """
    ordered = sorted(photos, key=_capture_order)
    groups: dict[tuple[AlbumKind, str], list[Path]] = {}
    for photo in ordered:
        place = places.get(photo.path)
        if place is None:
            continue
        for kind, name in _groups(place):
            groups.setdefault((kind, name), []).append(photo.path)
    order: tuple[AlbumKind, ...] = ("landmark", "city", "country")
    named = sorted(groups.items(), key=lambda group: (order.index(group[0][0]), group[0][1]))
    return (
        *(Album(name, kind, tuple(paths)) for (kind, name), paths in named),
        *(Album(trip.name, "trip", trip.photos) for trip in find_trips(photos, places)),
    )


def to_json(
    albums: Iterable[Album],
    photos: Iterable[CatalogPhoto],
    places: Mapping[Path, PhotoPlace],
) -> str:
    """Albums as one JSON object, with what is known of each photo that is in one.

    Bytes of a path that are no text stand in escapes, as Python reads them back.
    """
    albums = list(albums)
    used = {path for album in albums for path in album.photos}
    record = {
        "albums": [
            {"name": each.name, "kind": each.kind, "photos": [str(path) for path in each.photos]}
            for each in albums
        ],
        "photos": {
            str(photo.path): _facts(photo, places[photo.path])
            for photo in photos
            if photo.path in used
        },
    }
    text = json.dumps(record, indent=1, ensure_ascii=False, allow_nan=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        text = json.dumps(record, indent=1, allow_nan=False)
    return text + "\n"


def to_csv(
    albums: Iterable[Album],
    photos: Iterable[CatalogPhoto],
    places: Mapping[Path, PhotoPlace],
) -> bytes:
    """Albums as CSV in UTF-8: a row for each photo of each album. Paths keep their own bytes."""
    by_path = {photo.path: photo for photo in photos}
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS)
    writer.writeheader()
    for album in albums:
        for path in album.photos:
            facts = _facts(by_path[path], places[path])
            row: dict[str, Any] = {"album": album.name, "kind": album.kind, "photo": str(path)}
            row |= {key: "" if value is None else value for key, value in facts.items()}
            writer.writerow({key: _cell(value) for key, value in row.items() if key in COLUMNS})
    return os.fsencode(text.getvalue())


def _groups(place: PhotoPlace) -> Iterator[tuple[AlbumKind, str]]:
    if place.landmark:
        yield "landmark", place.landmark
    if place.city:
        yield "city", f"{place.city}, {place.country}" if place.country else place.city
    if place.country:
        yield "country", place.country


def _capture_order(photo: CatalogPhoto) -> tuple[bool, str, Path]:
    wall = photo.taken_at.replace(tzinfo=None).isoformat(" ") if photo.taken_at else ""
    return photo.taken_at is None, wall, photo.path


def _facts(photo: CatalogPhoto, place: PhotoPlace) -> dict[str, Any]:
    return {
        "taken_at": photo.taken_at.isoformat() if photo.taken_at else None,
        "latitude": round(place.latitude, 6),
        "longitude": round(place.longitude, 6),
        "radius_km": place.radius_km,
        "source": place.source,
        "country": place.country,
        "country_code": place.country_code,
        "region": place.region,
        "city": place.city,
        "landmark": place.landmark,
        "certainty": None if place.certainty is None else round(place.certainty, 6),
    }


def _cell(value: object) -> object:
    """What a spreadsheet would take for a formula gets an apostrophe, as spreadsheets write it."""
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return f"'{value}"
    return value
