"""What something may cost at most, in a measure that other work on the machine hardly changes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def cpu_seconds(most: float) -> Iterator[None]:
    """Fails if what is done inside takes this process longer: set far above what it does take."""
    start = time.process_time()
    yield
    assert time.process_time() - start < most
