"""How this process asks the system for memory."""

from __future__ import annotations

import ctypes
import sys

# The names of glibc's malloc.h.
_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_MAX = -1, -2, -4
_HALF_GIGABYTE = 512 * 1024 * 1024


def keep_freed_memory() -> bool:
    """Let glibc's allocator keep what is freed, instead of handing it back to the system.

    A training step frees and asks again for the same few hundred megabytes; each time the system
    has to clear the pages anew. On a CPU, keeping them makes a forward pass up to 1.7 times and a
    training step 1.15 times as fast. It is a setting of the whole process, so it is for programs
    (the command line) to choose. Returns whether it was possible: not on macOS or musl.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL("libc.so.6").mallopt
    except (OSError, AttributeError):
        return False
    settings = ((_M_MMAP_MAX, 0), (_M_TRIM_THRESHOLD, 2**31 - 1), (_M_TOP_PAD, _HALF_GIGABYTE))
    return all(mallopt(name, value) == 1 for name, value in settings)
