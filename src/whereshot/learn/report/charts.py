"""The charts of a report as inline SVG: colors come from the page's CSS, so they follow its theme.

Lengths are user units of each chart's own viewBox, which the page scales.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from whereshot.learn.evaluation import Evaluation, Histogram, amount
from whereshot.learn.intervals import Estimate
from whereshot.learn.metrics import ReliabilityBin
from whereshot.learn.report.markup import Markup, element, join

_HEAT_LANDMARKS = 80  # more would not be readable: those with the most confusion are shown


def drawing(width: float, height: float, label: str, *children: str, class_: str = "") -> Markup:
    """An SVG of this size in user units, which the page scales; `label` says what it shows."""
    return element(
        "svg",
        *children,
        viewBox=f"0 0 {width:g} {height:g}",
        class_=f"chart {class_}".strip(),
        role="img",
        aria_label=label,
    )


def _label(x: float, y: float, words: str, class_: str = "tick", **attributes: str) -> Markup:
    return element("text", words, x=x, y=y, class_=class_, **attributes)


def _line(x1: float, y1: float, x2: float, y2: float, class_: str) -> Markup:
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=class_)


def meter(estimate: Estimate) -> Markup:
    """A share as a bar in [0, 1] with its interval on it."""
    return drawing(
        200,
        10,
        f"{estimate.value:.1%}, between {estimate.low:.1%} and {estimate.high:.1%}",
        element("rect", x=0, y=3, width=200, height=4, rx=2, class_="track"),
        element("rect", x=0, y=3, width=200 * estimate.value, height=4, rx=2, class_="good"),
        element(
            "rect",
            x=200 * estimate.low,
            y=0,
            width=max(2.0, 200 * (estimate.high - estimate.low)),
            height=10,
            rx=3,
            class_="band",
        ),
        class_="meter",
    )


def reliability_diagram(bins: Sequence[ReliabilityBin], title: str) -> Markup:
    """Accuracy by confidence; the gap to the diagonal is what calibration should close."""
    left, top, side, strip = 40.0, 10.0, 300.0, 34.0
    bottom = top + side

    def x(share: float) -> float:
        return left + side * share

    def y(share: float) -> float:
        return bottom - side * share

    parts: list[str] = []
    for tick in (0.0, 0.25, 0.5, 0.75, 1.0):
        parts += [
            _line(left, y(tick), left + side, y(tick), "grid"),
            _label(left - 6, y(tick) + 3, f"{tick:.0%}", text_anchor="end"),
            _label(x(tick), bottom + strip + 16, f"{tick:.0%}", text_anchor="middle"),
        ]
    most = max((each.photos for each in bins), default=1)
    for each in bins:
        width = side * (each.high - each.low) - 2
        low, high = sorted((each.accuracy, each.confidence))
        gap = "gap" if each.confidence > each.accuracy else "near"
        words = (
            f"{amount(each.photos, 'photo')} with confidence {each.low:.0%} to {each.high:.0%}: "
            f"{each.confidence:.1%} sure, {each.accuracy:.1%} right"
        )
        height = (strip - 6) * each.photos / most
        parts.append(
            element(
                "g",
                element("title", words),
                _bar(x(each.low) + 1, y(low), width, side * low, "good"),
                _bar(x(each.low) + 1, y(high), width, side * (high - low), gap),
                _bar(x(each.low) + 1, bottom + strip - height, width, height, "quiet"),
            )
        )
    parts += [
        _line(left, bottom, left + side, top, "diagonal"),
        _line(left, bottom + strip, left + side, bottom + strip, "axis"),
    ]
    return drawing(left + side + 16, bottom + strip + 24, title, *parts, class_="square")


def _bar(x: float, y: float, width: float, height: float, class_: str) -> Markup:
    return element("rect", x=x, y=y, width=width, height=max(0.0, height), class_=class_)


def threshold_curves(histogram: Histogram, threshold: float | None) -> Markup:
    """What each threshold of the verdict lets through, of landmark photos and of others."""
    left, top, width, height = 40.0, 10.0, 620.0, 220.0
    bottom = top + height
    known = sum(histogram.right) + sum(histogram.wrong)
    parts: list[str] = []
    for tick in (0.0, 0.25, 0.5, 0.75, 1.0):
        y = bottom - height * tick
        parts += [
            _line(left, y, left + width, y, "grid"),
            _label(left - 6, y + 3, f"{tick:.0%}", text_anchor="end"),
            _label(left + width * tick, bottom + 16, f"{tick:.0%}", text_anchor="middle"),
        ]
    if threshold is not None:
        x = left + width * threshold
        parts += [
            _line(x, top, x, bottom, "threshold"),
            _label(
                x + (-5 if threshold > 0.5 else 5),
                top + 10,
                f"the verdict's threshold, {threshold:.3g}",
                text_anchor="end" if threshold > 0.5 else "start",
            ),
        ]
    for counts, total, class_ in (
        (histogram.unknown, sum(histogram.unknown), "curve unknown"),
        (histogram.wrong, known, "curve wrong"),
        (histogram.right, known, "curve right"),
    ):
        if total:
            step = width / len(counts)
            points = [
                f"{left + step * i:.1f},{bottom - height * sum(counts[i:]) / total:.1f}"
                for i in range(len(counts) + 1)
            ]
            parts.append(element("polyline", points=" ".join(points), class_=class_))
    parts.append(_line(left, bottom, left + width, bottom, "axis"))
    return drawing(
        left + width + 16,
        bottom + 24,
        "Shares of photos that get a landmark, by the verdict's threshold",
        *parts,
        class_="curves",
    )


def distance_bar(found: Evaluation) -> Markup:
    """Shares of photos within 1, 25, 200 km and beyond, as one bar."""
    geography = found.geography
    shares = [
        0.0,
        geography.within_1_km.value,
        geography.within_25_km.value,
        geography.within_200_km.value,
        1.0,
    ]
    words = ("within 1 km", "1 to 25 km", "25 to 200 km", "further away")
    classes = ("good", "near", "far", "wrong")
    parts = [
        element(
            "g",
            element("title", f"{name}: {high - low:.1%}"),
            element(
                "rect",
                x=1000 * low,
                y=0,
                width=1000 * (high - low),
                height=26,
                class_=class_,
            ),
        )
        for (low, high), name, class_ in zip(pairwise(shares), words, classes, strict=True)
        if high > low
    ]
    return drawing(1000, 26, "Distance between the answer and the truth", *parts, class_="stack")


def heat_map(found: Evaluation) -> Markup:
    """The confusion matrix: a row per true landmark, a column per answer, shares of the row."""
    chosen = _most_confused(found)
    place = {number: position for position, number in enumerate(chosen)}
    rows = found.landmarks
    cell, names = 13.0, 190.0
    side = cell * len(chosen)
    parts: list[str] = [element("rect", x=names, y=names, width=side, height=side, class_="sheet")]
    for position, number in enumerate(chosen):
        middle = names + cell * (position + 0.5)
        name = _short(rows[number].name)
        parts += [
            _label(names - 5, middle + 3.5, name, "name", text_anchor="end"),
            _label(
                0,
                0,
                name,
                "name",
                transform=f"translate({middle + 3.5:g} {names - 5:g}) rotate(-90)",
            ),
        ]
    for true, taken, photos in found.confusion:
        if true in place and taken in place:
            share = photos / rows[true].photos
            answer = "right" if true == taken else f"taken for {rows[taken].name}"
            parts.append(
                element(
                    "rect",
                    element(
                        "title", f"{rows[true].name}: {photos} of {rows[true].photos} {answer}"
                    ),
                    x=names + cell * place[taken] + 0.5,
                    y=names + cell * place[true] + 0.5,
                    width=cell - 1,
                    height=cell - 1,
                    class_="good" if true == taken else "wrong",
                    # A root makes single photos visible without saturating the rest.
                    fill_opacity=0.15 + 0.85 * share**0.5,
                )
            )
    return drawing(names + side + 2, names + side + 2, "Confusion matrix", *parts, class_="heat")


def _most_confused(found: Evaluation) -> list[int]:
    """The landmarks to show, in their order: those with photos, or the most confused of them."""
    involved = dict.fromkeys((i for i, row in enumerate(found.landmarks) if row.photos), 0)
    for true, taken, photos in found.confusion:
        if true != taken:
            involved[true] += photos
            involved[taken] = involved.get(taken, 0) + photos
    ranked = sorted(involved, key=lambda number: -involved[number])
    return sorted(ranked[:_HEAT_LANDMARKS])


def _short(name: str, most: int = 30) -> str:
    return name if len(name) <= most else name[: most - 1].rstrip() + "…"


def legend(*entries: tuple[str, str]) -> Markup:
    """Colored keys with words: (class, words)."""
    return element(
        "p",
        join(
            *(
                element("span", element("i", class_=f"key {class_}"), words)
                for class_, words in entries
            )
        ),
        class_="legend",
    )
