"""The machine that a figure in milliseconds comes from."""

from __future__ import annotations

import platform
from pathlib import Path


def processor_name() -> str:
    """What the processor calls itself, such as `AMD EPYC 7763 64-Core Processor`."""
    try:
        with Path("/proc/cpuinfo").open(encoding="utf-8") as lines:
            for line in lines:
                key, _, value = line.partition(":")
                if key.strip() == "model name":
                    return value.strip()
    except OSError:
        pass  # not Linux
    return platform.processor() or platform.machine()
