"""What the page knows of the photos: columns of numbers, names, and some small pictures."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote_from_bytes

from whereshot.errors import PhotoError
from whereshot.library.catalog import CatalogPhoto
from whereshot.library.places import PhotoPlace
from whereshot.photo.thumbnail import thumbnail_jpeg

THUMBNAIL_HEIGHT = 180  # px; cards are 170 wide, markers 50

_DEGREES = 5  # 1 m
_COLUMNS = ("name", "latitude", "longitude", "minute", "label", "source", "certainty")


def map_data(
    photos: Iterable[CatalogPhoto],
    places: Mapping[Path, PhotoPlace],
    folder: Path,
    *,
    thumbnails: int,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> dict[str, Any]:
    """The page's data as plain values, for a page that lies in `folder`.

    At most so many photos have a thumbnail: in turn one of each place, so that every place has
    some. One that can't be read any more has none. `progress` hears how many are made, of how many.
    """
    placed: list[CatalogPhoto] = []
    without = 0
    for photo in photos:
        if photo.path in places:
            placed.append(photo)
        else:
            without += 1
    labels, columns = map_columns(
        (_text(photo.path.name), photo.taken_at, places[photo.path]) for photo in placed
    )
    pictures = _thumbnails(_in_turn(placed, places, thumbnails), progress)
    numbers = {path: number for number, path in enumerate(pictures)}
    return {
        "without": without,
        "labels": labels,
        "photos": {
            **columns,
            "href": [relative_url(photo.path, folder) for photo in placed],
            "thumbnail": [numbers.get(photo.path) for photo in placed],
        },
        "thumbnails": list(pictures.values()),
    }


def map_columns(
    photos: Iterable[tuple[str, datetime | None, PhotoPlace]],
) -> tuple[list[dict[str, str]], dict[str, list[Any]]]:
    """The labels of places, and columns of what the map knows of photos: name, time and place."""
    numbers: dict[tuple[str, str, str], int] = {}
    columns: dict[str, list[Any]] = {name: [] for name in _COLUMNS}
    for name, taken_at, place in photos:
        row = (
            name,
            round(place.latitude, _DEGREES),
            round(place.longitude, _DEGREES),
            _minute(taken_at),
            numbers.setdefault(_label(place), len(numbers)),
            place.source,
            _percent(place),
        )
        for column, value in zip(columns.values(), row, strict=True):
            column.append(value)
    labels = [
        {"landmark": landmark, "city": city, "country": country}
        for landmark, city, country in numbers
    ]
    return labels, columns


def relative_url(path: Path, folder: Path) -> str:
    """The way from a folder to a file, as a link of a page that lies there.

    Relative, so that it stays right where both are moved together; of a file on another drive, its
    whole `file:` address. Nothing in a file's name can make another kind of address of it.

    >>> relative_url(Path("/photos/a b?.jpg"), Path("/maps"))
    './../photos/a%20b%3F.jpg'
    """
    try:
        way = os.path.relpath(path, folder)
    except ValueError:  # Windows: there is no way from drive to drive
        return path.as_uri()
    return "./" + quote_from_bytes(os.fsencode(way.replace(os.sep, "/")))


def _in_turn(
    photos: Sequence[CatalogPhoto], places: Mapping[Path, PhotoPlace], most: int
) -> list[Path]:
    """The photos that get a thumbnail: of each place its surest, then its second, and so on."""
    groups: dict[tuple[object, ...], list[tuple[float, int, Path]]] = {}
    for number, photo in enumerate(photos):
        place = places[photo.path]
        # Where no name tells places apart, degrees do.
        key = (*_label(place), round(place.latitude), round(place.longitude))
        groups.setdefault(key, []).append((-(place.certainty or 0.0), number, photo.path))
    turns = [
        (turn, number, path)
        for group in groups.values()
        for turn, (_, number, path) in enumerate(sorted(group))
    ]
    return [path for _, _, path in sorted(turns)[:most]]


def _thumbnails(paths: Sequence[Path], progress: Callable[[int, int], None]) -> dict[Path, str]:
    pictures: dict[Path, str] = {}
    for done, path in enumerate(paths, start=1):
        try:
            content = thumbnail_jpeg(path, height=THUMBNAIL_HEIGHT)
        except PhotoError:
            content = None
        if content is not None:
            pictures[path] = f"data:image/jpeg;base64,{base64.b64encode(content).decode()}"
        progress(done, len(paths))
    return pictures


def _label(place: PhotoPlace) -> tuple[str, str, str]:
    return place.landmark, place.city, place.country


def _minute(moment: datetime | None) -> int | None:
    """Minutes since 1970 by the clock on the wall."""
    if moment is None:
        return None
    return int(moment.replace(tzinfo=UTC).timestamp() // 60)


def _percent(place: PhotoPlace) -> float | None:
    return None if place.certainty is None else round(100 * place.certainty, 1)


def _text(name: str) -> str:
    """A file's name to be read: bytes that are no text become question marks."""
    return name.encode("utf-8", "replace").decode("utf-8")
