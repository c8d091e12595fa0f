"""`whereshot landmarks`: what the gazetteer knows, by name or by place."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from whereshot.cli._enrolled import BundleOption, export, read_all, store_named
from whereshot.cli._landmarks import Found, entry_to_dict, print_line, print_table, to_dict
from whereshot.cli._shared import EXIT_FAILED

if TYPE_CHECKING:
    from whereshot.gazetteer import Gazetteer

NEAR_LIMIT = 10  # the whole table sorted by distance answers nobody's question


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
    enrolled: Annotated[
        bool, typer.Option("--enrolled", help="Search those that you taught to a bundle.")
    ] = False,
    bundle: BundleOption = None,
    target: Annotated[
        Path | None,
        typer.Option(
            "--export",
            metavar="FILE",
            help="With --enrolled: write what is found into a new file, for `enroll --import`.",
        ),
    ] = None,
    with_pictures: Annotated[
        bool,
        typer.Option(
            "--with-pictures",
            help="With --export: small pictures of the photos too, so that other networks can "
            "learn from them.",
        ),
    ] = False,
) -> None:
    """Search the landmarks that whereshot knows.

    [bold]Examples[/bold]

    \b
    whereshot landmarks                       all of them
    whereshot landmarks "eifel towr"          by name
    whereshot landmarks jordan                by place
    whereshot landmarks --near 27.7,85.3      what is around here?
    whereshot landmarks --enrolled            what you taught
    whereshot landmarks --enrolled --export castles.whereshot
    """  # noqa: D301 - typer wants the backspace itself
    if not enrolled and (bundle is not None or target is not None):
        raise typer.BadParameter("goes with --enrolled", param_hint="--bundle, --export")
    if with_pictures and target is None:
        raise typer.BadParameter("goes with --export", param_hint="--with-pictures")
    if enrolled and table is not None:
        raise typer.BadParameter("goes without --enrolled", param_hint="--gazetteer")
    point = None if near is None else parse_point(near)

    from whereshot.gazetteer import Gazetteer, load_gazetteer

    entries, damaged = {}, False
    if enrolled:
        entries, damaged = read_all(bundle)
        gazetteer = Gazetteer(entry.landmark for entry in entries.values())
    else:
        gazetteer = load_gazetteer() if table is None else Gazetteer.from_csv(table)
    found = _find(gazetteer, query, point)
    if enrolled and not entries:
        typer.echo("Nothing is enrolled yet: whereshot enroll --help says how", err=True)
    elif not found:
        raise gazetteer.not_found(query or "")
    shown = found[: limit or (NEAR_LIMIT if point else None)]
    if target is not None:
        export(store_named(bundle), target, [one.id for one, _ in shown], pictures=with_pictures)
    elif as_json:
        for landmark, distance_km in shown:
            entry = entries.get(landmark.id)
            record = to_dict(landmark, distance_km)
            print_line(record if entry is None else record | entry_to_dict(entry))
    elif shown:
        print_table(shown, with_distance=point is not None, entries=entries)
    if damaged:
        raise typer.Exit(EXIT_FAILED)


def _find(
    gazetteer: Gazetteer, query: str | None, point: tuple[float, float] | None
) -> list[Found]:
    """What answers the query: best first, or nearest first where there is a point."""
    matches = list(gazetteer) if query is None else gazetteer.search(query, limit=None)
    if point is None:
        return [(landmark, None) for landmark in matches]
    return [nearby for nearby in gazetteer.nearest(*point, limit=None) if nearby[0] in matches]
