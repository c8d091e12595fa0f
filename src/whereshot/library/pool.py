"""Work on a stream in processes of their own: in order, bounded, and one that dies is replaced.

Processes and not threads, because a decoder that crashes on a damaged photo then costs that photo
and not the run.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from queue import SimpleQueue
from typing import Any, Generic, TypeVar, cast

from whereshot.errors import WorkerError
from whereshot.library.child import Child, portable

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

LOOK_AHEAD = 2
"""Batches that a worker holds: the one in work and the next, so that it never waits for one."""
MOST_FAILED_STARTS = 3

_READY, _DONE, _RAISED = "ready", "done", "raised"


def map_batches(
    make_work: Callable[[], Callable[[Sequence[_Item]], Sequence[_Result]]],
    batches: Iterable[Sequence[_Item]],
    *,
    workers: int,
    lost: Callable[[_Item, str], _Result],
) -> Generator[list[_Result], None, None]:
    """Yield the results of each batch, in order, computed by `workers` processes.

    Each process calls `make_work`, which must be picklable, once, and what that returns with each
    of its batches. At most `(LOOK_AHEAD + 1) * workers` batches are taken beyond what was yielded.

    When a process dies, another takes its place, and each item that it held is tried once more,
    alone; if that process dies too, the item's result is `lost(item, how it died)`. An exception of
    `make_work` or of the work is raised here; WorkerError if no process comes up. However the
    generator ends, the processes have ended with it. They leave Ctrl-C to the process that uses
    them.
    """
    crew: _Crew[_Item, _Result] = _Crew(make_work, workers, lost)
    try:
        yield from crew.run(iter(batches))
    finally:
        crew.dismiss()


@dataclass(slots=True)
class _Batch(Generic[_Item, _Result]):
    """Items that were taken together, and the results so far, by their place in it."""

    items: Sequence[_Item]
    results: dict[int, _Result] = field(default_factory=dict[int, Any])

    @property
    def is_complete(self) -> bool:
        return len(self.results) == len(self.items)


@dataclass(slots=True)
class _Task(Generic[_Item, _Result]):
    """Some places of a batch, for one worker; `alone` if a worker has died on them before."""

    batch: _Batch[_Item, _Result]
    places: Sequence[int]
    alone: bool = False


class _Worker(Generic[_Item, _Result]):
    def __init__(self, make_work: Callable[[], object]) -> None:
        self.child = Child(_serve, make_work)
        self.connection = self.child.connection
        self.ready = False
        self.tasks: deque[_Task[_Item, _Result]] = deque()

    def takes(self, task: _Task[_Item, _Result]) -> bool:
        """Whether it has room; a suspicious item gets a worker that holds nothing else."""
        if not self.ready or any(held.alone for held in self.tasks):
            return False
        return len(self.tasks) < (1 if task.alone else LOOK_AHEAD)

    def give(self, task: _Task[_Item, _Result]) -> None:
        self.tasks.append(task)
        with suppress(OSError):  # it has died: that comes up when it is listened to
            self.connection.send([task.batch.items[place] for place in task.places])


class _Crew(Generic[_Item, _Result]):
    def __init__(
        self,
        make_work: Callable[[], object],
        workers: int,
        lost: Callable[[_Item, str], _Result],
    ) -> None:
        if workers < 1:
            raise ValueError(f"workers must be 1 or more, got {workers}")
        self._make_work = make_work
        self._count = workers
        self._lost = lost
        self._workers: list[_Worker[_Item, _Result]] = []
        self._retries: deque[_Task[_Item, _Result]] = deque()
        self._failed_starts = 0

    def run(self, batches: Iterator[Sequence[_Item]]) -> Generator[list[_Result], None, None]:
        under_way: deque[_Batch[_Item, _Result]] = deque()
        waiting: deque[_Task[_Item, _Result]] = deque()
        more = True
        while more or under_way:
            while more and not waiting and len(under_way) < (LOOK_AHEAD + 1) * self._count:
                items = next(batches, None)
                if items is None:
                    more = False
                elif items:
                    under_way.append(_Batch(items))
                    waiting.append(_Task(under_way[-1], range(len(items))))
                    self._hand_out(waiting)
            if under_way and under_way[0].is_complete:
                batch = under_way.popleft()
                yield [batch.results[place] for place in range(len(batch.items))]
            elif under_way:
                self._hand_out(waiting)
                self._listen()

    def dismiss(self) -> None:
        """End all processes."""
        while self._workers:
            self._workers.pop().child.end()

    def _hand_out(self, waiting: deque[_Task[_Item, _Result]]) -> None:
        while len(self._workers) < self._count:
            self._workers.append(_Worker(self._make_work))
        for queue in (self._retries, waiting):
            while queue:
                free = [worker for worker in self._workers if worker.takes(queue[0])]
                if not free:
                    break
                min(free, key=lambda worker: len(worker.tasks)).give(queue.popleft())

    def _listen(self) -> None:
        """Wait until a worker says something, or dies."""
        by_connection = {worker.connection: worker for worker in self._workers}
        for connection in wait(list(by_connection)):
            worker = by_connection[cast("Connection[Any, Any]", connection)]
            try:
                kind, content = worker.connection.recv()
            except (EOFError, OSError):
                self._replace(worker)
                continue
            if kind == _RAISED:
                raise content
            if kind == _READY:
                worker.ready, self._failed_starts = True, 0
            else:
                task = worker.tasks.popleft()
                task.batch.results.update(zip(task.places, content, strict=True))

    def _replace(self, worker: _Worker[_Item, _Result]) -> None:
        self._workers.remove(worker)
        how = worker.child.end(died=True)
        if not worker.ready:
            self._failed_starts += 1
            if self._failed_starts == MOST_FAILED_STARTS:
                raise WorkerError(
                    f"{MOST_FAILED_STARTS} processes in a row ended before they could begin "
                    f"({how}). Check how much memory is free, or take fewer workers."
                )
        for task in worker.tasks:
            for place in task.places:
                if task.alone:
                    task.batch.results[place] = self._lost(task.batch.items[place], how)
                else:
                    self._retries.append(_Task(task.batch, [place], alone=True))


def _serve(connection: Connection[Any, Any], make_work: Callable[[], Callable[[Any], Any]]) -> None:
    """What a worker does until nobody is at the other end."""
    inbox: SimpleQueue[Any] = SimpleQueue()
    # Read at once, so that the other side never waits to be rid of a task while this one waits to
    # be rid of a result.
    threading.Thread(target=_receive, args=(connection, inbox), daemon=True).start()
    with suppress(BrokenPipeError, ConnectionResetError):
        try:
            work = make_work()
            connection.send((_READY, None))
            while (items := inbox.get()) is not None:
                connection.send((_DONE, work(items)))
        except (BrokenPipeError, ConnectionResetError):
            raise
        except Exception as error:  # noqa: BLE001 - it belongs to whoever waits for the result
            connection.send((_RAISED, portable(error)))


def _receive(connection: Connection[Any, Any], inbox: SimpleQueue[Any]) -> None:
    try:
        while True:
            inbox.put(connection.recv())
    except (EOFError, OSError):
        inbox.put(None)
