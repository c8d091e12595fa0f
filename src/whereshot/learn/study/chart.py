"""Accuracy against time as inline SVG: colors come from the page's CSS."""

from __future__ import annotations

import math
from collections.abc import Sequence

from whereshot.learn.report.markup import Markup, element
from whereshot.learn.report.plots import ticks
from whereshot.learn.study.plan import Mode, short_name
from whereshot.learn.study.records import Study, StudyRow

_WIDTH, _HEIGHT = 760.0, 380.0
_LEFT, _TOP, _RIGHT, _BOTTOM = 52.0, 40.0, 20.0, 44.0
_CHARACTER, _LINE = 6.0, 13.0  # width of a character and height of a line, about
MODE_CLASSES: dict[Mode, str] = {"frozen": "far", "partial": "near", "full": "good"}


class _Axes:
    """Places in the drawing: milliseconds on a logarithmic axis, shares on a linear one."""

    def __init__(self, rows: Sequence[StudyRow]) -> None:
        times = [row.cpu_milliseconds or 1.0 for row in rows]
        self.fastest, self.slowest = min(times) / 1.25, max(times) * 1.25
        lows = [row.top1.low for row in rows if row.top1]
        highs = [row.top1.high for row in rows if row.top1]
        self.shares = ticks(min(lows), max(highs))

    def x(self, milliseconds: float) -> float:
        share = math.log(milliseconds / self.fastest) / math.log(self.slowest / self.fastest)
        return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)

    def y(self, top1: float) -> float:
        share = (top1 - self.shares[0]) / (self.shares[-1] - self.shares[0])
        return _HEIGHT - _BOTTOM - share * (_HEIGHT - _BOTTOM - _TOP)

    def times(self) -> list[float]:
        """Round milliseconds inside the axis."""
        decades = range(math.floor(math.log10(self.fastest)), math.ceil(math.log10(self.slowest)))
        steps = (1, 1.5, 2, 3, 4, 5, 7)
        marks = [step * 10.0**decade for decade in decades for step in steps]
        return [mark for mark in marks if self.fastest <= mark <= self.slowest]


def scatter(study: Study) -> Markup | None:
    """Every network by its time and its accuracy, the front as a line; None where there is none.

    Vertical bars are 95 % intervals, a ring marks the choice, and the front's networks are named.
    """
    rows = [row for row in study.rows if row.top1 is not None and row.cpu_milliseconds is not None]
    if not rows:
        return None
    axes = _Axes(rows)
    by_name = {row.name: row for row in rows}
    parts = [*_grid(axes), _front(axes, [by_name[name] for name in study.front])]
    for row in rows:
        chosen = study.choice is not None and row.name == study.choice.name
        parts.append(_point(axes, row, chosen=chosen))
    parts += _names(axes, [by_name[name] for name in study.front])
    return element(
        "svg",
        *parts,
        viewBox=f"0 0 {_WIDTH:g} {_HEIGHT:g}",
        class_="chart curves",
        role="img",
        aria_label="Accuracy on held-out photos against milliseconds a photo",
    )


def _grid(axes: _Axes) -> list[str]:
    bottom = _HEIGHT - _BOTTOM
    parts: list[str] = []
    for share in axes.shares:
        y = axes.y(share)
        parts.append(element("line", x1=_LEFT, y1=y, x2=_WIDTH - _RIGHT, y2=y, class_="grid"))
        parts.append(_text(_LEFT - 6, y + 3, f"{100 * share:.0f} %", "end"))
    for time in axes.times():
        x = axes.x(time)
        parts.append(element("line", x1=x, y1=bottom, x2=x, y2=bottom + 4, class_="axis"))
        parts.append(_text(x, bottom + 17, f"{time:g}", "middle"))
    parts.append(element("line", x1=_LEFT, y1=bottom, x2=_WIDTH - _RIGHT, y2=bottom, class_="axis"))
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    parts.append(_text(middle, _HEIGHT - 8, "milliseconds a photo, on one thread", "middle"))
    return parts


def _front(axes: _Axes, front: Sequence[StudyRow]) -> Markup:
    """Steps: what is reached with so many milliseconds at most."""
    points: list[tuple[float, float]] = []
    for row in front:
        x, y = _place(axes, row)
        points += [(x, points[-1][1])] if points else []
        points.append((x, y))
    shown = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return element("polyline", points=shown, class_="curve unknown")


def _point(axes: _Axes, row: StudyRow, *, chosen: bool) -> Markup:
    assert row.top1 is not None
    x, y = _place(axes, row)
    ring = [element("circle", cx=x, cy=y, r=9, class_="curve right")] if chosen else []
    words = (
        f"{row.name}: {100 * row.top1.value:.1f} % "
        f"({100 * row.top1.low:.1f} to {100 * row.top1.high:.1f} %), {row.cpu_milliseconds:.1f} ms"
    )
    low, high = axes.y(row.top1.low), axes.y(row.top1.high)
    return element(
        "g",
        element("title", words),
        element("line", x1=x, y1=low, x2=x, y2=high, class_="axis", stroke_opacity=0.35),
        *ring,
        element("circle", cx=x, cy=y, r=5, class_=MODE_CLASSES[row.mode]),
    )


def _names(axes: _Axes, front: Sequence[StudyRow]) -> list[Markup]:
    """The front's names, above and left of their dots: by its nature there is nothing else.

    One that would run into another is lifted, with a thread down to its dot.
    """
    parts: list[Markup] = []
    taken: list[tuple[float, float, float]] = []  # left end, right end and height of each name
    for row in front:
        x, y = _place(axes, row)
        words = f"{short_name(row.backbone).removeprefix('tf_')} {row.size}"
        width = _CHARACTER * len(words)
        left = max(_LEFT + 4, x - 8 - width)
        line = y - 9
        while any(
            left < right and other < left + width and abs(line - height) < _LINE
            for other, right, height in taken
        ):
            line -= _LINE / 4
        taken.append((left, left + width, line))
        if y - line > 2 * _LINE:
            parts.append(element("line", x1=x, y1=y - 6, x2=x, y2=line + 3, class_="axis"))
        parts.append(_text(left + width, line, words, "end"))
    return parts


def _place(axes: _Axes, row: StudyRow) -> tuple[float, float]:
    assert row.top1 is not None
    assert row.cpu_milliseconds is not None
    return axes.x(row.cpu_milliseconds), axes.y(row.top1.value)


def _text(x: float, y: float, words: str, anchor: str) -> Markup:
    return element("text", words, x=x, y=y, class_="tick", text_anchor=anchor)
