"""Which country's outline a point lies in: Natural Earth 1:50m, as vendored for the offline map."""

from __future__ import annotations

import json
import math
from itertools import pairwise
from pathlib import Path

from whereshot.atlas import ATLAS

KM_PER_DEGREE = 111.2

Ring = list[tuple[float, float]]  # longitude, latitude in degrees; the last point is the first


class Outlines:
    """Rings of all countries by ISO 3166-1 numeric code.

    A country is the even-odd sum of its rings: outer rings, holes in them, islands in holes.
    """

    def __init__(self, path: Path = ATLAS) -> None:
        topology = json.loads(path.read_text(encoding="utf-8"))
        scale, translate = topology["transform"]["scale"], topology["transform"]["translate"]
        arcs = [_decode(arc, scale, translate) for arc in topology["arcs"]]
        self.rings: dict[int, list[Ring]] = {}
        for geometry in topology["objects"]["countries"]["geometries"]:
            if "id" not in geometry:  # five areas that no ISO code stands for
                continue
            nested = geometry["arcs"] if geometry["type"] == "MultiPolygon" else [geometry["arcs"]]
            self.rings.setdefault(int(geometry["id"]), []).extend(
                _ring(arcs, ids) for polygon in nested for ids in polygon
            )

    def containing(self, latitude: float, longitude: float) -> list[int]:
        """The codes of the countries that the point lies in: one, on land."""
        return [
            code
            for code, rings in self.rings.items()
            if sum(_crosses(ring, longitude, latitude) for ring in rings) % 2
        ]

    def distance_km(self, code: int, latitude: float, longitude: float) -> float:
        """Distance from the point to the country's outline; on a local plane, so only nearby."""
        squeeze = math.cos(math.radians(latitude))
        best = math.inf
        for ring in self.rings[code]:
            plane = [
                (
                    (x - longitude) * squeeze * KM_PER_DEGREE,
                    (y - latitude) * KM_PER_DEGREE,
                )
                for x, y in ring
            ]
            best = min(best, *(_distance_to_segment(a, b) for a, b in pairwise(plane)))
        return best


def _decode(arc: list[list[int]], scale: list[float], translate: list[float]) -> Ring:
    points: Ring = []
    x = y = 0
    for dx, dy in arc:  # TopoJSON: integer steps from point to point
        x, y = x + dx, y + dy
        points.append((x * scale[0] + translate[0], y * scale[1] + translate[1]))
    return points


def _ring(arcs: list[Ring], ids: list[int]) -> Ring:
    points: Ring = []
    for number in ids:  # ~number is an arc that is walked backwards
        arc = arcs[number] if number >= 0 else arcs[~number][::-1]
        points.extend(arc[1:] if points else arc)
    return points


def _crosses(ring: Ring, longitude: float, latitude: float) -> bool:
    """Whether a ray to the east crosses the ring an odd number of times."""
    odd = False
    for (x1, y1), (x2, y2) in pairwise(ring):
        if (y1 > latitude) != (y2 > latitude):
            odd ^= longitude < (x2 - x1) * (latitude - y1) / (y2 - y1) + x1
    return odd


def _distance_to_segment(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Distance from the origin to the segment ab."""
    (ax, ay), (bx, by) = a, b
    dx, dy = bx - ax, by - ay
    length = dx * dx + dy * dy
    along = 0.0 if length == 0 else max(0.0, min(1.0, -(ax * dx + ay * dy) / length))
    return math.hypot(ax + along * dx, ay + along * dy)
