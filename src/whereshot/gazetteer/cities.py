"""The city of a point: GeoNames' cities of 15,000 people or more, each with a reach of its own.

The table is GeoNames' (https://www.geonames.org), under CC BY 4.0, with names spelled as in the
gazetteer and without the parts of larger cities; tests/gazetteer/make_cities.py makes it.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from whereshot.geo import EARTH_RADIUS_KM

CITIES = Path(__file__).with_name("cities.csv")
MIN_POPULATION = 15_000

_SPREAD = 2.0  # of its reach: so far out a point still counts to a city
_DIGITS = 3  # 110 m, as the table has them
_CELL_DEGREES = 0.05
_CELL_KM = 4.0  # from the middle of a cell to its corners, at most
_NOBODY = np.array([], dtype=np.intp)


class City(NamedTuple):
    """A city's name, country, middle in degrees, and people."""

    name: str
    country_code: str
    latitude: float
    longitude: float
    population: int


class Cities:
    """Finds the city of a point; made once a process by `load_cities`."""

    def __init__(self, cities: Sequence[City]) -> None:
        self._cities = list(cities)
        self._points = np.array([(city.latitude, city.longitude) for city in cities]).reshape(-1, 2)
        self._reaches = reach_km(np.array([city.population for city in cities]))
        countries: dict[str, list[int]] = {}
        for index, city in enumerate(cities):
            countries.setdefault(city.country_code, []).append(index)
        self._countries = {code: np.array(indices) for code, indices in countries.items()}
        self._cached = lru_cache(maxsize=65_536)(self._find)
        self._around = lru_cache(maxsize=65_536)(self._find_around)

    def at(self, latitude: float, longitude: float, country_code: str) -> City | None:
        """The city that a point in degrees counts to, in that country; None out in the country.

        Of two cities the one counts that is nearer for its size, so that a suburb with a name of
        its own keeps it, and the large city beside it has the rest.

        >>> load_cities().at(48.8606, 2.3376, "FR").name
        'Paris'
        """
        return self._cached(round(latitude, _DIGITS), round(longitude, _DIGITS), country_code)

    def _find(self, latitude: float, longitude: float, country_code: str) -> City | None:
        cell = math.floor(latitude / _CELL_DEGREES), math.floor(longitude / _CELL_DEGREES)
        near = self._around(*cell, country_code)
        if not near.size:
            return None
        share = distances_km(self._points[near], latitude, longitude) / self._reaches[near]
        best = int(share.argmin())
        return self._cities[near[best]] if share[best] <= _SPREAD else None

    def _find_around(self, row: int, column: int, country_code: str) -> NDArray[np.intp]:
        """The cities of a country that points of a cell may count to."""
        inside = self._countries.get(country_code, _NOBODY)
        middle = (row + 0.5) * _CELL_DEGREES, (column + 0.5) * _CELL_DEGREES
        apart_km = distances_km(self._points[inside], *middle)
        return inside[apart_km <= _SPREAD * self._reaches[inside] + _CELL_KM]


def reach_km(population: NDArray[Any]) -> NDArray[np.float64]:
    """How far a city of so many people reaches: areas grow with people, so reach with the root.

    1.2 km for 15,000 people, 10 km for a million, 30 km for ten.
    """
    return 0.01 * np.sqrt(np.maximum(population, MIN_POPULATION))


def distances_km(points: NDArray[Any], latitude: float, longitude: float) -> NDArray[np.float64]:
    """Great-circle distances in km from a point to points (N, 2), all in degrees."""
    phi, theta = np.radians(points).T
    here = np.radians(latitude)
    h = (
        np.sin((phi - here) / 2) ** 2
        + np.cos(phi) * np.cos(here) * np.sin((theta - np.radians(longitude)) / 2) ** 2
    )
    return 2 * EARTH_RADIUS_KM * np.arcsin(np.minimum(1.0, np.sqrt(h)))


def read_cities(path: Path = CITIES) -> list[City]:
    """The cities of the table, the largest first."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        next(rows)
        return [
            City(name, code, float(latitude), float(longitude), int(population))
            for name, code, latitude, longitude, population in rows
        ]


@cache
def load_cities() -> Cities:
    """The world's cities; read once a process, in about a tenth of a second."""
    return Cities(read_cities())
