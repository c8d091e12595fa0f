"""The library that the app shows: a catalog, seen from one thread, and the work on it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any, TypeVar

from whereshot.errors import WhereshotError
from whereshot.library.bounds import Bounds
from whereshot.library.catalog import Catalog
from whereshot.library.catalog_photo import Decision
from whereshot.library.grouping import Arranged, Arrangement, Choice, arrange
from whereshot.library.index import RecognizerFactory
from whereshot.library.overview import Item, Lookout, Overview
from whereshot.records import Recognizer
from whereshot.serve.engine import Engine
from whereshot.serve.library.desk import Desk, Progress
from whereshot.serve.library.pictures import Pictures
from whereshot.serve.library.work import Changes, WriteWishes, index_work, undo_work, write_work
from whereshot.serve.settings import Settings

_Result = TypeVar("_Result")

_PATIENCE = 10.0
"""While photos are being looked at, the catalog changes every second. Lists follow so that this
takes a tenth of the time: at once in a small library, every few seconds in one of 100,000 photos.
"""

_MOST_LISTS = 32
_MOST_TEXTS = 8  # a map of 100,000 photos has 7 MB


@dataclass(slots=True)
class Snapshot:
    """The library at one time, and what was made of it since; for the catalog's thread only."""

    revision: int
    overview: Overview
    _lists: dict[object, Any] = field(default_factory=dict[object, Any])
    _texts: dict[object, bytes] = field(default_factory=dict[object, bytes])

    def arrange(self, by: Arrangement, choice: Choice) -> Arranged:
        """Photos in an order; the one that was asked for before comes at once."""
        return self.keep((by, choice), lambda: arrange(self.overview, by, choice))

    def keep(self, key: object, make: Callable[[], _Result]) -> _Result:
        """Some photos in some order, made once."""
        return _kept(self._lists, key, make, _MOST_LISTS)

    def text(self, key: object, make: Callable[[], Any]) -> bytes:
        """A large value as JSON, made once."""

        def encode() -> bytes:
            text = json.dumps(make(), separators=(",", ":"), ensure_ascii=False)
            return text.encode("utf-8", "replace")

        return _kept(self._texts, key, encode, _MOST_TEXTS)


def _kept(
    kept: dict[object, _Result], key: object, make: Callable[[], _Result], most: int
) -> _Result:
    found = kept.get(key)
    if found is None:
        if len(kept) >= most:
            kept.pop(next(iter(kept)))
        found = kept[key] = make()
    return found


def _own_thread() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, "whereshot-catalog")


class Library:
    """What the routes of the library work with; made in the event loop's process, once an app.

    `indexer` recognizes photos when folders are looked at: in processes of its own if it is a
    function that makes a recognizer, which must be picklable.
    """

    def __init__(
        self,
        settings: Settings,
        engine: Engine,
        indexer: Recognizer | Callable[[], Recognizer] | None = None,
    ) -> None:
        self.bounds = Bounds(settings.library)
        self.desk = Desk()
        self.pictures = Pictures(engine, settings.workers)
        self.changes: Changes | None = None
        self._engine = engine
        self._indexer = indexer
        self._workers = settings.workers
        self._path = settings.catalog
        self._thread = _own_thread()
        self._catalog: Catalog | None = None
        self._lookout = Lookout(self.bounds)
        self._snapshot: Snapshot | None = None
        self._seen_version = -1
        self._seen_progress: Progress | None = None
        self._due_at = 0.0
        self._warm_up: asyncio.Task[None] | None = None  # the loop itself keeps no task alive

    @property
    def can_index(self) -> bool:
        """Whether there is a recognizer for it."""
        return self._indexer is not None

    async def ask(self, question: Callable[[Catalog, Snapshot], _Result]) -> _Result:
        """What a function of the catalog and of the library gives, called in their thread."""
        return await self._call(lambda: question(self._opened(), self._current()))

    async def decide(
        self, choose: Callable[[Catalog, Snapshot], Mapping[int, Decision | None]]
    ) -> None:
        """Note what a person said of photos, by their numbers; lists know it at once."""

        def call() -> None:
            catalog = self._opened()
            snapshot = self._current()
            decisions = choose(catalog, snapshot)
            catalog.decide(decisions)
            self._take(self._lookout.look_again(catalog, snapshot.overview, decisions))

        await self._call(call)

    def begin(self) -> None:
        """Work out what lists are made of before somebody asks: of a large library that takes long.

        Called in the event loop.
        """
        if self.bounds.folders:
            self._warm_up = asyncio.create_task(self._look_ahead())

    async def _look_ahead(self) -> None:
        with suppress(WhereshotError):  # who asks is told
            await self.ask(lambda _, snapshot: snapshot.overview.trips)

    async def close(self) -> None:
        """Stop the work in order, and close the catalog; who asks again later opens it again."""
        await asyncio.to_thread(self.desk.close)
        await self._call(self._let_go)
        self._thread.shutdown()
        self._thread = _own_thread()  # begins when it is needed

    def begin_index(self, folders: Sequence[Path]) -> Progress:
        """Look at the photos of some folders, which are in the bounds."""
        assert self._indexer is not None
        recognizer = self._indexer
        if not isinstance(recognizer, Recognizer):
            recognizer = RecognizerFactory(self._engine.name, recognizer)
        work = index_work(self._path, folders, recognizer, self._workers, self.bounds)
        return self.desk.begin("index", work)

    def begin_write(self, items: Sequence[Item], wishes: WriteWishes) -> Progress:
        """Write what was decided about photos, or find out what that would be."""

        def keep(changes: Changes) -> None:
            self.changes = changes

        ids = [item.id for item in items]
        work = write_work(self._path, ids, wishes, self.bounds, keep)
        return self.desk.begin("preview" if wishes.dry_run else "write", work)

    def begin_undo(self, run: int, changes: int) -> Progress:
        """Take back a run, whose files are in the bounds."""
        return self.desk.begin("undo", undo_work(self._path, run, changes))

    async def _call(self, call: Callable[[], _Result]) -> _Result:
        return await asyncio.get_running_loop().run_in_executor(self._thread, call)

    def _opened(self) -> Catalog:
        if self._catalog is None:
            self._catalog = Catalog(self._path)
        return self._catalog

    def _let_go(self) -> None:
        if self._catalog is not None:
            self._catalog.close()
            self._catalog, self._seen_version = None, -1

    def _current(self) -> Snapshot:
        """The library as it is; while it changes all the time, as it was a moment ago."""
        catalog = self._opened()
        [(version,)] = catalog.read("PRAGMA data_version")
        progress, begun = self.desk.progress, monotonic()
        if self._snapshot is not None:
            has_ended = progress is not self._seen_progress and not self.desk.is_busy
            if version == self._seen_version or (begun < self._due_at and not has_ended):
                return self._snapshot
        overview = self._lookout.look(catalog)
        ended = monotonic()
        self._due_at = ended + _PATIENCE * (ended - begun)
        self._seen_version, self._seen_progress = version, progress
        return self._take(overview)

    def _take(self, overview: Overview) -> Snapshot:
        """The snapshot of an overview: the same as before if it says the same."""
        before = self._snapshot
        if before is not None and before.overview.items == overview.items:
            return before
        revision = 1 if before is None else before.revision + 1
        self._snapshot = Snapshot(revision, overview)
        return self._snapshot
