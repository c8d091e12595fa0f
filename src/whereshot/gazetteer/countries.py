"""The country of a point, from the outlines that the map is drawn with: no network, no service.

Countries are Natural Earth's, which draws them as they are governed; their names are those that the
gazetteer uses, so that a photo with GPS and one with a landmark meet in the same folder.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from whereshot.atlas import Ring, country_rings

NAMES = Path(__file__).with_name("countries.csv")

OFF_COAST_KM = 20.0
"""How far off its coast a point still counts as in a country: bridges, piers and harbours are."""

_KM_PER_DEGREE = 111.195
_CELL_DEGREES = 0.05  # 5 km
_DIGITS = 3  # 110 m: finer than the outlines are, and photos of one place share an answer

_Points = NDArray[np.float64]


class Country(NamedTuple):
    """A country's common English name and its ISO 3166-1 code, empty where it has none."""

    name: str
    code: str


class Countries:
    """Finds the country of a point; made once a process by `load_countries`.

    `rings` are outlines by the atlas's name, `names` the countries that those names stand for; an
    outline without one is no country.
    """

    def __init__(self, rings: Mapping[str, Sequence[Ring]], names: Mapping[str, Country]) -> None:
        self._shapes = [
            _Shape(names[name], country) for name, country in rings.items() if name in names
        ]
        self._boxes = np.array([shape.box for shape in self._shapes]).reshape(-1, 4)
        self._cached = lru_cache(maxsize=65_536)(self._find)
        self._whole = lru_cache(maxsize=65_536)(self._find_whole)

    def at(self, latitude: float, longitude: float) -> Country | None:
        """The country that a point in degrees lies in, or is at most 20 km off the coast of.

        >>> load_countries().at(27.175, 78.042)
        Country(name='India', code='IN')
        """
        latitude, longitude = round(latitude, _DIGITS), round(longitude, _DIGITS)
        cell = math.floor(latitude / _CELL_DEGREES), math.floor(longitude / _CELL_DEGREES)
        return self._whole(*cell) or self._cached(latitude, longitude)

    def _find_whole(self, row: int, column: int) -> Country | None:
        """The country that all of a cell lies in; None where a border or a coast may be in it.

        Photos come in crowds, and most crowds are away from borders.
        """
        south, west = row * _CELL_DEGREES, column * _CELL_DEGREES
        middle = south + _CELL_DEGREES / 2, west + _CELL_DEGREES / 2
        inside: Country | None = None
        for shape in self._near(*middle, _CELL_DEGREES):
            if shape.has_edge_in(south, west, _CELL_DEGREES):
                return None
            if inside is None and shape.contains(*middle):
                inside = shape.country
        return inside

    def _find(self, latitude: float, longitude: float) -> Country | None:
        for shape in self._near(latitude, longitude, 0.0):
            if shape.contains(latitude, longitude):
                return shape.country
        degrees = OFF_COAST_KM / _KM_PER_DEGREE
        near = [
            (shape.distance_km(latitude, longitude), shape.country)
            for shape in self._near(latitude, longitude, degrees)
        ]
        distance_km, country = min(near, default=(math.inf, None))
        return country if distance_km <= OFF_COAST_KM else None

    def _near(self, latitude: float, longitude: float, degrees: float) -> list[_Shape]:
        """The shapes whose box is within so many degrees of the point, measured at its latitude."""
        wide = degrees / max(0.05, math.cos(math.radians(latitude)))
        west, south, east, north = self._boxes.T
        hit = (
            (west - wide <= longitude)
            & (longitude <= east + wide)
            & (south - degrees <= latitude)
            & (latitude <= north + degrees)
        )
        return [self._shapes[index] for index in np.flatnonzero(hit)]


class _Shape:
    """One country's outline as edges: from (x1, y1) to (x2, y2), in degrees."""

    def __init__(self, country: Country, rings: Sequence[Ring]) -> None:
        self.country = country
        starts = np.concatenate([np.array(ring[:-1]) for ring in rings])  # (E, 2)
        ends = np.concatenate([np.array(ring[1:]) for ring in rings])
        self._edges: tuple[_Points, ...] = (*starts.T, *ends.T)
        self.box = (*starts.min(axis=0), *starts.max(axis=0))

    def contains(self, latitude: float, longitude: float) -> bool:
        """Whether a ray to the east crosses the outline an odd number of times."""
        x1, y1, x2, y2 = self._edges
        crossing = (y1 > latitude) != (y2 > latitude)
        x1, y1, x2, y2 = x1[crossing], y1[crossing], x2[crossing], y2[crossing]
        at = (x2 - x1) * (latitude - y1) / (y2 - y1) + x1
        return bool(np.count_nonzero(longitude < at) % 2)

    def has_edge_in(self, south: float, west: float, degrees: float) -> bool:
        """Whether the outline may go through a square with so many degrees a side."""
        x1, y1, x2, y2 = self._edges
        aside = (np.maximum(x1, x2) < west) | (np.minimum(x1, x2) > west + degrees)
        aside |= (np.maximum(y1, y2) < south) | (np.minimum(y1, y2) > south + degrees)
        return not aside.all()

    def distance_km(self, latitude: float, longitude: float) -> float:
        """Distance to the outline on a plane that touches the Earth at the point: only nearby."""
        squeeze = math.cos(math.radians(latitude))
        x1, y1, x2, y2 = self._edges
        ax, bx = (x1 - longitude) * squeeze, (x2 - longitude) * squeeze
        ay, by = y1 - latitude, y2 - latitude
        dx, dy = bx - ax, by - ay
        length = dx * dx + dy * dy
        along = -(ax * dx + ay * dy) / np.where(length > 0, length, 1.0)
        along = np.clip(along, 0.0, 1.0)
        return float(np.hypot(ax + along * dx, ay + along * dy).min() * _KM_PER_DEGREE)


def read_names(path: Path = NAMES) -> dict[str, Country]:
    """The countries by the names that the atlas gives them."""
    with path.open(encoding="utf-8", newline="") as file:
        return {row["atlas"]: Country(row["name"], row["code"]) for row in csv.DictReader(file)}


@cache
def load_countries() -> Countries:
    """The world's countries; read once a process, in about a fifth of a second."""
    return Countries(country_rings(), read_names())
