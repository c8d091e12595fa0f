"""A worker: a process with a recognizer of its own; it does one job at a time and may die of it."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import parent_process
from multiprocessing.connection import Connection, wait
from typing import TYPE_CHECKING, Any

from whereshot.library.child import Child, portable
from whereshot.records import Landmark

if TYPE_CHECKING:
    from whereshot.recognize import OnnxRecognizer

_DONE, _RAISED = "done", "raised"
_START_SECONDS = 120.0  # for slow disks; a worker that hangs at its start is not waited for longer


class WorkerDiedError(Exception):
    """A worker ended before it had answered; `how` it did, such as `SIGKILL`."""

    def __init__(self, how: str) -> None:
        super().__init__(how)
        self.how = how


class WorkerTimeoutError(Exception):
    """A worker had no answer in time, and was ended."""


@dataclass(frozen=True, slots=True)
class Known:
    """What a recognizer is called, and which landmarks it knows."""

    name: str
    landmarks: tuple[Landmark, ...]


def describe(recognizer: OnnxRecognizer) -> Known:
    """The job that asks a worker what it knows."""
    return Known(recognizer.name, recognizer.landmarks)


@dataclass(frozen=True, slots=True)
class WorkerPlan:
    """What a worker starts with: how to make its recognizer, and the most memory it may take.

    `make_recognizer` must be picklable. `megabytes` of memory is a limit where the system has one
    for a process (Linux); a photo that needs more is too large, and never fills the machine.
    """

    make_recognizer: Callable[[], OnnxRecognizer]
    megabytes: int | None = None


class Worker:
    """A worker as its caretaker sees it: the one thread that uses it, but for `kill`.

    A `quiet` one leaves it to others to warn of what is wrong with a bundle.
    """

    def __init__(self, plan: WorkerPlan, *, quiet: bool = False) -> None:
        self._child = Child(_serve, plan, quiet)

    def come_up(self) -> Known:
        """Wait until it takes jobs, and say what it knows.

        Raises what `make_recognizer` raises, or `WorkerDiedError`; then it is at its end.
        """
        try:
            return self._answer(_START_SECONDS)
        except WorkerTimeoutError:
            raise WorkerDiedError(f"no answer for {_START_SECONDS:g} s") from None
        except BaseException:
            self.end()
            raise

    @property
    def has_died(self) -> bool:
        """Whether the process has ended by itself, without anybody waiting for it."""
        return self._child.has_ended

    def do(self, job: Callable[[OnnxRecognizer], Any], generation: int, seconds: float) -> Any:
        """What the job gives, or what it raises.

        The worker reads enrolled landmarks anew where its `generation` is another. Raises
        `WorkerDiedError` or, after `seconds`, `WorkerTimeoutError`: then it is at its end.
        """
        with suppress(BrokenPipeError, ConnectionResetError):  # comes up when it is listened to
            self._child.connection.send((generation, job))
        return self._answer(seconds)

    def _answer(self, seconds: float | None) -> Any:
        connection = self._child.connection
        try:
            if not connection.poll(seconds):
                self.end()
                raise WorkerTimeoutError
            kind, content = connection.recv()
        except (EOFError, OSError) as error:
            raise WorkerDiedError(self._child.end(died=True)) from error
        if kind == _RAISED:
            raise content
        return content

    def kill(self) -> None:
        """End the process from any thread; who waits for its answer gets a `WorkerDiedError`."""
        self._child.kill()

    def end(self) -> None:
        """End the process, if it has not ended already, and let go of it."""
        self._child.end()


def _serve(connection: Connection[Any, Any], plan: WorkerPlan, quiet: bool) -> None:
    """What the process does until the server is gone, or ends it."""
    # A signal to all processes of a service is for the server: it lets running requests end first.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    if quiet:
        logging.disable(logging.WARNING)
    try:
        recognizer = plan.make_recognizer()
    except Exception as error:  # noqa: BLE001 - it belongs to whoever started this
        connection.send((_RAISED, portable(error)))
        return
    if plan.megabytes is not None:
        _limit_memory(plan.megabytes)
    connection.send((_DONE, describe(recognizer)))
    known = 0
    while True:
        try:
            generation, job = connection.recv()
            if generation != known:
                recognizer.read_enrolled()
                known = generation
            answer = _DONE, job(recognizer)
        except EOFError:
            return
        except Exception as error:  # noqa: BLE001 - it belongs to whoever waits for the answer
            answer = _RAISED, portable(error)
        try:
            connection.send(answer)
        except (BrokenPipeError, ConnectionResetError):
            return
        except Exception as error:  # noqa: BLE001 - an answer that can't be pickled
            connection.send((_RAISED, portable(error)))


def _leave_with_parent() -> None:
    """End this process when the server's ends, in the middle of a job too: nobody waits for it."""
    parent = parent_process()
    assert parent is not None
    wait([parent.sentinel])
    os._exit(1)


def _limit_memory(megabytes: int) -> None:
    """Let every allocation fail that would take this process beyond its memory."""
    if sys.platform != "linux":  # others have the call, but count something else, or nothing
        return
    import resource

    size, (_, most) = megabytes * 1024**2, resource.getrlimit(resource.RLIMIT_DATA)
    size = size if most == resource.RLIM_INFINITY else min(size, most)
    # Not the address space: that counts files that are mapped, and room that is never used.
    resource.setrlimit(resource.RLIMIT_DATA, (size, size))
