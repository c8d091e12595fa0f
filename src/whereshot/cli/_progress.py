"""A line on stderr that tells how far a long run has come, and stays out of the way of results."""

from __future__ import annotations

import sys
from time import monotonic
from typing import TextIO

_BAR_CELLS = 24
_PAUSE_SECONDS = 0.1
_ERASE_LINE = "\r\x1b[2K"


class ProgressLine:
    """`12/40 photos  9.8/s  3 s left`, redrawn in place; silent where stderr is not a terminal.

    `total` is None where nobody knows how many there will be. Call `clear` before writing to the
    terminal that the line is on.
    """

    def __init__(
        self, total: int | None, *, enabled: bool = True, stream: TextIO | None = None
    ) -> None:
        self._stream = stream or sys.stderr
        self._enabled = enabled and self._stream.isatty()
        self._total = total
        self._start = monotonic()
        self._drawn_at = float("-inf")
        self._visible = False

    def update(self, done: int) -> None:
        """Draw the line anew, at most ten times a second."""
        now = monotonic()
        if not self._enabled or (self._visible and now - self._drawn_at < _PAUSE_SECONDS):
            return
        text = progress_text(done, self._total, now - self._start)
        self._stream.write(f"{_ERASE_LINE}{text}")
        self._stream.flush()
        self._drawn_at, self._visible = now, True

    def clear(self) -> None:
        """Take the line away."""
        if self._visible:
            self._stream.write(_ERASE_LINE)
            self._stream.flush()
            self._visible = False


def progress_text(done: int, total: int | None, seconds: float) -> str:
    """What the line says.

    >>> progress_text(600, 1200, 60.0)
    '━━━━━━━━━━━━╌╌╌╌╌╌╌╌╌╌╌╌ 600/1,200 photos  10.0/s  1 min left'
    """
    rate = done / seconds if seconds > 0 else 0.0
    if total is None:
        return f"{done:,} photos  {rate:.1f}/s"
    filled = round(_BAR_CELLS * done / total) if total else _BAR_CELLS
    bar = "━" * filled + "╌" * (_BAR_CELLS - filled)
    left = f"  {_duration((total - done) / rate)} left" if rate else ""
    return f"{bar} {done:,}/{total:,} photos  {rate:.1f}/s{left}"


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"
