"""Batches in tests: an engine without processes, and work that ends the process that does it."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from whereshot.scale.batch import read_records
from whereshot.scale.batch.columns import Item
from whereshot.scale.batch.engine import Part, Span
from whereshot.scale.batch.recognizing import Recognizing, Work, chunks
from whereshot.scale.batch.sources import Source
from whereshot.scale.batch.table import Record, table_of


class Inline:
    """An engine that works right here: parts of `size`, shuffled if there is a `seed`.

    It fails after `fails_after` parts, as a driver that is killed.
    """

    name = "inline"

    def __init__(
        self, size: int = 7, *, seed: int | None = None, fails_after: int | None = None
    ) -> None:
        self._size, self._seed, self._fails_after = size, seed, fails_after
        self.photos = 0

    def run(self, source: Source, work: Work, spans: Sequence[Span]) -> Generator[Part]:
        recognizing = work()
        units = [
            (at, min(at + self._size, stop))
            for start, stop in spans
            for at in range(start, stop, self._size)
        ]
        if self._seed is not None:
            random.Random(self._seed).shuffle(units)
        for number, (start, stop) in enumerate(units):
            if number == self._fails_after:
                raise KeyboardInterrupt
            self.photos += stop - start
            yield start, table_of(recognizing(list(source.read(start, stop))))


@dataclass(frozen=True)
class Deadly:
    """The work of `Work`, which ends its process at photos of some name.

    With `pause`, each photo takes that many seconds. With a folder to `meet` in, processes begin
    when two of them have come to it.
    """

    work: Work
    name: str = ""
    pause: float = 0.0
    meet: Path | None = None
    device: str = "cpu"  # engines ask for it

    def __call__(self) -> _Dying:
        return _Dying(self)


@dataclass(frozen=True)
class NoBundle:
    """Work for which there is no bundle where it is done."""

    device: str = "cpu"

    def __call__(self) -> Any:
        raise LookupError("no such bundle here")


class _Dying:
    def __init__(self, deadly: Deadly) -> None:
        self._deadly = deadly
        self._recognizing: Recognizing = deadly.work()

    def __call__(self, items: Sequence[Item]) -> list[Record]:
        return list(self.stream(items))

    def stream(self, items: Iterable[Item]) -> Iterator[Record]:
        self._meet()
        for chunk in chunks(items, 1):
            time.sleep(self._deadly.pause)
            if self._deadly.name and Path(chunk[0].name).name == self._deadly.name:
                os.kill(os.getpid(), signal.SIGKILL)
            yield from self._recognizing(chunk)

    def _meet(self) -> None:
        folder = self._deadly.meet
        if folder is not None:
            (folder / str(os.getpid())).touch()
            limit = time.monotonic() + 120
            while len(list(folder.iterdir())) < 2:
                assert time.monotonic() < limit, "nobody else came"
                time.sleep(0.05)


def timeless(records: Iterable[Record]) -> list[Record]:
    """Records without their milliseconds, which are never the same."""
    return [
        {**record, "milliseconds": sorted(record.get("milliseconds", ()))} for record in records
    ]


def results(output: Any) -> list[Record]:
    """What a batch has written, without milliseconds."""
    return timeless(read_records(output))
