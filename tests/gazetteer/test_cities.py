"""The city of a point, by GeoNames' table."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from whereshot.gazetteer import load_gazetteer
from whereshot.gazetteer.cities import CITIES, Cities, City, distances_km, load_cities
from whereshot.geo import haversine_km

BIG = City("Big", "XX", 10.0, 20.0, 4_000_000)  # reaches 20 km
SMALL = City("Small", "XX", 10.0, 20.1, 40_000)  # 11 km east of it, reaches 2 km


@pytest.mark.parametrize(
    ("longitude", "name"),
    [(20.0, "Big"), (20.05, "Big"), (20.095, "Small"), (20.11, "Small"), (20.3, "Big")],
)
def test_the_city_counts_that_is_nearer_for_its_size(longitude: float, name: str) -> None:
    found = Cities([BIG, SMALL]).at(10.0, longitude, "XX")

    assert found is not None
    assert found.name == name


def test_far_out_and_across_the_border_there_is_no_city() -> None:
    cities = Cities([BIG, SMALL])

    assert cities.at(10.0, 20.4, "XX") is None
    assert cities.at(10.0, 20.0, "YY") is None
    assert Cities([]).at(10.0, 20.0, "XX") is None


@pytest.mark.parametrize(
    ("latitude", "longitude", "code", "name"),
    [
        (48.8606, 2.3376, "FR", "Paris"),
        (48.9362, 2.3574, "FR", "Saint-Denis"),
        (40.7580, -73.9855, "US", "New York"),  # and not Manhattan, nor New York City
        (21.0285, 105.8542, "VN", "Hanoi"),
        (64.3271, -20.1199, "IS", None),
    ],
)
def test_real_points_are_in_their_city(
    latitude: float, longitude: float, code: str, name: str | None
) -> None:
    found = load_cities().at(latitude, longitude, code)

    assert (found.name if found else None) == name


def test_most_landmarks_are_in_the_city_that_the_gazetteer_says() -> None:
    found = {
        landmark: load_cities().at(landmark.latitude, landmark.longitude, landmark.country_code)
        for landmark in load_gazetteer()
    }
    named = {landmark: city.name for landmark, city in found.items() if city is not None}
    right = sum(name == landmark.city for landmark, name in named.items())

    # The others are in Kathmandu's and Dubai's sprawl, or two cities claim them.
    assert right == 67
    assert len(named) == 73


def test_distances_are_those_of_the_rest_of_the_project() -> None:
    points = np.array([(48.8584, 2.2945), (-33.8568, 151.2153)])

    assert distances_km(points, 51.5014, -0.1419) == pytest.approx(
        [haversine_km(tuple(point), (51.5014, -0.1419)) for point in points]
    )


@pytest.mark.slow
def test_the_table_is_what_is_made_of_geonames() -> None:
    path = Path(__file__).with_name("make_cities.py")
    spec = importlib.util.spec_from_file_location("make_cities", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    again = "Make it again: python tests/gazetteer/make_cities.py"
    assert module.cities_csv() == CITIES.read_text(encoding="utf-8"), again
