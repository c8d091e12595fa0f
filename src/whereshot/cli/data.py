"""`whereshot data`: verify and describe data sets; only judging labels needs torch.

To download one, and to score predictions, are in files of their own.
"""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Annotated

import typer

from whereshot.cli._data_fetch import fetch
from whereshot.cli._data_score import score
from whereshot.cli._data_shards import index, shard
from whereshot.cli._progress import ProgressLine
from whereshot.cli._shared import EXIT_FAILED, check_target

if TYPE_CHECKING:
    from whereshot.learn.sets.survey import OnPhoto

app = typer.Typer(
    help="Verify, describe or download a data set to train on; score predictions by its metric.",
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


app.command()(fetch)
app.command()(score)
app.command()(shard)
app.command()(index)


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


def _print_json(record: object) -> None:
    import json

    # In escapes: file names may hold bytes that no encoding can write.
    sys.stdout.write(json.dumps(record, indent=2) + "\n")


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
