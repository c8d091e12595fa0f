"""From folders to a catalog in which every photo that can be recognized is."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from time import monotonic

from whereshot.cores import available_cores
from whereshot.library.bounds import Bounds
from whereshot.library.catalog import Catalog
from whereshot.library.census import Census, take_census
from whereshot.library.paths import distinct_roots, to_key, to_path
from whereshot.library.pool import map_batches
from whereshot.library.reading import Job, Reader, Reading, Source, lost, reader_version
from whereshot.library.scan import Problem, Scan
from whereshot.progress import Report, silent
from whereshot.records import Recognition, Recognizer

BATCH = 8
"""Photos of one folder, by name, that a process reads together: bursts are among them."""

_COMMIT_SECONDS = 1.0
_MOST_KNOWN = 4  # answers for content of one size: uncompressed photos may be thousands of one

_TO_DO = "pending AND NOT missing"
_KNOWN = """
    SELECT content_hash, bundle, verdict, predictions, certainty FROM photos
    WHERE size = ? AND bundle = ? ORDER BY mtime_ns = ? DESC LIMIT ?
"""
_MISS = "UPDATE photos SET missing = 1, pending = 0 WHERE path = ?"
# A photo that was moved has left a row behind; one whose disk is away has not.
_CARRY_DECISIONS = """
    UPDATE photos SET (decision, decided) = (
        SELECT decision, decided FROM photos AS gone
        WHERE gone.missing AND gone.decision IS NOT NULL
        AND gone.size = photos.size AND gone.content_hash = photos.content_hash LIMIT 1
    )
    WHERE NOT missing AND NOT pending AND decision IS NULL
    AND (size, content_hash) IN (
        SELECT size, content_hash FROM photos WHERE missing AND decision IS NOT NULL
    )
"""
_FORGET_MOVED = """
    DELETE FROM photos WHERE missing AND EXISTS (
        SELECT 1 FROM photos AS twin
        WHERE twin.size = photos.size AND twin.content_hash = photos.content_hash
        AND NOT twin.missing AND NOT twin.pending
    )
