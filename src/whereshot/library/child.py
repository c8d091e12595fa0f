"""A process of our own beside this one: started, spoken with through a pipe, and surely ended."""

from __future__ import annotations

import multiprocessing
import pickle
import signal
import threading
import traceback
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any

_PATIENCE_SECONDS = 5.0
# `multiprocessing` looks after its other children whenever one is started, and two threads that do
# so at once may take away from each other how a child has ended.
_looking_after_children = threading.Lock()


class Child:
    """A process that runs `target(connection, *arguments)`; `connection` here is the other end.

    It leaves Ctrl-C to this process. All that is handed over must be picklable.
    """

    def __init__(self, target: Callable[..., object], *arguments: object) -> None:
        context = multiprocessing.get_context("spawn")  # a fork would copy locks that threads hold
        self.connection, theirs = context.Pipe()
        self.process: BaseProcess = context.Process(
            target=_run, args=(target, theirs, arguments), name="whereshot", daemon=True
        )
        with _looking_after_children, _interrupts_held():
            self.process.start()
        theirs.close()
        self._how: str | None = None

    @property
    def has_ended(self) -> bool:
        """Whether the process runs no more."""
        return self._how is not None or bool(wait([self.process.sentinel], 0))

    def kill(self) -> None:
        """End the process from any thread; another one calls `end` after that."""
        with _looking_after_children:
            if self._how is None:
                self.process.kill()

    def end(self, *, died: bool = False) -> str:
        """End the process, whatever it does, and say how it ended; if it died, of itself.

        A second call says the same.
        """
        if self._how is not None:
            return self._how
        self.connection.close()
        if died:  # what it said last is read before it is quite gone
            wait([self.process.sentinel], _PATIENCE_SECONDS)
        with _looking_after_children:
            self.process.kill()  # it has nothing to tidy up
            self.process.join()
            self._how = _how(self.process.exitcode)
            self.process.close()
        return self._how


def _how(code: int | None) -> str:
    if code is not None and code < 0:
        with suppress(ValueError):
            return signal.Signals(-code).name
    return f"exit status {code}"


@contextmanager
def _interrupts_held() -> Generator[None]:
    """Begin a process with Ctrl-C held back, until it has said that it does not want to know."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _run(
    target: Callable[..., object],
    connection: Connection[Any, Any],
    arguments: tuple[object, ...],
) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    target(connection, *arguments)


def portable(error: Exception) -> Exception:
    """An exception that survives the way to another process, with where it was raised."""
    error.add_note(traceback.format_exc())
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - what was pickled here
    except Exception:  # noqa: BLE001 - exceptions take what arguments they like
        return RuntimeError(f"{type(error).__name__}: {error}\n{traceback.format_exc()}")
    return error
