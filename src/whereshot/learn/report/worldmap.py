"""A world map of an evaluation: each landmark where it stands, each confusion as a line."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import pairwise

from whereshot.atlas import land_rings
from whereshot.learn.evaluation import Evaluation, amount
from whereshot.learn.report.markup import Markup, element

_WIDTH = 1000.0
_NORTH, _SOUTH = 80.0, -57.0  # no landmark stands beyond, and the page is not that high
_HEIGHT = _WIDTH * (_NORTH - _SOUTH) / 360
_MOST_LINES = 100
_SMALLEST = 3.0  # islands below this many px are left out


def _project(longitude: float, latitude: float) -> tuple[float, float]:
    """Equirectangular, in px of the map."""
    return _WIDTH * (longitude + 180) / 360, _WIDTH * (_NORTH - latitude) / 360


def world_map(found: Evaluation) -> Markup | None:
    """The map as SVG; None where no landmark has a place."""
    rows = found.landmarks
    tested = [row for row in rows if row.photos and row.latitude is not None]
    if not tested:
        return None
    parts: list[str] = [
        element("rect", width=_WIDTH, height=_HEIGHT, class_="water"),
        element("path", d=_land(), class_="land"),
    ]
    for a, b, photos in found.pairs(_MOST_LINES):
        if None not in (a.latitude, b.latitude):
            parts.append(
                element(
                    "path",
                    element("title", f"{a.name} taken for {b.name}: {photos}"),
                    d=_arc(
                        _project(_number(a.longitude), _number(a.latitude)),
                        _project(_number(b.longitude), _number(b.latitude)),
                    ),
                    class_="confusion",
                    stroke_width=0.8 + 0.5 * min(photos, 6),
                )
            )
    # The worst last, on top of the others.
    for row in sorted(tested, key=lambda row: -_number(row.recall)):
        x, y = _project(_number(row.longitude), _number(row.latitude))
        recall = _number(row.recall)
        parts.append(
            element(
                "circle",
                element("title", f"{row.name}: {recall:.0%} of {amount(row.photos, 'photo')}"),
                cx=x,
                cy=y,
                r=4.5,
                class_="pin",
                style=f"--miss: {min(100.0, 250 * (1 - recall)):.0f}%",
            )
        )
    return element(
        "svg",
        *parts,
        viewBox=f"0 0 {_WIDTH:g} {_HEIGHT:.0f}",
        class_="chart map",
        role="img",
        aria_label="The landmarks on a world map",
    )


def _number(value: float | None) -> float:
    assert value is not None, "only landmarks with a place and photos are drawn"
    return value


def _arc(a: tuple[float, float], b: tuple[float, float]) -> str:
    """A curve between two points, bent upwards, so that lines to and fro can be told apart."""
    bend = 0.15 * abs(b[0] - a[0])
    middle = ((a[0] + b[0]) / 2, (a[1] + b[1]) / 2 - bend)
    return f"M{a[0]:.0f} {a[1]:.0f}Q{middle[0]:.0f} {middle[1]:.0f} {b[0]:.0f} {b[1]:.0f}"


@cache
def _land() -> str:
    """The outline of the land as one SVG path; empty where the atlas is not installed."""
    return "".join(_ring_path([_project(*point) for point in ring]) for ring in land_rings())


def _ring_path(ring: Sequence[tuple[float, float]]) -> str:
    """The SVG path of a ring, twice where it crosses the date line: what sticks out is cut off."""
    ring = _unwrapped(ring)
    xs, ys = [point[0] for point in ring], [point[1] for point in ring]
    if max(xs) - min(xs) < _SMALLEST or max(ys) - min(ys) < _SMALLEST or min(ys) > _HEIGHT:
        return ""
    points = [(round(x), round(y)) for x, y in ring]
    start, *steps = [points[0], *(b for a, b in pairwise(points) if a != b)]
    walk = "".join(
        f"l{x - before_x} {y - before_y}"
        for (before_x, before_y), (x, y) in pairwise([start, *steps])
    )
    copies = [0.0]
    if min(xs) < -1:
        copies.append(_WIDTH)
    if max(xs) > _WIDTH + 1:
        copies.append(-_WIDTH)
    return "".join(f"M{start[0] + shift:.0f} {start[1]}{walk}z" for shift in copies)


def _unwrapped(ring: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """A ring without jumps from one edge of the map to the other: it goes on beyond the edge."""
    shift = 0.0
    points = [ring[0]]
    for (before, _), (x, y) in pairwise(ring):
        shift += _WIDTH * round((before - x) / _WIDTH)
        points.append((x + shift, y))
    return points
