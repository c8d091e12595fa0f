"""`whereshot data`: verify, describe and download data sets; needs no torch."""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Annotated

import typer

from whereshot.cli._progress import ProgressLine
from whereshot.cli._shared import EXIT_FAILED, printable

if TYPE_CHECKING:
    from rich.console import Console

    from whereshot.learn.fetch import OnStep
    from whereshot.learn.figures import Figures, Spread
    from whereshot.learn.findings import Finding
    from whereshot.learn.survey import OnPhoto

app = typer.Typer(
    help="Verify, describe or download a data set to train on.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)

Folder = Annotated[
    Path,
    typer.Argument(
        metavar="DIR",
        help="A folder with one folder of photos per landmark, or with train and test of those.",
        show_default=False,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object instead of text.")]

FEW = 20
"""Up to this many findings of a kind are told, unless all are asked for."""


@app.command()
def check(
    folder: Folder,
    as_json: AsJson = False,
    tell_all: Annotated[
        bool, typer.Option("--all", help=f"Tell every finding, not the first {FEW} of a kind.")
    ] = False,
) -> None:
    """Verify every photo and label; the exit status is 1 if there are errors.

    Errors are photos that can't be read, landmark folders that are empty or
    double, and the same photo under two landmarks or in both train and test.
    Warnings are worth a look: near-duplicates, wrong suffixes, folders that
    the gazetteer doesn't know.

    [bold]Examples[/bold]

    \b
    whereshot data check data/udacity50
    whereshot data check photos/train --json | jq '.findings[].paths'
    """  # noqa: D301 - click wants the backspace itself before lines that it must not wrap
    from whereshot.gazetteer import load_gazetteer
    from whereshot.learn.findings import find_problems
    from whereshot.learn.survey import survey_folder

    began = monotonic()
    with _photo_progress() as on_photo:
        survey = survey_folder(folder, on_photo=on_photo)
    findings = find_problems(survey, load_gazetteer())
    errors = sum(finding.severity == "error" for finding in findings)
    warnings = len(findings) - errors
    if as_json:
        from dataclasses import asdict

        _print_json(
            {
                "folder": str(folder),
                "photos": len(survey.photos),
                "errors": errors,
                "warnings": warnings,
                "findings": [asdict(finding) for finding in findings],
            }
        )
    else:
        _print_findings(findings, None if tell_all else FEW)
        sys.stdout.write(
            f"{len(survey.photos):,} photos in {len(survey.folders):,} folders checked in "
            f"{monotonic() - began:.1f} s: {_count(errors, 'error')}, "
            f"{_count(warnings, 'warning')}\n"
        )
    if errors:
        raise typer.Exit(EXIT_FAILED)


@app.command()
def stats(folder: Folder, as_json: AsJson = False) -> None:
    """Count photos per landmark, and measure sizes, formats and imbalance.

    Reads headers only: `whereshot data check` is the one that decodes.

    [bold]Examples[/bold]

    \b
    whereshot data stats data/udacity50
    whereshot data stats photos --json | jq '.landmarks[] | [.name, .photos.train]'
    """  # noqa: D301 - click wants the backspace itself before lines that it must not wrap
    from whereshot.learn.figures import describe_photos
    from whereshot.learn.survey import survey_folder

    with _photo_progress() as on_photo:
        survey = survey_folder(folder, decode_photos=False, on_photo=on_photo)
    figures = describe_photos(survey)
    if as_json:
        from dataclasses import asdict

        _print_json(asdict(figures))
    else:
        _print_figures(figures)


@app.command()
def fetch(
    name: Annotated[
        str, typer.Argument(metavar="SET", help="udacity50: the course's 50 landmarks.")
    ],
    to: Annotated[
        Path | None,
        typer.Option(help="The folder to unpack into.", show_default="data/SET"),
    ] = None,
    url: Annotated[
        str | None, typer.Option(help="Take the archive from a mirror.", show_default=False)
    ] = None,
    sha256: Annotated[
        str | None, typer.Option(help="What the archive must hash to.", show_default=False)
    ] = None,
) -> None:
    """Download a published data set, verify and unpack it; prints the folder.

    An interrupted download goes on where it stopped. A set that is complete
    is left alone.

    [bold]Examples[/bold]

    \b
    whereshot data fetch udacity50
    whereshot data fetch udacity50 --to ~/sets/udacity50
    """  # noqa: D301 - click wants the backspace itself before lines that it must not wrap
    import re

    if sha256 is not None and not re.fullmatch("[0-9a-fA-F]{64}", sha256):
        raise typer.BadParameter("must be 64 hexadecimal digits", param_hint="--sha256")
    from whereshot.learn.fetch import fetch as fetch_set
    from whereshot.learn.fetch import published_set

    published = published_set(name)
    folder = to or Path("data") / published.name
    with _byte_progress() as on_step:
        fetched = fetch_set(published, folder, url=url, sha256=sha256, on_step=on_step)
    held = ", ".join(
        f"{count:,} {part} photos of {fetched.landmarks[part]} landmarks"
        for part, count in fetched.photos.items()
    )
    state = "is complete already, nothing was downloaded" if fetched.was_complete else "is here"
    sys.stderr.write(f"{published.name} {state}: {held}\n")
    if dict(fetched.photos) != dict(published.photos):
        expected = " and ".join(f"{count:,} {part}" for part, count in published.photos.items())
        sys.stderr.write(f"Note: {published.name} is published with {expected} photos.\n")
    sys.stdout.write(f"{printable(str(folder))}\n")


@contextmanager
def _photo_progress() -> Generator[OnPhoto]:
    """A line on stderr that tells how many photos have been looked at."""
    line: ProgressLine | None = None

    def on_photo(done: int, total: int) -> None:
        nonlocal line
        line = line or ProgressLine(total)
        line.update(done)

    try:
        yield on_photo
    finally:
        if line is not None:
            line.clear()


@contextmanager
def _byte_progress() -> Generator[OnStep]:
    """Bars on stderr for downloading and unpacking."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TaskID,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    tasks: dict[str, TaskID] = {}
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal) as bars:

        def on_step(step: str, done: int, total: int | None) -> None:
            if step not in tasks:
                # What an earlier run brought must not count as speed.
                tasks[step] = bars.add_task(step, total=total, completed=done)
            bars.update(tasks[step], completed=done, total=total)

        yield on_step


def _print_json(record: object) -> None:
    import json

    # In escapes: file names may hold bytes that no encoding can write.
    sys.stdout.write(json.dumps(record, indent=2) + "\n")


def _print_findings(findings: Sequence[Finding], at_most: int | None) -> None:
    from itertools import groupby

    from rich.text import Text

    from whereshot.learn.findings import TITLES

    console = _console()
    for kind, members in groupby(findings, key=lambda finding: (finding.kind, finding.severity)):
        group = list(members)
        style = "bold red" if kind[1] == "error" else "yellow"
        title = Text.assemble((kind[1].upper(), style), f"  {TITLES[kind[0]]} ({len(group):,})")
        console.print(title, soft_wrap=True)
        for finding in group[:at_most]:
            console.print(Text(f"  {printable(finding.message)}"), soft_wrap=True)
            for path in finding.paths if len(finding.paths) > 1 else ():
                console.print(Text(f"    {printable(path)}", style="bright_black"), soft_wrap=True)
        if at_most is not None and len(group) > at_most:
            console.print(f"  ... and {len(group) - at_most:,} more (--all tells them)")
        console.print()


def _print_figures(figures: Figures) -> None:
    from rich.table import Table
    from rich.text import Text

    from whereshot.cli._render import bar

    console = _console()
    parts = list(figures.photos)
    most = max((max(row.photos.values()) for row in figures.landmarks), default=1) or 1
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("landmark")
    for part in parts:
        table.add_column(part or "photos", justify="right")
    table.add_column("", width=12, no_wrap=True, style="cyan")
    table.add_column("MB", justify="right")
    table.add_column("shorter side: min / median / max px", justify="right")
    table.add_column("GPS", justify="right")
    for row in figures.landmarks:
        table.add_row(
            Text(printable(row.name)),
            *(f"{row.photos[part]:,}" for part in parts),
            bar(row.photos[parts[0]] / most, 12),
            f"{row.bytes / 1e6:.1f}",
            _spread(row.short_side),
            f"{row.with_gps:,}",
        )
    console.print(table)
    console.print()
    for name, value in _summary(figures):
        console.print(Text.assemble((f"{name:<14}", "bold"), value), soft_wrap=True)


def _summary(figures: Figures) -> Iterator[tuple[str, str]]:
    yield "landmarks", f"{len(figures.landmarks):,}"
    for part, count in figures.photos.items():
        spread = figures.per_landmark.get(part)
        told = f"{count:,}"
        if spread is not None:
            told += (
                f"; {_spread(spread)} (min / median / max) a landmark, "
                f"the largest has {figures.imbalance[part]:.1f} times the smallest"
            )
        yield f"{part} photos".strip(), told
    yield "formats", ", ".join(f"{kind} {count:,}" for kind, count in figures.formats.items())
    yield "shorter side", f"{_spread(figures.short_side)} px"
    yield "longer side", f"{_spread(figures.long_side)} px"
    if figures.photo_bytes is not None:
        size = figures.photo_bytes
        told = f"{size.least / 1e3:,.1f} / {size.median / 1e3:,.1f} / {size.most / 1e3:,.1f} kB"
        yield "file size", told
    yield "all together", f"{figures.bytes / 1e6:,.1f} MB"
    yield "with GPS", f"{figures.with_gps:,}"
    if figures.unreadable:
        yield "unreadable", f"{figures.unreadable:,} (whereshot data check tells which)"


def _spread(spread: Spread | None) -> str:
    """Least / median / most."""
    return f"{spread.least:g} / {spread.median:g} / {spread.most:g}" if spread else "-"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _console() -> Console:
    from whereshot.cli._render import make_console

    return make_console()
