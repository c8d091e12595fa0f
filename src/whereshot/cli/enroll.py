"""`whereshot enroll`: teach a bundle a new landmark from a few photos, in seconds."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from whereshot.cli._landmarks import entry_to_dict, kilometres, print_line, to_dict
from whereshot.cli._photos import expand_photos
from whereshot.cli._progress import ProgressLine
from whereshot.cli._render import place_of
from whereshot.cli._shared import EXIT_FAILED, print_error, printable
from whereshot.cli.landmarks import parse_point

if TYPE_CHECKING:
    from whereshot.recognize import EnrolledLandmark, Enrollment, OnnxRecognizer
    from whereshot.records import Landmark

MANY = 8  # photos from which a progress line is worth its place
_SHOWN = 3  # warnings of one kind

Kind = Literal["built", "natural"]


def enroll(
    name: Annotated[
        str | None,
        typer.Argument(help="The landmark's English name.", show_default=False),
    ] = None,
    photos: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PHOTO...",
            help="Photos that show it, folders, quoted patterns; better ten than three.",
            show_default=False,
        ),
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(
            metavar="LAT,LON",
            help="Where it is. Needed, unless it was enrolled before or the gazetteer knows it.",
        ),
    ] = None,
    radius_km: Annotated[
        float | None,
        typer.Option(help="The radius that covers it: a statue 0.3, a canyon 100. 0.5 if open."),
    ] = None,
    country: Annotated[
        str, typer.Option(help="Its country, by name or two letters. Looked up if not given.")
    ] = "",
    city: Annotated[str, typer.Option(help="Its city. Looked up if not given.")] = "",
    region: Annotated[str, typer.Option(help="Its state or region.")] = "",
    wikidata: Annotated[str, typer.Option(metavar="Q...", help="Its Wikidata item.")] = "",
    alias: Annotated[
        list[str] | None, typer.Option(help="Another name of it; can be given several times.")
    ] = None,
    kind: Annotated[Kind | None, typer.Option(help="What it is. Built if not given.")] = None,
    bundle: Annotated[
        str | None,
        typer.Option(
            metavar="NAME_OR_DIR",
            help="The bundle that learns it: a shipped one by name, or the path of one.",
            show_default="world",
        ),
    ] = None,
    imported: Annotated[
        Path | None,
        typer.Option(
            "--import", metavar="FILE", help="Enroll what `landmarks --enrolled --export` wrote."
        ),
    ] = None,
    refresh: Annotated[
        bool,
        typer.Option("--refresh", help="Learn again what another network learned."),
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object per landmark and line.")
    ] = False,
) -> None:
    """Teach a bundle a landmark from a few photos, without training.

    What is learned is kept in your own data folder: the bundle stays as it is. Photos of a landmark
    that was enrolled before are added to it. Photos that disagree with each other, that look like a
    landmark the bundle has, or like none, are told.

    [bold]Examples[/bold]

    whereshot enroll "Blarney Castle" --at 51.929,-8.571 ~/ireland/blarney
    whereshot enroll "Blarney Castle" more/*.jpg
    whereshot enroll --import castles.whereshot
    whereshot enroll --refresh
    """
    asked = [name is not None, imported is not None, refresh]
    if sum(asked) != 1:
        raise typer.BadParameter("give either NAME and PHOTOS, or --import FILE, or --refresh")
    if name is not None and not photos:
        raise typer.BadParameter(f"give photos of {name!r} after it", param_hint="PHOTO...")
    point = (None, None) if at is None else parse_point(at)

    from whereshot.recognize import load

    recognizer = load(bundle)
    if imported is not None:
        _import(recognizer, imported, as_json)
        return
    if name is None:
        if not _refresh(recognizer, as_json):
            raise typer.Exit(EXIT_FAILED)
        return
    is_code = len(country) == 2
    problems: list[str] = []
    paths = list(expand_photos(photos or [], problems.append))
    for problem in problems:
        print_error(problem)
    progress = ProgressLine(len(paths), enabled=len(paths) > MANY)

    from whereshot.recognize import enroll as learn

    try:
        done = learn(
            recognizer,
            name,
            paths,
            latitude=point[0],
            longitude=point[1],
            radius_km=radius_km,
            country="" if is_code else country,
            country_code=country if is_code else "",
            city=city,
            region=region,
            wikidata=wikidata,
            aliases=alias or (),
            kind=kind,
            progress=lambda count, _: progress.update(count),
        )
    finally:
        progress.clear()
    _report(done, recognizer.bundle.title, as_json)
    if done.failures or problems:
        raise typer.Exit(EXIT_FAILED)


def _report(done: Enrollment, bundle: str, as_json: bool) -> None:
    for failure in done.failures:
        print_error(str(failure.error))
    if as_json:
        print_line(_to_dict(done, bundle))
        return
    kinds: dict[str, list[str]] = {}
    for warning in done.warnings:
        kinds.setdefault(warning.kind, []).append(warning.message)
    for messages in kinds.values():
        for message in messages[:_SHOWN]:
            print_error(f"warning: {message}")
        if (more := len(messages) - _SHOWN) > 0:
            print_error(f"warning: and {more} more like this; --json names them")
    views = "one view" if done.views == 1 else f"{done.views} views"
    photos = "1 photo" if done.photos == 1 else f"{done.photos} photos"
    sys.stdout.write(
        f"{_line(done.landmark)}\n"
        f"{bundle} knows it from {photos}, {done.added} of them new, in {views}\n"
    )


def _to_dict(done: Enrollment, bundle: str) -> dict[str, Any]:
    from whereshot.recognize import failure_to_dict

    return {
        **to_dict(done.landmark),
        "bundle": bundle,
        "photos": done.photos,
        "added": done.added,
        "views": done.views,
        "warnings": [
            {"kind": each.kind, "photo": each.photo, "message": each.message}
            for each in done.warnings
        ],
        "failures": [failure_to_dict(failure) for failure in done.failures],
    }


def _import(recognizer: OnnxRecognizer, path: Path, as_json: bool) -> None:
    from whereshot.recognize import import_landmarks

    for entry in import_landmarks(recognizer, path):
        _print_entry(entry, as_json)


def _refresh(recognizer: OnnxRecognizer, as_json: bool) -> bool:
    """Whether all is of this network now."""
    from whereshot.recognize import refreshed

    done, failed = refreshed(recognizer)
    for entry in done:
        _print_entry(entry, as_json)
    for caution in failed:
        print_error(caution.message)
    if not done and not failed:
        typer.echo(
            f"All that was enrolled is of the network of {recognizer.bundle.title}", err=True
        )
    return not failed


def _print_entry(entry: EnrolledLandmark, as_json: bool) -> None:
    if as_json:
        print_line(to_dict(entry.landmark) | entry_to_dict(entry))
    else:
        sys.stdout.write(f"{_line(entry.landmark)}\n")


def _line(landmark: Landmark) -> str:
    place = place_of(landmark)
    point = f"{landmark.latitude:.4f}, {landmark.longitude:.4f}"
    return printable(
        f"{landmark.name} ({landmark.id}): {place + ', ' if place else ''}{point}, "
        f"radius {kilometres(landmark.radius_km)}"
    )
