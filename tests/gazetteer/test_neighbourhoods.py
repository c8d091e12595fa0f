"""What is remembered of a neighbourhood gives the answers that a search of everything gives."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest

from whereshot.gazetteer import load_gazetteer
from whereshot.gazetteer.cities import distances_km, load_cities
from whereshot.gazetteer.countries import load_countries

# Borders, coasts, an enclave, an island, both ends of the date line, and the pole.
PLACES = [
    *((47.56, 7.59), (49.6, 6.13), (45.9, 13.6), (43.08, -79.07), (-25.69, -54.44)),
    *((41.9, 12.45), (-29.5, 28.2), (1.3, 103.8), (-16.8, 179.98), (64.5, -180.0), (90.0, 0.0)),
    *((51.5, -0.12), (27.17, 78.04), (22.3, 114.2)),
]


def points(count: int) -> list[tuple[float, float]]:
    """Points around the places, from next door to a day's walk."""
    dice = random.Random(7)
    found: list[tuple[float, float]] = []
    for latitude, longitude in PLACES:
        for _ in range(count):
            spread = dice.choice((0.001, 0.05, 0.5))
            found.append(
                (
                    round(max(-90, min(90, latitude + dice.gauss(0, spread))), 3),
                    round(max(-180, min(180, longitude + dice.gauss(0, spread))), 3),
                )
            )
    return found


def test_the_country_of_a_neighbourhood_is_that_of_each_of_its_points() -> None:
    countries = load_countries()
    for point in points(40):
        assert countries.at(*point) == countries._find(*point), point


def test_the_city_is_the_nearest_for_its_size_of_all_in_its_country() -> None:
    cities = load_cities()
    codes = np.array([city.country_code for city in cities._cities])
    for latitude, longitude in points(20):
        country = load_countries().at(latitude, longitude)
        if country is None:
            continue
        share = np.where(
            codes == country.code,
            distances_km(cities._points, latitude, longitude) / cities._reaches,
            math.inf,
        )
        best = cities._cities[int(share.argmin())] if share.min() <= 2.0 else None
        assert cities.at(latitude, longitude, country.code) == best


@pytest.mark.parametrize("spread", [0.01, 0.3, 3.0])
def test_the_smallest_landmark_around_a_point_is_found(spread: float) -> None:
    gazetteer = load_gazetteer()
    dice = random.Random(11)
    for landmark in gazetteer:
        point = (
            max(-90, min(90, landmark.latitude + dice.gauss(0, spread))),
            max(-180, min(180, landmark.longitude + dice.gauss(0, spread))),
        )
        around = [
            each
            for each, distance_km in gazetteer.nearest(*point, limit=None)
            if distance_km <= each.radius_km
        ]
        assert gazetteer.around(*point) == min(
            around, key=lambda each: each.radius_km, default=None
        )
