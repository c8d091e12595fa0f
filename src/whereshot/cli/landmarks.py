"""`whereshot landmarks`: what the gazetteer knows, by name or by place."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from whereshot.cli._render import make_console, place_of
from whereshot.cli._shared import printable

if TYPE_CHECKING:
    from whereshot.gazetteer import Gazetteer
    from whereshot.records import Landmark

NEAR_LIMIT = 10  # the whole table sorted by distance answers nobody's question

_Found = tuple["Landmark", float | None]  # with its distance in km, where a point was given


def parse_point(text: str) -> tuple[float, float]:
    """Latitude and longitude in degrees from `LAT,LON`.

    >>> parse_point("48.8584, 2.2945")
    (48.8584, 2.2945)
    """
    try:
        latitude, longitude = map(float, text.split(","))
    except ValueError:
        raise typer.BadParameter(
            f"{text!r} is not LAT,LON in degrees with decimal points, such as 48.8584,2.2945"
        ) from None
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        raise typer.BadParameter(
            f"{text!r} is not on Earth: LAT must be in [-90, 90], LON in [-180, 180]"
        )
    return latitude, longitude


def landmarks(
    query: Annotated[
        str | None,
        typer.Argument(help="A name, or a city, region or country; typos are forgiven."),
    ] = None,
    near: Annotated[
        str | None,
        typer.Option(metavar="LAT,LON", help="Sort by distance from this point."),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(min=1, help=f"Show at most so many. With --near {NEAR_LIMIT} if not given."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object per landmark and line.")
    ] = False,
    table: Annotated[
        Path | None,
        typer.Option(
            "--gazetteer", metavar="CSV", help="Search a table of your own, not the shipped one."
        ),
    ] = None,
) -> None:
    """Search the landmarks that whereshot knows.

    [bold]Examples[/bold]

    \b
    whereshot landmarks                       all of them
    whereshot landmarks "eifel towr"          by name
    whereshot landmarks jordan                by place
    whereshot landmarks --near 27.7,85.3      what is around here?
    """  # noqa: D301 - typer wants the backspace itself
    point = None if near is None else parse_point(near)

    from whereshot.gazetteer import Gazetteer, load_gazetteer

    gazetteer = load_gazetteer() if table is None else Gazetteer.from_csv(table)
    found = _find(gazetteer, query, point)
    if not found:
        raise gazetteer.not_found(query or "")
    shown = found[: limit or (NEAR_LIMIT if point else None)]
    if as_json:
        _print_json(shown)
    else:
        _print_table(shown, with_distance=point is not None)


def _find(
    gazetteer: Gazetteer, query: str | None, point: tuple[float, float] | None
) -> list[_Found]:
    """What answers the query: best first, or nearest first where there is a point."""
    matches = list(gazetteer) if query is None else gazetteer.search(query, limit=None)
    if point is None:
        return [(landmark, None) for landmark in matches]
    return [nearby for nearby in gazetteer.nearest(*point, limit=None) if nearby[0] in matches]


def _print_json(found: Iterable[_Found]) -> None:
    for landmark, distance_km in found:
        record = _to_dict(landmark, distance_km)
        text = json.dumps(record, ensure_ascii=False)
        try:
            text.encode(sys.stdout.encoding or "utf-8")
        except UnicodeEncodeError:  # an alias in a script that the output's encoding lacks
            text = json.dumps(record)
        sys.stdout.write(text + "\n")


def _to_dict(landmark: Landmark, distance_km: float | None) -> dict[str, Any]:
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


def _print_table(found: Sequence[_Found], *, with_distance: bool) -> None:
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
    for landmark, distance_km in found:
        cells = [
            landmark.name,
            place_of(landmark),
            f"{landmark.latitude:.4f}, {landmark.longitude:.4f}",
            _kilometres(landmark.radius_km),
            landmark.kind,
        ]
        if distance_km is not None:
            cells.append(_kilometres(distance_km))
        # As Text, so that a name with [brackets] in it is not taken for markup.
        table.add_row(*(Text(printable(cell)) for cell in cells))
    make_console().print(table)


def _kilometres(distance_km: float) -> str:
    """A distance as people say it: 0.3 km, 12.4 km, 1,200 km."""
    return f"{distance_km:,.0f} km" if distance_km >= 100 else f"{distance_km:.1f} km"
