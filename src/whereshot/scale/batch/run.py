"""A batch from its inputs to its output: what is done is skipped, what is missing is recognized."""

from __future__ import annotations

import datetime
import os
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any

import whereshot
from whereshot.errors import BatchError
from whereshot.progress import Report, silent
from whereshot.scale.batch.blocks import Blocks
from whereshot.scale.batch.engine import Engine, LocalEngine
from whereshot.scale.batch.inputs import Inputs
from whereshot.scale.batch.listing import keep_list, kept_list, photos_of
from whereshot.scale.batch.output import Counts, Manifest, Output, check_same
from whereshot.scale.batch.recognizing import Device, Work, plan_work
from whereshot.scale.batch.sources import LanceRows, ParquetRows, Source
from whereshot.scale.batch.storage import Place, locate
from whereshot.scale.batch.table import Record, records_of

BLOCK_SIZE = 1000
"""Photos of a block, where nobody says how many."""

PathOrUrl = str | os.PathLike[str]


@dataclass(frozen=True, slots=True)
class BatchSummary:
    """What came of a batch: `landmark`, `unknown` and `failed` photos are of all blocks.

    `recognized` photos are those of this run, in `seconds`; `skipped` were done before.
    """

    photos: int
    skipped: int
    recognized: int
    landmark: int
    unknown: int
    failed: int
    blocks: int
    seconds: float


def batch_recognize(
    inputs: PathOrUrl | Sequence[PathOrUrl],
    output: PathOrUrl,
    *,
    bundle: str | None = None,
    k: int = 5,
    threshold: float | None = None,
    max_false_tags: float | None = None,
    column: str | None = None,
    name_column: str | None = None,
    block_size: int | None = None,
    engine: Engine | None = None,
    device: Device = "auto",
    report: Report = silent,
) -> BatchSummary:
    """Recognize photos by the million, into Parquet files of `block_size` records each.

    `inputs` are folders, patterns, photos and lists of paths, or else Parquet files, or a Lance
    data set, with a `column` of paths or of bytes (found by its type); `name_column` says what
    photos that are bytes are called. All of it, and `output`, may be on this machine or at a URL.
    The records are those of `predict --json`, in order; a photo that can't be read is one with an
    `error`. `bundle`, `threshold` and `max_false_tags` are those of `whereshot.load`.

    What was stopped goes on when it is called again: blocks that are done are skipped, and the list
    of photos is the one that it began with. The engine may be another then.

    Reports ("list", photos found, 0, {}) and ("recognize", done, to do, {"rate", "seconds_left"}).
    Raises BatchError for inputs that can't be used and for an output of other settings, and what
    `load` and the engine raise.
    """
    if k < 1 or (block_size is not None and block_size < 1):
        raise BatchError(f"k and block_size must be 1 or more, got {k} and {block_size}. Mend them")
    started = monotonic()
    several = (inputs,) if isinstance(inputs, str | os.PathLike) else inputs
    names = tuple(os.fspath(name) for name in several)
    asked = Inputs(names, column, name_column)
    work = plan_work(bundle, k=k, threshold=threshold, max_false_tags=max_false_tags, device=device)
    target = Output(locate(output))
    manifest, source = _begun(target, asked, work, block_size, report)
    work = replace(
        work,
        stores=tuple(place for place in map(locate, names) if not place.is_local),
        # Another machine may not have it: paths of its own begin where it was started.
        folder=manifest.folder if os.path.isdir(manifest.folder) else work.folder,  # noqa: PTH112
    )

    done = target.finished(manifest)
    to_do = [block for block in range(manifest.blocks) if block not in done]
    counts = sum(done.values(), Counts())
    skipped = counts.photos
    progress = _Progress(manifest.photos - skipped, report)
    blocks = Blocks(manifest, to_do)
    if to_do:
        with closing((engine or LocalEngine()).run(source, work, blocks.spans)) as parts:
            for start, table in parts:
                for block, whole in blocks.add(start, table):
                    counts += target.write(block, whole)
                progress.advance(table.num_rows)
    blocks.check_complete()
    return BatchSummary(
        photos=manifest.photos,
        skipped=skipped,
        recognized=counts.photos - skipped,
        landmark=counts.landmark,
        unknown=counts.unknown,
        failed=counts.failed,
        blocks=manifest.blocks,
        seconds=monotonic() - started,
    )


