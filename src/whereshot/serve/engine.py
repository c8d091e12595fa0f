"""The engine: whoever looks at photos for the server, so that its event loop never does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Protocol, TypeVar, cast, runtime_checkable

import anyio
import anyio.to_thread
from anyio import CapacityLimiter

from whereshot.errors import EngineBusyError, WorkerError
from whereshot.records import Landmark, Recognizer

if TYPE_CHECKING:
    from whereshot.recognize import OnnxRecognizer

_Result = TypeVar("_Result")
Job = Callable[["OnnxRecognizer"], _Result]
"""What a worker does with its recognizer: a top-level function, or a `partial` of one."""


@dataclass(frozen=True, slots=True)
class EngineState:
    """How an engine is doing: workers that are up and busy, jobs that wait, deaths of workers."""

    workers: int
    busy: int
    waiting: int
    deaths: int = 0


@runtime_checkable
class Engine(Protocol):
    """Workers that each have a recognizer, and a queue before them that is never endless."""

    @property
    def name(self) -> str:
        """The bundle's title: `world@2`, or `world@2+5d3f21` with enrolled landmarks."""
        ...

    @property
    def landmarks(self) -> tuple[Landmark, ...]:
        """What it knows, the bundle's own first."""
        ...

    @property
    def state(self) -> EngineState:
        """How it is doing right now, for those who watch."""
        ...

    async def run(self, job: Job[_Result], *, seconds: float | None = None) -> _Result:
        """Run a picklable job with a worker's recognizer, and give what it gives.

        Raises what the job raises; `EngineBusyError` if too many jobs wait already; `WorkerError`
        if the job took longer than `seconds` (None: what the engine allows) or ended its worker,
        twice.
        """
        ...

    async def refresh(self) -> None:
        """Landmarks were enrolled or forgotten: every job from now on knows it."""
        ...

    async def close(self) -> None:
        """End the workers; jobs that still wait raise `WorkerError`."""
        ...


class InProcessEngine:
    """One recognizer of this process, called from up to `workers` threads: for tests and notebooks.

    A thread can't be ended: a job that takes too long is given up, but keeps its thread busy, and a
    decoder that crashes takes the server along. `ProcessEngine` has neither trouble.
    """

    def __init__(
        self, recognizer: Recognizer, *, workers: int = 1, queue: int = 64, seconds: float = 30.0
    ) -> None:
        self._recognizer = recognizer
        self._threads = CapacityLimiter(workers)
        self._room = workers + queue
        self._seconds = seconds
        self._jobs = 0  # that run or wait

    @property
    def name(self) -> str:
        """The recognizer's name."""
        return self._recognizer.name

    @property
    def landmarks(self) -> tuple[Landmark, ...]:
        """What the recognizer knows."""
        return self._recognizer.landmarks

    @property
    def state(self) -> EngineState:
        """How the threads are doing."""
        busy = self._threads.borrowed_tokens
        return EngineState(int(self._threads.total_tokens), busy, self._jobs - busy)

    async def run(self, job: Job[_Result], *, seconds: float | None = None) -> _Result:
        """Run a job in a thread; see `Engine`."""
        if self._jobs >= self._room:
            raise EngineBusyError(self._jobs, retry_after=1)
        seconds = self._seconds if seconds is None else seconds
        recognizer = cast("OnnxRecognizer", self._recognizer)
        self._jobs += 1
        try:
            async with self._threads:
                with anyio.fail_after(seconds):
                    # A limiter of its own: the thread that is given up must not hold one of ours.
                    return await anyio.to_thread.run_sync(
                        partial(job, recognizer), abandon_on_cancel=True, limiter=CapacityLimiter(1)
                    )
        except TimeoutError as error:
            raise WorkerError(f"The job took longer than {seconds:g} seconds.") from error
        finally:
            self._jobs -= 1

    async def refresh(self) -> None:
        """Let the recognizer read what is enrolled, if it can."""
        read_enrolled = getattr(self._recognizer, "read_enrolled", None)
        if read_enrolled is not None:
            await anyio.to_thread.run_sync(read_enrolled)

    async def close(self) -> None:
        """Nothing to end: threads end with their jobs."""
