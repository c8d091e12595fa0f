"""Plots of any figures as inline SVG: lines over epochs, bars, estimates with their intervals.

Colors come from the page's CSS. Lengths are user units of each plot's own viewBox.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from whereshot.learn.intervals import Estimate
from whereshot.learn.report.markup import Markup, element

Points = Sequence[tuple[float, float]]
Format = Callable[[float], str]

WIDE = "grid-template-columns: repeat(auto-fit, minmax(min(420px, 100%), 1fr))"
"""The style of a row of line plots side by side: narrower ones could not be read."""

_HUES = 8  # that the page's CSS has; the lines after these are dashed
_CHARACTER = 6.0  # width of one in a plot's labels, about


@dataclass(frozen=True, slots=True)
class Line:
    """A named line; `number` picks its color, so that a thing keeps its color in every plot."""

    name: str
    points: Points
    number: int


def series_class(number: int) -> str:
    """The CSS class of the thing with this number, counted from 0."""
    return f"series-{number % _HUES + 1}" + (" dashed" if number // _HUES % 2 else "")


def line_plot(
    lines: Sequence[Line], title: str, *, x_title: str = "epoch", show: Format = "{:g}".format
) -> Markup:
    """Lines over a common x axis; values that are not finite break a line."""
    finite = [
        point for line in lines for point in line.points if all(math.isfinite(c) for c in point)
    ]
    if not finite:
        return element("p", "No figures yet.", class_="about")
    left, top, width, height = 48.0, 10.0, 480.0, 230.0
    bottom = top + height
    first, last = (edge(x for x, _ in finite) for edge in (min, max))
    levels = ticks(min(y for _, y in finite), max(y for _, y in finite))
    low, high = levels[0], levels[-1]

    def place(x: float, y: float) -> tuple[float, float]:
        across = (x - first) / (last - first) if last > first else 0.5
        return left + width * across, bottom - height * (y - low) / (high - low)

    parts: list[Markup] = []
    for level in levels:
        y = place(first, level)[1]
        parts += [
            _rule(left, y, left + width, y, "grid"),
            _words(left - 6, y + 3, show(level), text_anchor="end"),
        ]
    for x in _whole_ticks(first, last):
        parts.append(
            _words(place(x, low)[0], bottom + 16, f"{x:g}", text_anchor="middle"),
        )
    parts.append(_rule(left, bottom, left + width, bottom, "axis"))
    parts.append(_words(left + width, bottom + 30, x_title, text_anchor="end"))
    for line in lines:
        for piece in _pieces(line.points):
            where = [place(*point) for point in piece]
            drawn = (
                element("polyline", points=" ".join(f"{x:.1f},{y:.1f}" for x, y in where))
                if len(where) > 1
                else element("circle", cx=where[0][0], cy=where[0][1], r=3, class_="dot")
            )
            words = f"{line.name}: {show(piece[-1][1])} at {x_title} {piece[-1][0]:g}"
            parts.append(
                element(
                    "g", element("title", words), drawn, class_=f"line {series_class(line.number)}"
                )
            )
    return _plot(left + width + 12, bottom + 36, title, parts, "curves")


def bar_plot(
    bars: Sequence[tuple[str, float]], title: str, *, show: Format = "{:.2f}".format
) -> Markup:
    """Horizontal bars from 0, in the order given."""
    names = 12 + _CHARACTER * max((len(name) for name, _ in bars), default=0)
    row, width = 24.0, 420.0
    most = max((value for _, value in bars), default=0.0) or 1.0
    parts: list[Markup] = []
    for number, (name, value) in enumerate(bars):
        y = row * number
        length = width * max(0.0, value) / most
        parts += [
            _words(names - 8, y + 15, name, text_anchor="end"),
            element("rect", x=names, y=y + 4, width=length, height=row - 8, rx=2, class_="good"),
            _words(names + length + 6, y + 15, show(value)),
        ]
    return _plot(names + width + 60, row * len(bars) + 4, title, parts, "curves")


def dot_plot(
    dots: Sequence[tuple[float | str, float, int, str]],
    title: str,
    *,
    log: bool = False,
    show: Format = "{:g}".format,
) -> Markup:
    """Dots (x, y, number of the color, words), small enough for several plots side by side.

    x is a number, on a log scale with `log`, or a word: words stand side by side in order of
    appearance.
    """
    left, top, width, height = 48.0, 6.0, 240.0, 150.0
    bottom = top + height
    words = list(dict.fromkeys(x for x, _, _, _ in dots if isinstance(x, str)))
    across = {x: _across(x, words, log=log) for x, _, _, _ in dots}
    if words:
        marks = [(float(number), word) for number, word in enumerate(words)]
        first, last = -0.5, len(words) - 0.5
    else:
        first, last = min(across.values()), max(across.values())
        first, last = (first, last) if last > first else (first - 1, last + 1)
        marks = [(end, f"{10**end if log else end:.3g}") for end in (first, last)]
    levels = ticks(min(y for _, y, _, _ in dots), max(y for _, y, _, _ in dots), 4)
    parts: list[Markup] = []
    for level in levels:
        y = bottom - height * (level - levels[0]) / (levels[-1] - levels[0])
        parts += [
            _rule(left, y, left + width, y, "grid"),
            _words(left - 6, y + 3, show(level), text_anchor="end"),
        ]
    for at, word in marks:
        x = left + width * (at - first) / (last - first)
        parts.append(_words(x, bottom + 16, word, text_anchor="middle"))
    for x, y, color, said in dots:
        dot = element(
            "circle",
            element("title", said),
            cx=left + width * (across[x] - first) / (last - first),
            cy=bottom - height * (y - levels[0]) / (levels[-1] - levels[0]),
            r=4,
            class_=f"dot {series_class(color)}",
        )
        parts.append(dot)
    parts.append(_rule(left, bottom, left + width, bottom, "axis"))
    return _plot(left + width + 30, bottom + 22, title, parts, "curves")


def _across(x: float | str, words: Sequence[str], *, log: bool) -> float:
    if isinstance(x, str):
        return float(words.index(x))
    return math.log10(x) if log else float(x)


def interval_plot(
    rows: Sequence[tuple[str, Estimate, int]],
    title: str,
    *,
    show: Format = "{:.0%}".format,
    zero: bool = False,
) -> Markup:
    """Estimates (name, value with interval, number of its color) above each other on one axis.

    With `zero`, the axis has 0 on it and a line marks it: for differences.
    """
    names = 12 + _CHARACTER * max((len(name) for name, _, _ in rows), default=0)
    row, width = 26.0, 420.0
    bottom = row * len(rows) + 4
    marked = [0.0] if zero else []
    levels = ticks(
        min(marked + [estimate.low for _, estimate, _ in rows]),
        max(marked + [estimate.high for _, estimate, _ in rows]),
    )

    def place(value: float) -> float:
        return names + width * (value - levels[0]) / (levels[-1] - levels[0])

    parts: list[Markup] = []
    for level in levels:
        x = place(level)
        parts += [
            _rule(x, 0, x, bottom, "axis" if zero and level == 0 else "grid"),
            _words(x, bottom + 14, show(level), text_anchor="middle"),
        ]
    for number, (name, estimate, color) in enumerate(rows):
        y = row * (number + 0.5) + 2
        words = f"{name}: {estimate.value:.1%} ({estimate.low:.1%} to {estimate.high:.1%})"
        parts.append(
            element(
                "g",
                element("title", words),
                _words(names - 8, y + 4, name, text_anchor="end"),
                element("path", d=f"M{place(estimate.low):.1f} {y:.1f}H{place(estimate.high):.1f}"),
                element("circle", cx=place(estimate.value), cy=y, r=4.5, class_="dot"),
                class_=f"line {series_class(color)}",
            )
        )
    return _plot(names + width + 30, bottom + 20, title, parts, "curves")


def ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Round values that reach from `low` or below to `high` or above, at equal steps.

    >>> ticks(0.12, 0.93)
    [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    """
    if high <= low:
        low, high = low - (abs(low) or 1.0) / 2, high + (abs(high) or 1.0) / 2
    rough = (high - low) / about
    power = 10.0 ** math.floor(math.log10(rough))
    step = power * next(each for each in (1, 2, 5, 10) if each * power >= rough * (1 - 1e-9))
    first = math.floor(low / step + 1e-9)
    last = math.ceil(high / step - 1e-9)
    # Rounded to the step's own digits: 3 * 0.1 is not 0.3, and the labels would show it.
    digits = max(0, 1 - math.floor(math.log10(step)))
    return [round(number * step, digits) for number in range(first, last + 1)]


def _whole_ticks(first: float, last: float) -> list[float]:
    """At most about eight whole numbers from the first epoch to the last."""
    step = max(1, math.ceil((last - first) / 8))
    return [first + step * number for number in range(int((last - first) // step) + 1)]


def _pieces(points: Points) -> list[list[tuple[float, float]]]:
    """The stretches of points that are finite."""
    pieces: list[list[tuple[float, float]]] = [[]]
    for x, y in points:
        if math.isfinite(x) and math.isfinite(y):
            pieces[-1].append((x, y))
        elif pieces[-1]:
            pieces.append([])
    return [piece for piece in pieces if piece]


def _plot(width: float, height: float, title: str, parts: Sequence[Markup], class_: str) -> Markup:
    box = f"0 0 {width:g} {height:g}"
    return element(
        "svg", *parts, viewBox=box, class_=f"chart {class_}", role="img", aria_label=title
    )


def _words(x: float, y: float, words: str, **attributes: str) -> Markup:
    return element("text", words, x=x, y=y, class_="tick", **attributes)


def _rule(x1: float, y1: float, x2: float, y2: float, class_: str) -> Markup:
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=class_)
