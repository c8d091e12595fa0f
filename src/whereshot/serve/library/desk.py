"""The long work on a library: one at a time, in a thread, with everybody told how far it is."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Literal

from whereshot.errors import WhereshotError
from whereshot.library.journal import now
from whereshot.progress import Report

logger = logging.getLogger(__name__)

Kind = Literal["index", "preview", "write", "undo"]
WorkState = Literal["running", "finished", "stopped", "failed"]
Work = Callable[[Report], dict[str, Any]]
"""Does something long, reports how far it is, and gives a summary that JSON can hold.

What the reports raise ends it in order.
"""

_WORDS: dict[Kind, str] = {
    "index": "photos are being looked at",
    "preview": "it is being found out what would be written",
    "write": "sidecars are being written",
    "undo": "a run is being taken back",
}


class DeskBusyError(WhereshotError):
    """Another work goes on."""


class WorkStopped(BaseException):
    """Raised by a report when somebody stopped the work."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the work of a number is; `total` 0: not known yet."""

    number: int
    kind: Kind
    started: str
    state: WorkState = "running"
    stage: str = ""
    done: int = 0
    total: int = 0
    rate: float | None = None
    seconds_left: float | None = None
    summary: dict[str, Any] | None = None
    error: tuple[str, str] | None = None  # its type, and a sentence

    def to_dict(self) -> dict[str, Any]:
        """As JSON."""
        error = self.error and dict(zip(("type", "message"), self.error, strict=True))
        return {name: getattr(self, name) for name in self.__slots__} | {"error": error}


class Desk:
    """Where long work is begun and stopped; used from the event loop's thread."""

    def __init__(self) -> None:
        self._progress: Progress | None = None
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._listeners: set[Callable[[], None]] = set()
        self._lock = threading.Lock()

    @property
    def progress(self) -> Progress | None:
        """The work that goes on, or the last one; None before the first."""
        return self._progress

    @property
    def listeners(self) -> int:
        """How many listen now."""
        return len(self._listeners)

    @property
    def is_busy(self) -> bool:
        """Whether work goes on."""
        return self._progress is not None and self._progress.state == "running"

    def begin(self, kind: Kind, work: Work) -> Progress:
        """Begin some work; raises `DeskBusyError` while other work goes on."""
        if self.is_busy:
            assert self._progress is not None
            raise DeskBusyError(
                f"Just now {_WORDS[self._progress.kind]}: one thing at a time. Wait until it is "
                "done, or stop it."
            )
        number = 1 if self._progress is None else self._progress.number + 1
        self._stop.clear()
        self._tell(Progress(number, kind, now()))
        self._thread = threading.Thread(target=self._run, args=(work,), name=f"whereshot-{kind}")
        self._thread.start()
        assert self._progress is not None
        return self._progress

    def stop(self) -> bool:
        """Stop the work that goes on, in order and soon; False if none does."""
        self._stop.set()
        return self.is_busy

    def close(self) -> None:
        """Stop what goes on, and wait until it has ended."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call a function, from any thread, whenever there is news; gives how to end that."""
        with self._lock:
            self._listeners.add(listener)
        return lambda: self._listeners.discard(listener)

    def _run(self, work: Work) -> None:
        assert self._progress is not None
        try:
            summary = work(self._report)
        except WorkStopped as stopped:
            self._end("stopped", summary=stopped.args[0] if stopped.args else None)
        except WhereshotError as error:
            self._end("failed", error=(type(error).__name__, str(error)))
        except Exception:
            logger.exception("work on the library failed")
            message = "Something went wrong inside whereshot. Its log has the details."
            self._end("failed", error=("InternalError", message))
        else:
            self._end("finished", summary=summary)

    def _report(self, stage: str, done: int, total: int, figures: dict[str, float]) -> None:
        assert self._progress is not None
        self._tell(
            replace(
                self._progress,
                stage=stage,
                done=done,
                total=total,
                rate=figures.get("rate"),
                seconds_left=figures.get("seconds_left"),
            )
        )
        if self._stop.is_set():
            raise WorkStopped

    def _end(self, state: WorkState, **fields: Any) -> None:
        assert self._progress is not None
        self._tell(replace(self._progress, state=state, seconds_left=None, **fields))

    def _tell(self, progress: Progress) -> None:
        self._progress = progress
        with self._lock:
            listeners = tuple(self._listeners)
        for listener in listeners:
            listener()


class News:
    """A bell for a coroutine, rung from whatever thread has news; a context manager."""

    def __init__(self, desk: Desk) -> None:
        self._bell = asyncio.Event()
        loop = asyncio.get_running_loop()

        def ring() -> None:
            with suppress(RuntimeError):  # the loop has ended meanwhile
                loop.call_soon_threadsafe(self._bell.set)

        self._end = desk.listen(ring)

    def __enter__(self) -> News:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    async def wait(self, seconds: float) -> None:
        """Wait for news, but not longer than so many seconds."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._bell.wait(), seconds)
        self._bell.clear()
