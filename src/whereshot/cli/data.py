"""`whereshot data`: verify, describe and download data sets; only judging labels needs torch."""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Annotated

import typer

from whereshot.cli._progress import ProgressLine
from whereshot.cli._shared import EXIT_FAILED, check_target, printable

if TYPE_CHECKING:
    from whereshot.learn.sets.fetch import OnStep
    from whereshot.learn.sets.survey import OnPhoto

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
    labels: Annotated[
        bool,
        typer.Option("--labels", help="Judge the labels, too: which look like another landmark?"),
    ] = False,
    features: Annotated[
        str,
        typer.Option(
            metavar="NET", help="What judges them: lite0, lite1, lite2, timm/NAME, or a bundle."
        ),
    ] = "lite0",
    certainty: Annotated[
        float,
        typer.Option(min=0, max=1, help="How sure it must be that a label is wrong."),
    ] = 0.5,
    suspects: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Write the suspect photos to a list, for `data.exclude`."
        ),
    ] = None,
    cache: Annotated[
        Path | None,
        typer.Option(metavar="F.npz", help="Keep the features there: the next time is quick."),
    ] = None,
    html: Annotated[
        Path | None,
        typer.Option(metavar="F.html", help="Write a page with the photos to look at."),
    ] = None,
    as_json: AsJson = False,
    tell_all: Annotated[
        bool, typer.Option("--all", help=f"Tell every finding, not the first {FEW} of a kind.")
    ] = False,
) -> None:
    """Verify every photo and label; the exit status is 1 if there are errors.

    Errors are photos that can't be read, landmark folders that are empty or
    double, and the same photo under two landmarks or in both train and test.
    Warnings are worth a look: near-duplicates, photos that are tiny, enlarged
    or all of one square size, wrong suffixes, folders that the gazetteer
    doesn't know.

    With --labels (or --suspects), each photo of train is compared with those
    of all landmarks by a classifier on the features of a pretrained network,
    fitted without it; that takes some minutes for 5,000 photos. Labels that it
    contradicts are suspects: worth a look, but not all wrong. A bundle that
    knows the landmarks (--features world) is right about them more often.

    [bold]Examples[/bold]

    \b
    whereshot data check data/udacity50
    whereshot data check photos --labels --html photos.html
    whereshot data check photos --suspects suspects.txt --certainty 0.9
    whereshot data check photos/train --json | jq '.findings[].paths'
    """  # noqa: D301 - click wants the backspace itself before lines that it must not wrap
    for target in (suspects, cache, html):
        if target is not None:
            check_target(target)
    from whereshot.cli import _data_check
    from whereshot.gazetteer import load_gazetteer
    from whereshot.learn.sets.findings import find_problems, identify
    from whereshot.learn.sets.survey import survey_folder

    began = monotonic()
    # Before the photos are looked at: a wrong name should not cost minutes.
    embedder = _data_check.load(features) if labels or suspects is not None else None
    gazetteer = load_gazetteer()
    with _photo_progress() as on_photo:
        survey = survey_folder(folder, on_photo=on_photo)
    judged = None
    if embedder is not None:
        identities = identify(survey, gazetteer)
        judged = _data_check.judge(survey, identities, embedder, certainty, cache)
    findings = find_problems(survey, gazetteer, labels=judged)
    seconds = monotonic() - began
    command = _data_check.command_line(folder, features if judged else None, certainty)
    if judged is not None and suspects is not None:
        _data_check.write_suspects(judged, suspects, command)
    if html is not None:
        from whereshot.learn.sets.figures import describe_photos
        from whereshot.learn.sets.page import Checked, write_page

        write_page(Checked(survey, describe_photos(survey), findings, judged, command), html)
    errors = sum(finding.severity == "error" for finding in findings)
    if as_json:
        _print_json(_data_check.record(survey, findings, judged))
    else:
        from whereshot.cli._data_report import print_findings, print_judged

        print_findings(findings, None if tell_all else FEW)
        if judged is not None:
            print_judged(judged)
        sys.stdout.write(
            f"{len(survey.photos):,} photos in {len(survey.folders):,} folders checked in "
            f"{seconds:.1f} s: {_count(errors, 'error')}, "
            f"{_count(len(findings) - errors, 'warning')}\n"
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
    from whereshot.learn.sets.figures import describe_photos
    from whereshot.learn.sets.survey import survey_folder

    with _photo_progress() as on_photo:
        survey = survey_folder(folder, decode_photos=False, on_photo=on_photo)
    figures = describe_photos(survey)
    if as_json:
        from dataclasses import asdict

        _print_json(asdict(figures))
    else:
        from whereshot.cli._data_report import print_figures

        print_figures(figures)


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
    from whereshot.learn.sets.fetch import fetch as fetch_set
    from whereshot.learn.sets.fetch import published_set

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


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
