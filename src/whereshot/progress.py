"""How long work says how far it is."""

from __future__ import annotations

from collections.abc import Callable

Report = Callable[[str, int, int, dict[str, float]], None]
"""Called as report(stage, done, total, figures) while the work goes on; total 0: not known."""


def silent(*_told: object) -> None:
    """Report nothing, whatever is told."""
