"""The crew: as many workers as do jobs side by side, and whoever looks after them.

Each worker has a caretaker, a thread of this process that starts it, hands it one job after the
other, and starts another in its place when it dies. So a job's answer can't be mixed up with that
of another, and a job that kills its worker costs the others nothing.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from time import monotonic
from typing import TYPE_CHECKING, Any

from whereshot.errors import WorkerError
from whereshot.serve.engine import EngineState
from whereshot.serve.jobs import JobQueue, QueuedJob
from whereshot.serve.worker import (
    Known,
    Worker,
    WorkerDiedError,
    WorkerPlan,
    WorkerTimeoutError,
)

if TYPE_CHECKING:
    from whereshot.recognize import OnnxRecognizer

logger = logging.getLogger(__name__)

MOST_FAILED_STARTS = 3
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.25, 30.0
_LOOK_SECONDS = 1.0  # how often a worker without a job is looked after


class Crew:
    """`workers` processes made after `plan`, and a queue of at most `queue` jobs before them.

    A job may take `seconds` unless it says otherwise. To make a crew is to wait until its first
    worker is up: raises what `plan.make_recognizer` raises, `WorkerError` if no process comes up.
    """

    def __init__(self, plan: WorkerPlan, *, workers: int, queue: int, seconds: float) -> None:
        self._plan, self._seconds = plan, seconds
        self._queue = JobQueue(queue, workers)
        self._lock = threading.Condition()  # guards all that follows
        self._workers: set[Worker] = set()  # those that come up too
        self._up = self._busy = self._deaths = self._generation = 0
        self._failed_starts = 0  # in a row
        self._trouble: Exception | None = None
        self._known: Known | None = None
        self._caretakers = [
            threading.Thread(
                target=self._care, args=(number,), name=f"caretaker-{number}", daemon=True
            )
            for number in range(workers)
        ]
        for caretaker in self._caretakers:
            caretaker.start()
        try:
            self.known = self._first_known()
        except BaseException:
            self.dismiss()
            raise

    @property
    def state(self) -> EngineState:
        """How the crew is doing right now."""
        with self._lock:
            return EngineState(self._up, self._busy, len(self._queue), self._deaths)

    def submit(
        self,
        job: Callable[[OnnxRecognizer], Any],
        seconds: float | None = None,
        *,
        urgent: bool = False,
    ) -> Future[Any]:
        """The answer to come of a job, which an `urgent` one does not have to queue for.

        Raises `EngineBusyError` if the queue is full.
        """
        queued = QueuedJob(job, self._seconds if seconds is None else seconds)
        self._queue.put(queued, urgent=urgent)
        return queued.answer

    def refresh(self) -> None:
        """Let every worker read the enrolled landmarks anew before its next job."""
        with self._lock:
            self._generation += 1

    def dismiss(self) -> None:
        """End all workers, at once; jobs without an answer get a `WorkerError`."""
        self._queue.close()
        with self._lock:
            for worker in self._workers:
                worker.kill()
        for caretaker in self._caretakers:
            caretaker.join()

    def _first_known(self) -> Known:
        with self._lock:
            self._lock.wait_for(lambda: self._known or self._trouble)
            if self._known is None:
                assert self._trouble is not None
                raise self._trouble
            return self._known

    def _care(self, number: int) -> None:
        """A caretaker's life: have a worker, have a job, let the one do the other."""
        quiet = number > 0  # one of them is enough to say what is wrong with a bundle
        worker: Worker | None = None
        while not self._queue.is_closed:
            if worker is None:
                worker = self._start(quiet)
                quiet = quiet or worker is not None
            elif worker.has_died:
                worker = self._let_go(worker, died=True)
            elif (job := self._queue.take(_LOOK_SECONDS)) is not None:
                worker = self._finish(worker, job)
        if worker is not None:
            self._let_go(worker)

    def _start(self, quiet: bool) -> Worker | None:
        """A new worker, or None after a pause if it does not come up."""
        worker: Worker | None = None
        try:
            worker = Worker(self._plan, quiet=quiet)
            with self._lock:
                self._workers.add(worker)
                if self._queue.is_closed:  # too late to be ended with the others
                    worker.kill()
            known = worker.come_up()
        except Exception as error:  # noqa: BLE001 - what makes a recognizer may raise anything
            with self._lock:
                if worker is not None:
                    self._workers.discard(worker)
            self._regret(error)
            return None
        with self._lock:
            self._up += 1
            self._failed_starts = 0
            self._known = known
            self._lock.notify_all()
        return worker

    def _regret(self, error: Exception) -> None:
        """A worker did not come up: after a few, tell those who wait; pause before the next try."""
        with self._lock:
            self._failed_starts += 1
            failed, nobody = self._failed_starts, not self._up
        if isinstance(error, WorkerDiedError):
            final = failed >= MOST_FAILED_STARTS
            error = WorkerError(
                f"{failed} processes in a row ended before they could begin ({error.how}). Check "
                "how much memory is free, or take fewer workers."
            )
        else:
            final = True  # it says itself what is wrong, and the next one will say the same
        if final and not self._queue.is_closed:
            logger.error("No worker comes up: %s", error)
            if nobody:
                self._queue.fail(WorkerError(f"No process is there to look at photos. {error}"))
        with self._lock:
            if final or self._queue.is_closed:
                self._trouble = error
                self._lock.notify_all()
        self._queue.pause(min(_LONGEST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2 ** min(failed, 9)))

    def _finish(self, worker: Worker, queued: QueuedJob) -> Worker | None:
        """Let a worker do a job; None if that was its end."""
        with self._lock:
            self._busy += 1
            generation = self._generation
        began = monotonic()
        try:
            result = worker.do(queued.job, generation, queued.seconds)
        except WorkerTimeoutError:
            queued.answer.set_exception(_too_slow(queued.seconds))
            return self._let_go(worker, died=True)
        except WorkerDiedError as death:
            self._try_again(queued, death)
            return self._let_go(worker, died=True)
        except Exception as error:  # noqa: BLE001 - the job's own
            # Its traceback would hold this frame, and with it the photo, until the next collection.
            queued.answer.set_exception(error.with_traceback(None))
        else:
            queued.answer.set_result(result)
        finally:
            with self._lock:
                self._busy -= 1
        self._queue.took(monotonic() - began)
        return worker

    def _try_again(self, queued: QueuedJob, death: WorkerDiedError) -> None:
        """Another worker tries a job that one has died of; a second death is enough."""
        if queued.tried:
            queued.answer.set_exception(
                WorkerError(
                    f"The process that looked at this ended twice without an answer ({death.how}). "
                    "The photo is probably damaged: export it again."
                )
            )
            return
        queued.tried = True
        try:
            self._queue.put(queued, urgent=True)
        except WorkerError as error:  # the server is stopping
            queued.answer.set_exception(error)

    def _let_go(self, worker: Worker, *, died: bool = False) -> None:
        with self._lock:
            self._workers.discard(worker)
            self._up -= 1
            if died and not self._queue.is_closed:
                self._deaths += 1
                logger.warning("A worker has ended: another takes its place")
        worker.end()


def _too_slow(seconds: float) -> WorkerError:
    return WorkerError(
        f"The photo took longer than {seconds:g} s, more than is allowed here. Make it smaller, or "
        "export it as a plain JPEG."
    )
