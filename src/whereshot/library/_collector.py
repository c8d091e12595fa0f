"""Python's collector of cyclic garbage, held back while many objects are made that all stay."""

from __future__ import annotations

import gc
import threading
from collections.abc import Generator
from contextlib import contextmanager

_lock = threading.Lock()
_holding = 0
_was_on = False


@contextmanager
def collector_held_back() -> Generator[None]:
    """No collection in here, in any thread.

    Each one goes through all objects there are, and comes again and again while they are getting
    more: two thirds of the time of making a few hundred thousand. What is garbage meanwhile goes
    with the first collection after it.
    """
    global _holding, _was_on
    with _lock:
        if not _holding:
            _was_on = gc.isenabled()
            gc.disable()
        _holding += 1
    try:
        yield
    finally:
        with _lock:
            _holding -= 1
            if not _holding and _was_on:
                gc.enable()