def read_records(output: PathOrUrl) -> Iterator[Record]:
    """The records of a batch, in the order of its photos; those of blocks that are done.

    Raises BatchError if there is no batch.
    """
    target = Output(locate(output))
    manifest = target.manifest()
    if manifest is None:
        raise BatchError(
            f"{os.fspath(output)!r} has no results of a batch; expected the output of one. "
            "Check its spelling"
        )
    for block in target.finished(manifest):
        yield from records_of([target.read(block)])


def _begun(
    target: Output, asked: Inputs, work: Work, block_size: int | None, report: Report
) -> tuple[Manifest, Source]:
    """The manifest that is there, checked against what was asked, or a new one; and the photos."""
    wanted: dict[str, Any] = {
        "bundle": work.title,
        "bundle_sha256": work.bundle_sha256,
        "k": work.k,
        "min_certainty": work.min_certainty,
        "inputs": asked.names,
        "column": asked.column,
        "name_column": asked.name_column,
    }
    where = target.place.name
    there = target.manifest()
    if there is not None:
        size = there.block_size if block_size is None else block_size
        check_same(there, {**wanted, "block_size": size}, where)
        _check_folder(there, work.folder, where)
        return there, _opened_again(there, asked, target)
    kind = asked.kind()
    source: ParquetRows | LanceRows
    if kind == "parquet":
        _check_apart(asked, target)
    if kind == "photos":
        source = keep_list(photos_of(asked.names), target.own_folder, report)
    else:
        source = asked.parquet() if kind == "parquet" else asked.lance()
    if len(source) == 0:
        raise BatchError(
            f"There are no photos in {', '.join(map(repr, asked.names))}; expected one or more. "
            "Check the spelling"
        )
    manifest = Manifest(
        **wanted,
        kind=kind,
        photos=len(source),
        files=tuple(source.rows) if isinstance(source, ParquetRows) else (),
        version=source.version if isinstance(source, LanceRows) else 0,
        fingerprint=source.fingerprint,
        block_size=BLOCK_SIZE if block_size is None else block_size,
        created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        whereshot=whereshot.__version__,
        folder=work.folder,
    )
    target.begin(manifest)
    return manifest, source


def _check_folder(there: Manifest, folder: str, where: str) -> None:
    """Raise BatchError where relative inputs would be others than those of the batch."""
    relative = [name for name in there.inputs if not os.path.isabs(name) and "://" not in name]  # noqa: PTH117
    if relative and folder != there.folder and os.path.isdir(there.folder):  # noqa: PTH112
        raise BatchError(
            f"The output {where!r} was begun with {relative[0]!r} in the folder "
            f"{there.folder!r}; now it is {folder!r}. Go on from there, or give another output"
        )


def _check_apart(asked: Inputs, target: Output) -> None:
    """Raise BatchError where the results would become a part of the data set."""
    inner = os.path.join(_absolute(target.place), "")  # noqa: PTH118
    for name in asked.names:
        if inner.startswith(os.path.join(_absolute(locate(name)), "")):  # noqa: PTH118
            raise BatchError(
                f"The output {target.place.name!r} is in the input {name!r}, and would be taken "
                "for some of its Parquet files. Give an output elsewhere"
            )


def _absolute(place: Place) -> str:
    return os.path.abspath(place.path) if place.is_local else place.name  # noqa: PTH100


def _opened_again(there: Manifest, asked: Inputs, target: Output) -> Source:
    if there.kind == "photos":
        return kept_list(target.own_folder, there.files, there.fingerprint)
    source = asked.parquet() if there.kind == "parquet" else asked.lance(there.version)
    if source.fingerprint != there.fingerprint:
        raise BatchError(
            f"The output {target.place.name!r} was begun with {there.photos:,} photos of "
            f"{', '.join(map(repr, there.inputs))}, which holds others by now ({len(source):,}). "
            "Give another output"
        )
    return source


class _Progress:
    def __init__(self, to_do: int, report: Report) -> None:
        self._to_do, self._report = to_do, report
        self._done = 0
        self._started = monotonic()
        report("recognize", 0, to_do, {})

    def advance(self, photos: int) -> None:
        self._done += photos
        rate = self._done / max(monotonic() - self._started, 1e-3)
        left = (self._to_do - self._done) / rate
        self._report("recognize", self._done, self._to_do, {"rate": rate, "seconds_left": left})
