"""What the library's routes answer: photos, groups and maps as plain values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from whereshot.library.catalog import CatalogPhoto
from whereshot.library.grouping import Group
from whereshot.library.map.data import map_columns
from whereshot.library.overview import Item
from whereshot.records import Landmark

_DEGREES = 6
_DIGITS = 4


def photo_to_dict(item: Item) -> dict[str, Any]:
    """A photo as lists show it."""
    place = item.place
    return {
        "id": item.id,
        "v": item.version,
        "name": item.name,
        "taken_at": item.taken_at.isoformat() if item.taken_at is not None else None,
        "state": item.state,
        "decision": item.decision,
        "written": item.is_written,
        "to_write": item.is_to_be_written,
        "contradiction": item.is_contradicted,
        "has_gps": item.has_gps,
        "landmark": _landmark(item.landmark) if item.landmark is not None else None,
        "certainty": None if item.certainty is None else round(item.certainty, _DIGITS),
        "place": ", ".join(name for name in (place.city, place.country) if name) if place else "",
        "latitude": round(place.latitude, _DEGREES) if place is not None else None,
        "longitude": round(place.longitude, _DEGREES) if place is not None else None,
    }


def _landmark(landmark: Landmark) -> dict[str, str]:
    names = ("id", "name", "city", "country", "country_code")
    return {name: getattr(landmark, name) for name in names}


def candidate_to_dict(landmark: Landmark, probability: float) -> dict[str, Any]:
    """A landmark that a photo may show."""
    numbers = ("latitude", "longitude", "radius_km", "wikidata")
    place = {name: getattr(landmark, name) for name in numbers}
    return _landmark(landmark) | place | {"probability": round(probability, _DIGITS)}


def candidates_of(photo: CatalogPhoto | None) -> list[dict[str, Any]]:
    """What a photo may show, the likeliest first."""
    if photo is None or photo.recognition is None:
        return []
    return [
        candidate_to_dict(each.landmark, each.probability) for each in photo.recognition.predictions
    ]


def group_to_dict(group: Group) -> dict[str, Any]:
    """A group with its place in the whole order."""
    return {
        "key": group.key,
        "title": group.title,
        "subtitle": group.subtitle,
        "offset": group.offset,
        "count": group.count,
        "cover": group.cover.id,
        "cover_v": group.cover.version,
        "first": group.first.isoformat() if group.first is not None else None,
        "last": group.last.isoformat() if group.last is not None else None,
    }


def map_to_dict(items: Sequence[Item]) -> dict[str, Any]:
    """Photos with a place as the map's modules read them; the rest is counted."""
    placed = [(item, item.place) for item in items if item.place is not None]
    labels, columns = map_columns((item.name, item.taken_at, place) for item, place in placed)
    nothing = [None] * len(placed)
    return {
        "without": len(items) - len(placed),
        "labels": labels,
        "photos": {
            "id": [item.id for item, _ in placed],
            "v": [item.version for item, _ in placed],
            **columns,
            "href": nothing,
            "thumbnail": nothing,
        },
        "thumbnails": [],
    }
