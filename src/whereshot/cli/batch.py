"""`whereshot batch`: photos by the million, on this machine or a cluster, into Parquet files."""

from __future__ import annotations

import sys
from time import monotonic
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from whereshot.cli._bundle import BundleOption
from whereshot.cli._progress import ProgressLine, progress_text
from whereshot.cli._shared import EXIT_FAILED
from whereshot.cli._verdict import MaxFalseTagsOption, ThresholdOption, share_of

if TYPE_CHECKING:
    from whereshot.scale.batch import BatchSummary, Engine

_LOG_SECONDS = 60.0
"""How often a line goes to a log, where nobody watches a terminal."""


def batch(
    inputs: Annotated[
        list[str],
        typer.Argument(
            metavar="INPUT",
            help="Folders, quoted patterns, lists of paths (.txt), Parquet or Lance; or URLs.",
            show_default=False,
        ),
    ],
    output: Annotated[
        str,
        typer.Argument(
            metavar="OUTPUT", help="A folder or URL for Parquet files.", show_default=False
        ),
    ],
    k: Annotated[int, typer.Option("-k", min=1, help="How many candidates per photo.")] = 5,
    bundle: BundleOption = None,
    threshold: ThresholdOption = None,
    max_false_tags: MaxFalseTagsOption = None,
    column: Annotated[
        str | None,
        typer.Option(
            help="Column of a data set with the photos: paths, URLs or bytes.",
            show_default="by its type",
        ),
    ] = None,
    name_column: Annotated[
        str | None,
        typer.Option(help="Column that names photos which are bytes.", show_default="by its name"),
    ] = None,
    engine: Annotated[
        Literal["local", "ray"], typer.Option(help="Processes of this machine, or a Ray cluster.")
    ] = "local",
    address: Annotated[
        str | None,
        typer.Option(
            help="Address of a Ray cluster, such as head:6379; `auto` finds it.",
            show_default="one on this machine",
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            min=1, help="Photos worked on side by side.", show_default="one per core, or per GPU"
        ),
    ] = None,
    device: Annotated[
        Literal["auto", "cpu", "cuda"],
        typer.Option(help="What the network runs on; auto: a GPU if there is one."),
    ] = "auto",
    block_size: Annotated[
        int | None,
        typer.Option(
            min=1, help="Photos per file of results, and at stake in a break.", show_default="1000"
        ),
    ] = None,
) -> None:
    """Recognize photos by the million, into Parquet files with the fields of `predict --json`.

    The results are written in blocks, each whole or not at all. Started again after a break, the
    same command skips the blocks that are done; with another bundle, -k or INPUT it is refused. The
    list of photos is the one that it began with.

    A photo that can't be read is a row with an `error`; the exit status is 1 at the end.

    With --engine ray, actors of a Ray cluster do the work, and INPUT and OUTPUT must be where all
    its machines reach them. The answers are the same.

    [bold]Examples[/bold]

    whereshot batch ~/Pictures results
    whereshot batch s3://bucket/photos s3://bucket/places --workers 16
    whereshot batch photos.parquet results --column image
    whereshot batch "photos/2024/*.jpg" results --engine ray --address auto
    """
    if address is not None and engine != "ray":
        raise typer.BadParameter("goes with --engine ray", param_hint="--address")
    if threshold is not None and max_false_tags is not None:
        raise typer.BadParameter(
            "it and --threshold both say when to name: give one of them",
            param_hint="--max-false-tags",
        )
    share = None if max_false_tags is None else share_of(max_false_tags, "--max-false-tags")

    from whereshot.errors import WhereshotError
    from whereshot.scale.batch import LocalEngine, RayEngine, batch_recognize

    chosen: Engine = LocalEngine(workers=workers)
    if engine == "ray":
        chosen = RayEngine(address=address, workers=workers)
    progress = _Progress()
    try:
        summary = batch_recognize(
            inputs,
            output,
            bundle=bundle,
            k=k,
            threshold=threshold,
            max_false_tags=share,
            column=column,
            name_column=name_column,
            block_size=block_size,
            engine=chosen,
            device=device,
            report=progress.report,
        )
    except ValueError as error:
        if isinstance(error, WhereshotError):
            raise
        raise typer.BadParameter(str(error)) from None
    finally:
        progress.clear()
    sys.stderr.write(_text(summary))
    if summary.failed:
        raise typer.Exit(EXIT_FAILED)


class _Progress:
    """A line that is redrawn on a terminal; a line a minute in a log."""

    def __init__(self) -> None:
        self._stage = ""
        self._line = ProgressLine(None)
        self._started = self._logged = monotonic()

    def report(self, stage: str, done: int, total: int, _: dict[str, float]) -> None:
        now = monotonic()
        if stage != self._stage:
            self._line.clear()
            self._stage, self._line = stage, ProgressLine(total or None)
            self._started = self._logged = now
        self._line.update(done)
        if not sys.stderr.isatty() and now - self._logged >= _LOG_SECONDS:
            self._logged = now
            sys.stderr.write(progress_text(done, total or None, now - self._started) + "\n")
            sys.stderr.flush()

    def clear(self) -> None:
        self._line.clear()


def _text(summary: BatchSummary) -> str:
    rate = summary.recognized / max(summary.seconds, 1e-9)
    before = f", {summary.skipped:,} of them done before" if summary.skipped else ""
    speed = f"; {rate:.1f} photos/s" if summary.recognized else ""
    return (
        f"{summary.photos:,} photos{before}: {summary.landmark:,} with a landmark, "
        f"{summary.unknown:,} unknown, {summary.failed:,} could not be read; "
        f"{summary.blocks:,} blocks{speed}\n"
    )
