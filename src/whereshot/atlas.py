"""The outline of the world's land: Natural Earth 1:50m, the file that the app's map is drawn from.

The app serves the file to browsers, so it lies among what the app takes from others; whoever needs
it on this side of the network asks here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any

ATLAS = Path(__file__).parent / "serve/static/vendor/world-atlas/countries-50m.json"

Ring = list[tuple[float, float]]
"""Longitudes and latitudes in degrees; the last point is the first."""


def land_rings(path: Path = ATLAS) -> list[Ring]:
    """The closed outlines of all land, lakes and islands; none where the file is not installed.

    Reference: the TopoJSON format specification, 2.1.3 and 2.1.4.
    """
    if not path.is_file():
        return []
    return list(_rings(json.loads(path.read_text(encoding="utf-8"))))


def _rings(topology: Any) -> Iterator[Ring]:
    (x_scale, y_scale), (x_start, y_start) = (
        topology["transform"]["scale"],
        topology["transform"]["translate"],
    )

    def positions(arc: Sequence[Sequence[int]]) -> Ring:
        # Integer steps from point to point.
        xs = accumulate(step[0] for step in arc)
        ys = accumulate(step[1] for step in arc)
        return [(x * x_scale + x_start, y * y_scale + y_start) for x, y in zip(xs, ys, strict=True)]

    arcs = [positions(arc) for arc in topology["arcs"]]
    for geometry in topology["objects"]["land"]["geometries"]:
        for polygon in geometry["arcs"]:
            for ring in polygon:
                # A negative number is the one's complement of an arc that is walked backwards.
                yield [
                    point
                    for number in ring
                    for point in (arcs[number] if number >= 0 else arcs[~number][::-1])
                ]
