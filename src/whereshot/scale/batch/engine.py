"""Who does the work of a batch: one Protocol, and the processes of one machine."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import closing
from typing import Protocol

from whereshot.cores import available_cores
from whereshot.library.pool import map_batches
from whereshot.scale.batch.recognizing import Work, chunks, lost
from whereshot.scale.batch.sources import Source
from whereshot.scale.batch.table import Table, table_of

BATCH = 32
"""Photos that a process takes at a time."""

Part = tuple[int, Table]
"""The number of the first photo, and the records of it and those that follow."""
Span = tuple[int, int]
"""Photos by number: the first, and the one after the last."""


class Engine(Protocol):
    """Whoever recognizes the photos of a batch."""

    @property
    def name(self) -> str:
        """What summaries call it."""
        ...

    def run(self, source: Source, work: Work, spans: Sequence[Span]) -> Generator[Part]:
        """Recognize all photos of the spans, each once: parts of any size, in any order.

        A process that dies is replaced, and what it held is done again; a photo that ends its
        process again gets the record of `lost`. When the iterator is closed, all has ended.
        """
        ...


class LocalEngine:
    """Processes on this machine, one per core unless `workers` says otherwise.

    The photos of a data set are read here and handed to the processes; those at paths and URLs are
    read by the processes themselves.
    """

    name = "local"

    def __init__(self, *, workers: int | None = None) -> None:
        self._workers = available_cores() if workers is None else workers

    def run(self, source: Source, work: Work, spans: Sequence[Span]) -> Generator[Part]:
        """Parts of `BATCH` photos, in order."""
        count = sum(stop - start for start, stop in spans)
        workers = max(1, min(self._workers, count // BATCH))
        for start, stop in spans:
            batches = chunks(source.read(start, stop), BATCH)
            with closing(map_batches(work, batches, workers=workers, lost=lost)) as results:
                for records in results:
                    yield start, table_of(records)
                    start += len(records)
