"""How many processors there are to work on."""

from __future__ import annotations

import os


def available_cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):  # taskset and containers allow fewer than there are
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
