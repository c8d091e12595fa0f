"""`whereshot evaluate`: how good a bundle or a training run is, on your photos."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from whereshot.cli._progress import ProgressLine
from whereshot.cli._shared import check_target, print_error

if TYPE_CHECKING:
    from whereshot.learn.evaluation import Evaluation


def evaluate(
    subject: Annotated[
        str,
        typer.Argument(
            metavar="BUNDLE_OR_RUN", help="A shipped bundle's name, a bundle or a training run."
        ),
    ],
    folder: Annotated[
        Path,
        typer.Argument(metavar="DIR", help="One folder of photos per landmark, or their `test/`."),
    ],
    unknown: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Photos that show no landmark: how many get one?"),
    ] = None,
    threshold: Annotated[
        float | None,
        typer.Option(
            min=0, max=1, help="Certainty of the verdict `landmark`; default: the bundle's own."
        ),
    ] = None,
    report: Annotated[
        Path | None, typer.Option(metavar="F.html", help="Write a report to look at.")
    ] = None,
    photos: Annotated[
        bool,
        typer.Option(
            "--photos/--no-photos", help="Show photos in the report: mistakes, heat maps."
        ),
    ] = True,
    save: Annotated[
        Path | None, typer.Option(metavar="F.json", help="Write all figures to a JSON file.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print all figures as one JSON object.")
    ] = False,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Photos decoded side by side; default: one a core.")
    ] = None,
) -> None:
    """Measure accuracy, calibration, geography and, with --unknown, false landmarks.

    Takes DIR/test where there is one. Folders name landmarks as `whereshot landmarks` finds them,
    with or without the course's class numbers. Figures come with 95 % bootstrap intervals. Photos
    that can't be read are listed and left out.

    [bold]Examples[/bold]

    \b
    whereshot evaluate world photos/world
    whereshot evaluate runs/base photos/world --unknown photos/not_landmarks --report base.html
    whereshot evaluate world photos/world --json | jq .accuracy
    """  # noqa: D301 - click wants the backspace itself before lines that it must not wrap
    for target in (report, save):
        if target is not None:
            check_target(target)

    import json
    import shlex

    from whereshot.learn.evaluate import answer, measure
    from whereshot.learn.subject import load_subject

    command = ["whereshot", "evaluate", subject, str(folder)]
    if unknown is not None:
        command += ["--unknown", str(unknown)]
    if threshold is not None:
        command += ["--threshold", str(threshold)]

    progress = _Progress()
    explanation = None
    try:
        answered = answer(
            load_subject(subject),
            folder,
            unknown=unknown,
            embeddings=report is not None,
            workers=workers,
            report=progress.update,
        )
        found = measure(
            answered,
            min_certainty=threshold,
            report=progress.update,
            path=subject,
            command=shlex.join(command),
        )
        if report is not None:
            from whereshot.learn.explain import explain

            explanation = explain(answered, photos=photos, report=progress.update)
    finally:
        progress.clear()
    text = json.dumps(found.to_dict(), indent=1, allow_nan=False)
    if save is not None:
        save.write_text(text + "\n", encoding="utf-8")
    if report is not None:
        from whereshot.learn.report.page import write_report

        write_report(found, report, explanation, photos=photos)
    if as_json:
        typer.echo(text)
    else:
        from whereshot.cli._evaluation import print_summary

        print_summary(found)
    _print_notes(found)


class _Progress:
    """A line on stderr per stage."""

    def __init__(self) -> None:
        self._stage = ""
        self._line = ProgressLine(None, enabled=False)

    def update(self, stage: str, done: int, total: int) -> None:
        if stage != self._stage:
            self._line.clear()
            # What comes after them are not photos, and takes seconds.
            of_photos = stage in ("landmarks", "no landmarks")
            self._stage, self._line = stage, ProgressLine(total, enabled=of_photos)
        self._line.update(done)

    def clear(self) -> None:
        self._line.clear()


def _print_notes(found: Evaluation) -> None:
    from whereshot.learn.evaluation import amount

    data = found.data
    if data.trained_on:
        print_error(
            f"{found.measured.name} was trained on exactly these photos: "
            "the figures say nothing about new ones."
        )
    if data.left_out:
        names = ", ".join(list(data.left_out)[:5]) + (", ..." if len(data.left_out) > 5 else "")
        print_error(
            f"left out {amount(sum(data.left_out.values()), 'photo')} of "
            f"{amount(len(data.left_out), 'landmark')} that {found.measured.name} does not know: "
            f"{names}"
        )
    unreadable = [*data.unreadable, *(found.open_set.unreadable if found.open_set else ())]
    for _, reason in unreadable:
        print_error(f"left out: {reason}")
