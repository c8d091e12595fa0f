"""What long work there is: an index, a run of tags or its preview, an undo. The command line's own.

Each is made by a function that gives a `Work`; that opens its own catalog and journal, in the
thread that it runs in.
"""

from __future__ import annotations

import errno
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

from whereshot.gazetteer.localized import ENGLISH, load_localized
from whereshot.library.bounds import Bounds
from whereshot.library.catalog import Catalog, CatalogPhoto
from whereshot.library.dry import DryFiles
from whereshot.library.files import Files, RealFiles
from whereshot.library.index import IndexSummary, RecognizerFactory, index_library
from whereshot.library.journal import Journal, now
from whereshot.library.keepers import Sidecars
from whereshot.library.overview import version_of
from whereshot.library.tag_report import difference
from whereshot.library.tag_run import note_undone, tag_photos, unwritable_folders
from whereshot.library.tagging import OUTCOMES, Metadata, Outcome, TagOptions, TagStep
from whereshot.library.undo import undo
from whereshot.progress import Report
from whereshot.records import Recognizer
from whereshot.serve.library.desk import Kind, Work, WorkStopped

_MOST_PROBLEMS = 100
_REPORT_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One photo of a preview or of a run, with the change to its file, small."""

    photo: CatalogPhoto
    outcome: Outcome
    reason: str
    landmark: str
    country: str
    file: Path | None
    packed: bytes

    @property
    def version(self) -> str:
        """The photo's `v`."""
        return version_of(self.photo.content_hash, self.photo.size, self.photo.mtime_ns)

    @property
    def difference(self) -> str:
        """The change as a unified difference; empty where there is none."""
        return zlib.decompress(self.packed).decode("utf-8", "replace") if self.packed else ""


@dataclass(slots=True)
class Changes:
    """What the last preview or run of tags found of each photo that it looked at."""

    kind: Kind
    rows: list[ChangeRow] = field(default_factory=list[ChangeRow])

    @property
    def counts(self) -> dict[Outcome, int]:
        """How many photos had which outcome, all outcomes named."""
        counted = Counter(row.outcome for row in self.rows)
        return {outcome: counted[outcome] for outcome in OUTCOMES}


def index_work(
    catalog: Path | None,
    folders: Sequence[Path],
    recognizer: Recognizer | RecognizerFactory,
    workers: int,
    bounds: Bounds,
) -> Work:
    """Look at the photos of some folders."""

    def work(report: Report) -> dict[str, Any]:
        report("scan", 0, 0, {})
        with Catalog(catalog) as known:
            summary = index_library(
                known, folders, recognizer, workers=workers, report=report, bounds=bounds
            )
        return _index_summary(summary)

    return work


def _index_summary(summary: IndexSummary) -> dict[str, Any]:
    names = (
        *("found", "settled", "recognized", "of_same_content", "near_duplicates"),
        *("failed", "gone", "missing", "videos", "seconds"),
    )
    problems = [
        {"path": str(problem.path), "message": problem.message}
        for problem in summary.problems[:_MOST_PROBLEMS]
    ]
    return {name: getattr(summary, name) for name in names} | {
        "problems": problems,
        "problem_count": len(summary.problems),
    }


@dataclass(frozen=True, slots=True)
class WriteWishes:
    """What is written: a dry run writes nothing; names in a language; a position too."""

    dry_run: bool
    write_gps: bool = False
    language: str = ENGLISH


def write_work(
    catalog: Path | None,
    ids: Sequence[int],
    wishes: WriteWishes,
    bounds: Bounds,
    keep: Callable[[Changes], None],
) -> Work:
    """Write what a person decided about photos, or find out what that would be.

    The rows go to `keep` while there are more and more of them.
    """

    def work(report: Report) -> dict[str, Any]:
        with Catalog(catalog) as known:
            return _write(known, ids, wishes, bounds, keep, report)

    return work


