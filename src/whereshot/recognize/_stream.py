"""Work on a stream in parallel: results in order, a bounded number of items under way.

Threads, not processes: the decoders and the network let go of Python's lock while they work, so
processes would only add copies of the network and of the pixels.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

LOOK_AHEAD = 2
"""Items under way per worker: the one in work and the next, so that no worker waits for one."""


def ordered_map(
    function: Callable[[_Item], _Result], items: Iterable[_Item], *, workers: int
) -> Generator[_Result, None, None]:
    """Yield function(item) for each item, in order, computed by threads.

    At most `LOOK_AHEAD * workers` items are taken beyond what was yielded, so `items` may be
    endless. An exception of `function` or `items` is raised in its place in the order. However
    the generator ends, the threads have ended with it.
    """
    pending: deque[Future[_Result]] = deque()
    pool = ThreadPoolExecutor(workers, thread_name_prefix="whereshot")
    try:
        for item in items:
            pending.append(pool.submit(function, item))
            # What is done leaves at once, also where the next item is long in coming.
            while pending and (len(pending) >= LOOK_AHEAD * workers or pending[0].done()):
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
