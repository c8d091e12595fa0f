"""Landmarks as a table for a person and as JSON for a program."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from whereshot.cli._render import make_console, place_of
from whereshot.cli._shared import printable

if TYPE_CHECKING:
    from whereshot.recognize import EnrolledLandmark
    from whereshot.records import Landmark

Found = tuple["Landmark", float | None]
"""A landmark with its distance in km, where a point was given."""


def to_dict(landmark: Landmark, distance_km: float | None = None) -> dict[str, Any]:
    """A landmark's JSON object; the keys that it shares with a prediction come first."""
    record: dict[str, Any] = {
        "id": landmark.id,
        "name": landmark.name,
        "wikidata": landmark.wikidata,
        "latitude": landmark.latitude,
        "longitude": landmark.longitude,
        "radius_km": landmark.radius_km,
        "city": landmark.city,
        "country": landmark.country,
        "country_code": landmark.country_code,
        "region": landmark.region,
        "kind": landmark.kind,
        "aliases": list(landmark.aliases),
    }
    if distance_km is not None:
        record["distance_km"] = round(distance_km, 3)
    return record


def entry_to_dict(entry: EnrolledLandmark) -> dict[str, Any]:
    """What the JSON object of an enrolled landmark has beside the landmark itself."""
    return {
        "photos": entry.photos,
        "views": len(entry.prototypes),
        "enrolled": entry.created,
        "bundle": entry.bundle,
    }


def print_line(record: Mapping[str, Any]) -> None:
    """Write one line of NDJSON, in escapes where the output's encoding lacks a letter."""
    text = json.dumps(record, ensure_ascii=False)
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:  # an alias in another script, or a file name that is not UTF-8
        text = json.dumps(record)
    sys.stdout.write(text + "\n")


def print_table(
    found: Sequence[Found],
    *,
    with_distance: bool,
    entries: Mapping[str, EnrolledLandmark] | None = None,
) -> None:
    """Print landmarks, one a row; `entries` by id are what is known of the enrolled ones."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("Landmark", style="bold")
    table.add_column("Place")
    table.add_column("Coordinates", justify="right", no_wrap=True)
    table.add_column("Radius", justify="right", no_wrap=True)
    table.add_column("Kind", no_wrap=True)
    if with_distance:
        table.add_column("Distance", justify="right", no_wrap=True)
    if entries:
        table.add_column("Photos", justify="right", no_wrap=True)
        table.add_column("Enrolled", no_wrap=True)
    for landmark, distance_km in found:
        cells = [
            landmark.name,
            place_of(landmark),
            f"{landmark.latitude:.4f}, {landmark.longitude:.4f}",
            kilometres(landmark.radius_km),
            landmark.kind,
        ]
        if distance_km is not None:
            cells.append(kilometres(distance_km))
        if entries:
            entry = entries[landmark.id]
            cells += [str(entry.photos), f"{entry.created}, {entry.bundle}"]
        # As Text, so that a name with [brackets] in it is not taken for markup.
        table.add_row(*(Text(printable(cell)) for cell in cells))
    make_console().print(table)


def kilometres(distance_km: float) -> str:
    """A distance as people say it: 0.3 km, 12.4 km, 1,200 km."""
    return f"{distance_km:,.0f} km" if distance_km >= 100 else f"{distance_km:.1f} km"