def _write(
    known: Catalog,
    ids: Sequence[int],
    wishes: WriteWishes,
    bounds: Bounds,
    keep: Callable[[Changes], None],
    report: Report,
) -> dict[str, Any]:
    dry = wishes.dry_run
    changes = Changes("preview" if dry else "write")
    keep(changes)
    files = DryFiles() if dry else RealFiles()
    names = load_localized(wishes.language)
    options = TagOptions(now(), wishes.write_gps, None if names.language == ENGLISH else names)
    blocked = unwritable_folders(_photos(known, ids), files)
    summary: dict[str, Any] = {
        "blocked": [{"folder": str(folder), "reason": why} for folder, why in blocked.items()],
        "run": None,
    }
    told = _Paced("plan" if dry else "write", len(ids), report)
    told(0)
    by_path = {photo.path: photo for photo in _photos(known, ids)}
    journal = Journal.in_memory() if dry else Journal()
    try:
        with journal, journal.begin("tag", files) as run:
            keeper = _WithinBounds(files, bounds)
            steps = tag_photos(known, by_path.values(), keeper, run, options, blocked, dry=dry)
            with closing(steps):
                for done, step in enumerate(steps, start=1):
                    changes.rows.append(_row(step, by_path[step.photo]))
                    if step.changes and not dry:
                        summary["run"] = run.id
                    told(done)
    except WorkStopped as stopped:
        raise WorkStopped(_counted(summary, changes)) from stopped
    return _counted(summary, changes)


def _counted(summary: dict[str, Any], changes: Changes) -> dict[str, Any]:
    counts = changes.counts
    changed = sum(counts[outcome] for outcome in ("written", "updated", "removed"))
    return summary | {"counts": counts, "changes": changed}


def _photos(known: Catalog, ids: Sequence[int]) -> Iterator[CatalogPhoto]:
    for number in ids:
        photo = known.get_by_id(number)
        if photo is not None:
            yield photo


class _WithinBounds(Sidecars):
    """Sidecars of photos in the folders that were allowed, and of no others."""

    def __init__(self, files: Files, bounds: Bounds) -> None:
        super().__init__(files)
        self._bounds = bounds

    def read(self, photo: CatalogPhoto) -> Metadata:
        """See `Keeper`."""
        if not self._bounds.holds(photo.path):
            raise PermissionError(errno.EACCES, "it leads out of the folders that were allowed")
        metadata = super().read(photo)
        if not self._bounds.holds(metadata.path):
            raise PermissionError(
                errno.EACCES, "its sidecar leads out of the folders that were allowed"
            )
        return metadata


def _row(step: TagStep, photo: CatalogPhoto) -> ChangeRow:
    text = "\n".join(difference(step)) if step.changes else ""
    landmark = step.landmark
    return ChangeRow(
        photo=photo,
        outcome=step.outcome,
        reason=step.reason,
        landmark=landmark.name if landmark is not None else "",
        country=landmark.country if landmark is not None else "",
        file=step.path if step.changes else None,
        packed=zlib.compress(text.encode("utf-8", "replace"), 1) if text else b"",
    )


def undo_work(catalog: Path | None, run: int, changes: int) -> Work:
    """Take back a run that has made so many changes."""

    def work(report: Report) -> dict[str, Any]:
        told = _Paced("undo", changes, report)
        told(0)
        files = RealFiles()
        with Journal() as journal:
            result = undo(journal, run, files, told)
        with Catalog(catalog) as known:
            note_undone(known, result, files)
        return {
            "run": run,
            "undone": result.undone,
            "refused": [
                {"path": str(refused.path), "reason": refused.reason} for refused in result.refused
            ],
            "kept_folders": [str(folder) for folder in result.kept_folders],
        }

    return work


class _Paced:
    """Reports with a rate, not more often than anybody could read."""

    def __init__(self, stage: str, total: int, report: Report) -> None:
        self._stage, self._total, self._report = stage, total, report
        self._started = monotonic()
        self._told_at = 0.0

    def __call__(self, done: int) -> None:
        now = monotonic()
        if done not in (0, self._total) and now - self._told_at < _REPORT_SECONDS:
            return
        self._told_at = now
        figures: dict[str, float] = {}
        if done:
            rate = done / max(now - self._started, 1e-3)
            figures = {"rate": rate, "seconds_left": max(0, self._total - done) / rate}
        self._report(self._stage, done, self._total, figures)
