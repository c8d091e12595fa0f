"""The progress line: drawn in place, seldom, and only where somebody watches."""

from __future__ import annotations

import io

import pytest

from whereshot.cli import _progress
from whereshot.cli._progress import ProgressLine, progress_text


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr(_progress, "monotonic", lambda: now[0])
    return now


def test_it_tells_how_far_how_fast_and_how_long(clock: list[float]) -> None:
    terminal = Terminal()
    line = ProgressLine(40, stream=terminal)
    clock[0] += 2
    line.update(10)
    assert "10/40 photos  5.0/s  6 s left" in terminal.getvalue()


def test_it_is_redrawn_ten_times_a_second_at_most(clock: list[float]) -> None:
    terminal = Terminal()
    line = ProgressLine(1000, stream=terminal)
    for done in range(1, 101):
        clock[0] += 0.01
        line.update(done)
    assert 9 <= terminal.getvalue().count("photos") <= 11


def test_it_takes_itself_away(clock: list[float]) -> None:
    terminal = Terminal()
    line = ProgressLine(None, stream=terminal)
    line.clear()
    assert terminal.getvalue() == ""
    clock[0] += 1
    line.update(3)
    assert terminal.getvalue().endswith("3 photos  3.0/s")
    line.clear()
    assert terminal.getvalue().endswith("\r\x1b[2K")


def test_nothing_is_written_where_nobody_watches(clock: list[float]) -> None:
    file, terminal = io.StringIO(), Terminal()
    for line in (ProgressLine(5, stream=file), ProgressLine(5, enabled=False, stream=terminal)):
        line.update(1)
        line.clear()
    assert file.getvalue() == terminal.getvalue() == ""


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(1.0, "59 s left"), (10.0, "10 min left"), (80.0, "1 h 19 min left")],
)
def test_long_times_are_told_in_minutes_and_hours(seconds: float, told: str) -> None:
    assert progress_text(1, 60, seconds).endswith(told)


def test_no_photos_are_no_division_by_zero() -> None:
    assert "0/0 photos" in progress_text(0, 0, 0.0)
