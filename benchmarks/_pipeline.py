"""A batch on paper: how long it takes, in closed form and as a simulation of its queues.

::

    listing ─► planning ─►  actors: fetch, decode, network  ─►  driver: hands out, writes blocks
    (one process, before      (W of them, a unit at a time,       (one process, all the while)
     anything else begins)     one more waiting)

The closed form says that the slowest part sets the pace; the simulation lets units wait for each
other, with times that vary from unit to unit, and so checks that nothing else does.
"""

from __future__ import annotations

import heapq
import math
import random
from collections import deque
from dataclasses import dataclass

IN_FLIGHT = 2
"""Units that an actor holds: the one in work, and the next."""


@dataclass(frozen=True)
class Pipeline:
    """The parts of a batch of `photos`, in seconds unless they say otherwise.

    `list_rate` and `write_rate` are photos a second of one process; infinite where there is nothing
    to list. `unit` is photos an actor takes at a time, `plan_unit` and `hand_out` what Ray Data
    takes for one of them. `photo` is one photo on one core.
    """

    photos: int
    actors: int
    unit: int
    photo: float
    list_rate: float
    plan_unit: float
    hand_out: float
    write_rate: float

    @property
    def units(self) -> int:
        """How many units there are."""
        return math.ceil(self.photos / self.unit)

    @property
    def parts(self) -> dict[str, float]:
        """Seconds of each part if it had to wait for nothing."""
        return {
            "listing": self.photos / self.list_rate,
            "planning": self.units * self.plan_unit,
            "cores": self.photos * self.photo / self.actors,
            "driver": self.units * self.hand_out + self.photos / self.write_rate,
        }

    @property
    def bottleneck(self) -> str:
        """The part that takes the longest."""
        parts = self.parts
        return max(parts, key=lambda part: parts[part])

    @property
    def seconds(self) -> float:
        """All of it: what comes first, then the slower of actors and driver, then the last unit.

        Actors end within a unit of each other, half a unit apart in the mean.
        """
        parts = self.parts
        unit = self.unit * self.photo
        last = unit / 2 if parts["cores"] >= parts["driver"] else unit
        return parts["listing"] + parts["planning"] + max(parts["cores"], parts["driver"]) + last


def simulate(pipeline: Pipeline, *, spread: float = 0.2, seed: int = 0) -> float:
    """Seconds until the last block is written, unit by unit.

    The time of a unit varies by `spread` (a log-normal deviation, its mean kept). The driver does
    one thing at a time: it writes what has arrived, and hands out what actors have room for.
    """
    rng = random.Random(seed)
    parts = pipeline.parts
    now = parts["listing"] + parts["planning"]
    sizes = deque(
        min(pipeline.unit, pipeline.photos - at) for at in range(0, pipeline.photos, pipeline.unit)
    )
    queued: list[deque[int]] = [deque() for _ in range(pipeline.actors)]
    is_busy = [False] * pipeline.actors
    room = deque(list(range(pipeline.actors)) * IN_FLIGHT)  # an actor for each unit it could take
    arrived: deque[int] = deque()  # sizes of units that wait to be written
    ends: list[tuple[float, int, int]] = []  # when, which actor, how many photos

    def begin(actor: int, at: float) -> None:
        if queued[actor] and not is_busy[actor]:
            is_busy[actor] = True
            size = queued[actor].popleft()
            factor = math.exp(rng.gauss(-(spread**2) / 2, spread))
            heapq.heappush(ends, (at + size * pipeline.photo * factor, actor, size))

    def collect(until: float) -> None:
        while ends and ends[0][0] <= until:
            at, actor, size = heapq.heappop(ends)
            is_busy[actor] = False
            arrived.append(size)
            room.append(actor)
            begin(actor, at)

    while sizes or arrived or ends:
        collect(now)
        if room and sizes:  # first keep actors at work, then write
            now += pipeline.hand_out
            actor = room.popleft()
            queued[actor].append(sizes.popleft())
            collect(now)
            begin(actor, now)
        elif arrived:
            now += arrived.popleft() / pipeline.write_rate
        else:
            now = max(now, ends[0][0])
    return now
