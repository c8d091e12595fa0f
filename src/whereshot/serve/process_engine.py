"""`ProcessEngine`: a crew of worker processes, as the event loop sees it."""

from __future__ import annotations

import asyncio
from typing import TypeVar

from whereshot.records import Landmark
from whereshot.serve.crew import Crew
from whereshot.serve.engine import EngineState, Job
from whereshot.serve.settings import Settings
from whereshot.serve.worker import WorkerPlan, describe

_Result = TypeVar("_Result")


class ProcessEngine:
    """The engine that serves others: photos are looked at in processes that may die of them.

    `plan` says how a worker begins, `settings` how many there are and how many jobs may wait. It
    is there once a first worker is up. Raises what `plan.make_recognizer` raises, `WorkerError` if
    no process comes up. Whoever makes one closes it.
    """

    def __init__(self, plan: WorkerPlan, settings: Settings) -> None:
        self._crew = Crew(
            plan, workers=settings.workers, queue=settings.queue, seconds=settings.seconds
        )
        self._known = self._crew.known

    @property
    def name(self) -> str:
        """The bundle's title; see `Engine`."""
        return self._known.name

    @property
    def landmarks(self) -> tuple[Landmark, ...]:
        """What the workers know."""
        return self._known.landmarks

    @property
    def state(self) -> EngineState:
        """How the workers are doing."""
        return self._crew.state

    async def run(self, job: Job[_Result], *, seconds: float | None = None) -> _Result:
        """Let a worker do a job; see `Engine`."""
        # A caller that is cancelled takes its job along, if no worker has begun with it.
        return await asyncio.wrap_future(self._crew.submit(job, seconds))

    async def refresh(self) -> None:
        """Let the workers read anew what is enrolled; see `Engine`."""
        self._crew.refresh()
        # No queue for this one: where photos wait, they are to see what is new.
        self._known = await asyncio.wrap_future(self._crew.submit(describe, urgent=True))

    async def close(self) -> None:
        """End the workers; see `Engine`."""
        await asyncio.to_thread(self.end)

    def end(self) -> None:
        """`close`, for those without an event loop; a second time does nothing."""
        self._crew.dismiss()