"""


@dataclass(frozen=True, slots=True)
class RecognizerFactory:
    """How a process of its own comes to a recognizer: `load` must be picklable.

    `name` is what the recognizer will call itself, such as `world@1`.
    """

    name: str
    load: Callable[[], Recognizer]


@dataclass(frozen=True, slots=True)
class IndexSummary:
    """What came of a run: `found` is the sum of the six counts that follow it.

    `settled` photos were left alone, as they were before or can't be read; `recognized` went
    through the network; of the same content or near-duplicates are those that took another photo's
    answer; `gone` disappeared while the run went on. `missing` are no longer where they were.
    """

    found: int
    settled: int
    recognized: int
    of_same_content: int
    near_duplicates: int
    failed: int
    gone: int
    missing: int
    videos: int
    problems: tuple[Problem, ...]
    seconds: float


def index_library(
    catalog: Catalog,
    roots: Sequence[str | os.PathLike[str]],
    recognizer: Recognizer | RecognizerFactory,
    *,
    workers: int | None = None,
    k: int = 5,
    report: Report = silent,
    bounds: Bounds | None = None,
) -> IndexSummary:
    """Bring what a catalog knows of the photos under some folders up to date.

    Photos whose size and time are as they were are not opened. Others are read; content that is
    known, under whatever path it was, is not recognized again. A recognizer of another name than
    the last goes through all photos that can be read. A factory puts `workers` processes to work
    (default: one per core); a recognizer works in this one.

    What is found out is committed every second, so whatever ends a run, the next one goes on from
    there. A photo that can't be read has its `error` in the catalog; what could not be looked at
    is in the summary. With `bounds`, no link out of them is followed. Reports ("scan", photos, 0,
    {}), then ("recognize", photos done, photos to do, {"rate", "seconds_left"}), without figures
    before the first batch. Raises CatalogError, and what the recognizer raises at its start.
    """
    started = monotonic()
    scan = Scan(roots, bounds)
    census = take_census(catalog, scan, recognizer.name, report)
    run = _Run(catalog, recognizer.name, roots, report, bounds)
    if run.to_do:
        report("recognize", 0, run.to_do, {})
    with closing(_readings(recognizer, run.jobs(), workers, k, run.to_do)) as readings:
        try:
            for batch in readings:
                run.take(batch)
        finally:
            run.commit()
    with catalog.transaction():
        catalog.connection.execute(_CARRY_DECISIONS)
        catalog.connection.execute(_FORGET_MOVED)
    return run.summary(scan, census, monotonic() - started)


def _readings(
    recognizer: Recognizer | RecognizerFactory,
    batches: Iterator[list[Job]],
    workers: int | None,
    k: int,
    to_do: int,
) -> Generator[list[Reading]]:
    if not isinstance(recognizer, RecognizerFactory):
        reader = Reader(recognizer, k=k)
        for batch in batches:
            yield reader(batch)
        return
    workers = available_cores() if workers is None else workers
    yield from map_batches(
        partial(_make_reader, recognizer, k),
        batches,
        workers=min(workers, max(1, to_do // BATCH)),
        lost=lost,
    )


def _make_reader(factory: RecognizerFactory, k: int) -> Reader:
    recognizer = factory.load()
    if recognizer.name != factory.name:  # else no answer would ever count as its own
        raise ValueError(
            f"the recognizer calls itself {recognizer.name!r}, and was announced as "
            f"{factory.name!r}. Give a RecognizerFactory the name that its recognizer has"
        )
    return Reader(recognizer, k=k)


class _Run:
    """What is to be read, and what came of it so far."""

    def __init__(
        self,
        catalog: Catalog,
        bundle: str,
        roots: Sequence[str | os.PathLike[str]],
        report: Report,
        bounds: Bounds | None,
    ) -> None:
        self._catalog = catalog
        self._bounds = bounds
        self._bundle = bundle
        self._roots = distinct_roots(roots)
        self._report = report
        self.to_do = sum(catalog.count_rows(root, _TO_DO) for root in self._roots)
        self._done = 0
        self._counts = dict.fromkeys(Source, 0)
        self._gone = 0
        self._waiting: list[Reading] = []
        self._started = self._committed_at = monotonic()

    def jobs(self) -> Iterator[list[Job]]:
        """Batches of photos to read, each out of one folder."""
        number = self._catalog.answers.bundle_number(self._bundle)
        for root in self._roots:
            rows = self._catalog.rows("path, size, mtime_ns", root, _TO_DO)
            for _, folder in groupby(rows, lambda row: os.path.dirname(row[0])):  # noqa: PTH120
                batch: list[Job] = []
                for row in folder:
                    # Found by a run without bounds that did not get to it.
                    if self._bounds is not None and not self._bounds.holds(row[0]):
                        continue
                    batch.append(self._job(number, *row))
                    if len(batch) == BATCH:
                        yield batch
                        batch = []
                if batch:
                    yield batch

    def take(self, readings: Sequence[Reading]) -> None:
        """Note what came of a batch."""
        self._waiting += readings
        now = monotonic()
        if now - self._committed_at > _COMMIT_SECONDS:
            self.commit()
        self._done += len(readings)
        rate = self._done / max(now - self._started, 1e-3)
        left = max(0, self.to_do - self._done) / rate
        self._report("recognize", self._done, self.to_do, {"rate": rate, "seconds_left": left})

    def commit(self) -> None:
        """Write what came of the batches since the last time."""
        with self._catalog.transaction():
            for reading in self._waiting:
                self._write(reading)
        for reading in self._waiting:
            if reading.gone:
                self._gone += 1
            else:
                self._counts[reading.source] += 1
        self._waiting.clear()
        self._committed_at = monotonic()

    def summary(self, scan: Scan, census: Census, seconds: float) -> IndexSummary:
        """What came of all of it."""
        return IndexSummary(
            found=census.found,
            settled=census.settled,
            recognized=self._counts[Source.NETWORK],
            of_same_content=self._counts[Source.CONTENT],
            near_duplicates=self._counts[Source.NEIGHBOUR],
            failed=self._counts[Source.NOBODY],
            gone=self._gone,
            missing=census.missing,
            videos=scan.videos,
            problems=tuple(scan.problems),
            seconds=seconds,
        )

    def _job(self, bundle: int, key: bytes, size: int, mtime_ns: int) -> Job:
        path = to_path(key)
        with suppress(OSError):  # reading it will say so
            status = path.stat()  # of changed photos the catalog knows what they were
            size, mtime_ns = status.st_size, status.st_mtime_ns
        known: dict[str, Recognition] = {}
        for row in self._catalog.read(_KNOWN, (size, bundle, mtime_ns, _MOST_KNOWN)):
            recognition = self._catalog.answers.recognition(row[1:], None, None)
            if recognition is not None:
                known[row[0].hex()] = recognition
        return Job(path, size, mtime_ns, known)

    def _write(self, reading: Reading) -> None:
        photo = reading.photo
        if reading.gone:
            self._catalog.connection.execute(_MISS, (to_key(photo.path),))
            return
        failed_with = None
        if photo.error is not None:
            failed_with = "" if reading.passing else reader_version()
        self._catalog.put([photo], failed_with=failed_with)
