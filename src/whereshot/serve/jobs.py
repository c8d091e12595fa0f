"""Jobs that wait for a worker: in order, bounded, and without those that nobody waits for."""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING, Any

from whereshot.errors import EngineBusyError, WorkerError

if TYPE_CHECKING:
    from whereshot.recognize import OnnxRecognizer

_WEIGHT = 0.1  # of the last job in the mean duration of jobs
_FIRST_GUESS_SECONDS = 0.1


@dataclass(slots=True, eq=False)
class QueuedJob:
    """A job with its time limit and its answer to come; `tried` if a worker died of it before."""

    job: Callable[[OnnxRecognizer], Any]
    seconds: float
    answer: Future[Any] = field(default_factory=Future[Any])
    tried: bool = False

    def begin(self) -> bool:
        """Whether somebody still waits for the answer; from then on it can't be called off."""
        return self.tried or self.answer.set_running_or_notify_cancel()


class JobQueue:
    """At most `room` jobs that wait for one of `workers` workers; safe to use from any thread."""

    def __init__(self, room: int, workers: int) -> None:
        if room < 1 or workers < 1:
            raise ValueError(f"room and workers must be 1 or more, got {room} and {workers}")
        self._room, self._workers = room, workers
        self._waiting: deque[QueuedJob] = deque()
        self._changed = threading.Condition()
        self._mean_seconds = _FIRST_GUESS_SECONDS
        self._closed = False

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, job: QueuedJob, *, urgent: bool = False) -> None:
        """Let a job wait for its turn; an urgent one is next, and there is always room for it.

        Raises `EngineBusyError` if the queue is full, `WorkerError` if it is closed.
        """
        with self._changed:
            if self._closed:
                raise _stopping()
            if urgent:
                self._waiting.appendleft(job)
            else:
                self._make_room()
                self._waiting.append(job)
            self._changed.notify()

    def take(self, patience_seconds: float) -> QueuedJob | None:
        """The next job that somebody waits for; None if none came in that time."""
        end = monotonic() + patience_seconds
        with self._changed:
            while not self._closed:
                while self._waiting:
                    job = self._waiting.popleft()
                    if job.begin():
                        return job
                if (left := end - monotonic()) <= 0:
                    break
                self._changed.wait(left)
        return None

    def took(self, seconds: float) -> None:
        """Learn how long a job took: that tells others when to ask again."""
        with self._changed:
            self._mean_seconds += _WEIGHT * (seconds - self._mean_seconds)

    def pause(self, seconds: float) -> None:
        """Wait, but not for a queue that is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed, seconds)

    def fail(self, error: WorkerError) -> None:
        """Answer everybody who waits with an error."""
        with self._changed:
            while self._waiting:
                job = self._waiting.popleft()
                if job.begin():
                    job.answer.set_exception(error)

    def close(self) -> None:
        """Take no more jobs, and answer those that wait that the server stops."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self.fail(_stopping())

    @property
    def is_closed(self) -> bool:
        """Whether it takes no more jobs."""
        return self._closed

    def _make_room(self) -> None:
        if len(self._waiting) < self._room:
            return
        self._waiting = deque(job for job in self._waiting if not job.answer.cancelled())
        if len(self._waiting) >= self._room:
            seconds = len(self._waiting) * self._mean_seconds / self._workers
            raise EngineBusyError(len(self._waiting), retry_after=max(1, math.ceil(seconds)))


def _stopping() -> WorkerError:
    return WorkerError("The server is stopping: it takes no more photos. Ask again when it is up.")
