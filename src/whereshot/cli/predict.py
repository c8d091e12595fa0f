"""`whereshot predict`: ranked landmarks and the place, for photos and whole folders."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Annotated

import typer

from whereshot.cli._bundle import BundleOption
from whereshot.cli._photos import STDIN, expand_photos
from whereshot.cli._progress import ProgressLine
from whereshot.cli._shared import EXIT_FAILED, print_error, printable
from whereshot.cli._verdict import MaxFalseTagsOption, ThresholdOption, load_strict

if TYPE_CHECKING:
    from whereshot.records import Failure, Recognition

FEW = 8
"""Up to this many photos get a block each; more get a line each, and a progress line."""


def predict(
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="PATH",
            help="Photos, folders (with all below), quoted patterns; - for a list on stdin.",
            show_default=False,
        ),
    ],
    k: Annotated[int, typer.Option("-k", min=1, help="How many candidates per photo.")] = 5,
    bundle: BundleOption = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object per photo and line.")
    ] = False,
    heatmap: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Draw where in each photo the landmark is, into DIR; --json gets `region`.",
            show_default=False,
        ),
    ] = None,
    coverage: Annotated[
        float | None,
        typer.Option(
            help="Name all plausible landmarks too: sets that hold the true one so often (0.95).",
            show_default=False,
        ),
    ] = None,
    threshold: ThresholdOption = None,
    max_false_tags: MaxFalseTagsOption = None,
    null: Annotated[
        bool, typer.Option("-0", "--null", help="Paths on stdin end with a zero byte.")
    ] = False,
    workers: Annotated[
        int | None,
        typer.Option(min=1, help="Photos worked on side by side.", show_default="one per core"),
    ] = None,
) -> None:
    """Say which landmark each photo shows, how sure that is, and where it stands.

    A photo's own GPS position wins for the place. A photo that can't be read is named, the others
    go on, and the exit status is 1 at the end.

    Most photos show no landmark that is known: those are `unknown`. --threshold and
    --max-false-tags make it stricter or looser. The probabilities of candidates suppose that the
    photo shows one of them, and so do the sets of --coverage.

    With --heatmap, DIR gets NAME.heatmap.jpg for each photo with a landmark: warm colors on what
    speaks for it, and a line around it. Files there that are none of ours stay as they are.

    [bold]Examples[/bold]

    whereshot predict photo.jpg
    whereshot predict ~/Pictures/2024 "scans/*.tif"
    whereshot predict ~/Pictures --json > places.ndjson
    whereshot predict photo.jpg --bundle runs/first/export/first
    whereshot predict ~/Pictures/2024 --heatmap heatmaps
    whereshot predict ~/Pictures --max-false-tags 0.1% --json
    find . -name "*.jpg" -print0 | whereshot predict -0 -
    """
    if null and STDIN not in paths:
        raise typer.BadParameter("goes with the path - (a list on stdin)", param_hint="--null")
    if coverage is not None and not 0 < coverage < 1:
        raise typer.BadParameter(
            f"must be between 0 and 1, such as 0.95, got {coverage}", param_hint="--coverage"
        )

    report = _Report(as_json, region=heatmap is not None)
    found = expand_photos(paths, report.problem, null=null)
    recognizer = load_strict(bundle, threshold, max_false_tags)
    if coverage is not None and not recognizer.bundle.held_out:
        raise typer.BadParameter(
            f"{recognizer.bundle.title} can't promise one: it was made without held-out photos",
            param_hint="--coverage",
        )
    pictures = None
    if heatmap is not None:
        from whereshot.cli._heatmaps import HeatmapFolder

        pictures = HeatmapFolder(heatmap, recognizer)
        found = pictures.without_own(found)
    total = None
    if STDIN not in paths and sys.stderr.isatty():
        listed = list(found)  # somebody watches: a total makes the progress line worth more
        total, found = len(listed), iter(listed)
    first = list(itertools.islice(found, FEW + 1))
    report.start(many=len(first) > FEW, total=total)
    results = recognizer.recognize_many(
        itertools.chain(first, found),
        k=k,
        workers=workers,
        region=heatmap is not None,
        coverage=coverage,
    )
    report.write_all(pictures.drawn(results, report.problem) if pictures else results)
    if pictures:
        sys.stderr.write(f"{pictures.written:,} heatmaps in {printable(str(heatmap))}\n")
    if report.failed:
        raise typer.Exit(EXIT_FAILED)


class _Report:
    """Writes results as they come, and counts them."""

    def __init__(self, as_json: bool, *, region: bool) -> None:
        self.failed = False
        self._as_json = as_json
        self._region = region
        self._many = False
        self._landmarks = self._unknown = self._unreadable = 0
        self._progress = ProgressLine(None, enabled=False)
        self._begin = monotonic()

    def start(self, *, many: bool, total: int | None) -> None:
        self._many = many
        self._progress = ProgressLine(total, enabled=many)
        self._begin = monotonic()

    def problem(self, message: str) -> None:
        """Tell on stderr what can't be used; the others go on."""
        self.failed = True
        self._progress.clear()
        print_error(message)

    def write_all(self, results: Iterable[Recognition | Failure]) -> None:
        write = self._write_json if self._as_json else self._make_writer()
        same_screen = sys.stdout.isatty()
        try:
            for done, result in enumerate(results, start=1):
                if same_screen:
                    self._progress.clear()
                self._count(result)
                write(result)
                self._progress.update(done)
        finally:
            self._progress.clear()
        if self._unreadable or (self._many and sys.stderr.isatty()):
            sys.stderr.write(self._summary())

    def _write_json(self, result: Recognition | Failure) -> None:
        from whereshot.cli._render import json_line

        sys.stdout.write(json_line(result, sys.stdout.encoding, region=self._region) + "\n")
        sys.stdout.flush()  # whoever reads the pipe wants each line now

    def _make_writer(self) -> Callable[[Recognition | Failure], None]:
        from whereshot.cli._render import block, line, make_console
        from whereshot.records import Failure

        console = make_console()

        def write(result: Recognition | Failure) -> None:
            if isinstance(result, Failure):
                self.problem(str(result.error))
                return
            for part in [line(result)] if self._many else block(result):
                console.print(part, soft_wrap=True)

        return write

    def _count(self, result: Recognition | Failure) -> None:
        verdict = getattr(result, "verdict", None)
        self._landmarks += verdict == "landmark"
        self._unknown += verdict == "unknown"
        self._unreadable += verdict is None
        self.failed |= verdict is None

    def _summary(self) -> str:
        done = self._landmarks + self._unknown + self._unreadable
        rate = done / max(monotonic() - self._begin, 1e-9)
        return (
            f"{done:,} photos: {self._landmarks:,} with a landmark, {self._unknown:,} unknown, "
            f"{self._unreadable:,} could not be read; {rate:.1f} photos/s\n"
        )
