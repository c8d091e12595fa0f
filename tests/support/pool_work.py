"""Work for processes: importable, so that a process of its own can find it."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path


def make_tenfold() -> Callable[[Sequence[int]], list[int]]:
    """Ten times each number; a negative one kills the process, in its first or in every attempt.

    -1 kills always. -N for N > 1 kills the process unless a file of that number is there, which it
    makes before it dies, in the folder of POOL_WORK.
    """

    def work(numbers: Sequence[int]) -> list[int]:
        return [_tenfold(number) for number in numbers]

    return work


def _tenfold(number: int) -> int:
    if number == -1:
        os.kill(os.getpid(), signal.SIGKILL)
    if number < -1:
        mark = Path(os.environ["POOL_WORK"]) / str(number)
        if not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
    if number == 13:
        raise ValueError("thirteen")
    if number >= 1000:
        time.sleep(0.05)
    return number * 10


def make_pids() -> Callable[[Sequence[int]], list[int]]:
    """The number of the process that did the work."""

    def work(numbers: Sequence[int]) -> list[int]:
        time.sleep(0.02)
        return [os.getpid()] * len(numbers)

    return work


def make_nothing() -> Callable[[Sequence[int]], list[int]]:
    """Fail to begin, as for a bundle that is not there."""
    raise LookupError("no such bundle")


def make_death() -> Callable[[Sequence[int]], list[int]]:
    """Die before anything begins, as for want of memory."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("still alive")
