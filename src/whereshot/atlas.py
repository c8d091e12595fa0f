"""The outlines of the world's land and countries: Natural Earth 1:50m, as the app's map draws it.

The app serves the file to browsers, so it lies among what the app takes from others; whoever needs
it on this side of the network asks here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any

STATIC = Path(__file__).parent / "serve/static"
"""What the app serves to browsers: the scripts that draw its map, and what they take from others.
"""
ATLAS = STATIC / "vendor/world-atlas/countries-50m.json"

Ring = list[tuple[float, float]]
"""Longitudes and latitudes in degrees; the last point is the first."""


def land_rings(path: Path = ATLAS) -> list[Ring]:
    """The closed outlines of all land, lakes and islands; none where the file is not installed.

    Reference: the TopoJSON format specification, 2.1.3 and 2.1.4.
    """
    if not path.is_file():
        return []
    topology = json.loads(path.read_text(encoding="utf-8"))
    arcs = _arcs(topology)
    return [
        ring for shape in topology["objects"]["land"]["geometries"] for ring in _rings(shape, arcs)
    ]


def country_rings(path: Path = ATLAS) -> dict[str, list[Ring]]:
    """The closed outlines of each country by the name that the atlas gives it.

    A point is in a country if it is inside an odd number of its rings: outer ones, holes in them,
    islands in holes. Countries are drawn as they are governed. None where the file is missing.
    """
    if not path.is_file():
        return {}
    topology = json.loads(path.read_text(encoding="utf-8"))
    arcs = _arcs(topology)
    return {
        shape["properties"]["name"]: list(_rings(shape, arcs))
        for shape in topology["objects"]["countries"]["geometries"]
    }


def _arcs(topology: Any) -> list[Ring]:
    (x_scale, y_scale), (x_start, y_start) = (
        topology["transform"]["scale"],
        topology["transform"]["translate"],
    )

    def positions(arc: Sequence[Sequence[int]]) -> Ring:
        # Integer steps from point to point.
        xs = accumulate(step[0] for step in arc)
        ys = accumulate(step[1] for step in arc)
        return [(x * x_scale + x_start, y * y_scale + y_start) for x, y in zip(xs, ys, strict=True)]

    return [positions(arc) for arc in topology["arcs"]]


def _rings(shape: Any, arcs: Sequence[Ring]) -> Iterator[Ring]:
    polygons = [shape["arcs"]] if shape.get("type") == "Polygon" else shape["arcs"]
    for polygon in polygons:
        for ring in polygon:
            # A negative number is the one's complement of an arc that is walked backwards.
            yield [
                point
                for number in ring
                for point in (arcs[number] if number >= 0 else arcs[~number][::-1])
            ]
