"""Trips: found as scikit-learn finds them, and named as a person would."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from library_photos import catalog_photo

from whereshot.geo import haversine_km
from whereshot.library.catalog import CatalogPhoto
from whereshot.library.places import PlaceFinder
from whereshot.library.trips import NOISE, Trip, cluster, find_trips

FINDER = PlaceFinder()
LANDMARKS = {"agra": "taj_mahal", "delhi": "india_gate", "jaipur": "hawa_mahal"}


def shots(landmark: str, start: str, count: int, every_hours: float = 2) -> list[CatalogPhoto]:
    begin = datetime.fromisoformat(start)
    return [
        catalog_photo(
            f"{landmark}-{start}-{number}.jpg",
            landmark=landmark,
            taken=(begin + timedelta(hours=every_hours * number)).isoformat(),
        )
        for number in range(count)
    ]


def trips_of(photos: list[CatalogPhoto]) -> tuple[Trip, ...]:
    return find_trips(photos, FINDER.places(photos))


def test_photos_of_one_place_and_time_are_a_trip_with_its_name() -> None:
    photos = shots("taj_mahal", "2024-03-03T08:00", 6)
    [trip] = trips_of(photos)

    assert trip.name == "Agra, March 2024"
    assert trip.photos == tuple(photo.path for photo in photos)
    assert trip.start.isoformat() == "2024-03-03T08:00:00"
    assert trip.end.isoformat() == "2024-03-03T18:00:00"


def test_trips_are_apart_in_place_or_in_time() -> None:
    photos = [
        *shots("taj_mahal", "2024-03-03T08:00", 5),
        *shots("eiffel_tower", "2024-03-03T08:00", 5),  # another phone
        *shots("taj_mahal", "2024-05-03T08:00", 5),
    ]

    assert [trip.name for trip in trips_of(photos)] == [
        "Paris, March 2024",
        "Agra, March 2024",
        "Agra, May 2024",
    ]


def test_two_trips_of_one_name_are_told_apart_by_their_days() -> None:
    photos = [
        *shots("taj_mahal", "2024-03-03T08:00", 5),
        *shots("taj_mahal", "2024-03-20T08:00", 30),
    ]

    assert [trip.name for trip in trips_of(photos)] == [
        "Agra, 3 March 2024",
        "Agra, 20-22 March 2024",
    ]


def test_two_trips_on_the_same_days_to_the_same_place_get_numbers() -> None:
    at_sea = [(30.0, -40.0), (30.04, -46.0)]
    photos = [
        catalog_photo(f"{point}-{number}.jpg", gps=point, taken=f"2024-03-03T0{number}:00")
        for point in at_sea
        for number in range(5)
    ]
    names = [trip.name for trip in trips_of(photos)]

    assert names == ["30.0° N, 40.0° W, March 2024", "30.0° N, 46.0° W, March 2024"]
    same = [
        catalog_photo(f"{point}-{number}.jpg", gps=point, taken=f"2024-03-03T0{number}:00")
        for point in ((30.0, -40.0), (30.7, -40.01))
        for number in range(5)
    ]
    same += [
        catalog_photo(f"x{number}.jpg", gps=(30.02, -41.0), taken=f"2024-03-03T0{number}:00")
        for number in range(5)
    ]
    assert len({trip.name for trip in trips_of(same)}) == 3


def test_a_tour_is_named_by_its_cities_or_by_its_country() -> None:
    two = [*shots("taj_mahal", "2024-03-03T08:00", 9), *shots("charminar", "2024-03-03T09:00", 9)]
    tour = [
        photo
        for day, landmark in enumerate(("taj_mahal", "hawa_mahal", "india_gate"))
        for photo in shots(landmark, f"2024-03-0{day + 1}T08:00", 8)
    ]

    assert [trip.name for trip in trips_of(two)] == ["Agra, March 2024", "Hyderabad, March 2024"]
    places = FINDER.places(tour)
    one = {path: next(iter(places.values())) for path in places}  # one place, so one trip
    [trip] = find_trips(tour, {path: _named(one[path], places[path]) for path in places})
    assert trip.name == "India, March 2024"
    [trip] = find_trips(
        tour[:16], {photo.path: _named(one[photo.path], places[photo.path]) for photo in tour[:16]}
    )
    assert trip.name == "Agra and Jaipur, March 2024"


def _named(at: object, names: object) -> object:
    from dataclasses import replace

    return replace(names, latitude=at.latitude, longitude=at.longitude)  # pyright: ignore


def test_a_few_photos_are_no_trip_and_nothing_is_none() -> None:
    assert trips_of(shots("taj_mahal", "2024-03-03T08:00", 3)) == ()
    assert trips_of([]) == ()
    assert trips_of([catalog_photo("a.jpg", landmark="taj_mahal")] * 9) == ()  # no time


def test_a_trip_across_the_date_line_and_the_new_year_is_one() -> None:
    photos = [
        catalog_photo(
            f"{number}.jpg",
            gps=(-17.0, 179.9 if number % 2 else -179.9),
            taken=f"{'2023-12-31' if number < 5 else '2024-01-01'}T1{number}:00",
        )
        for number in range(10)
    ]
    [trip] = trips_of(photos)

    assert trip.name == "Fiji, December 2023 - January 2024"


spots = st.tuples(
    st.sampled_from([0.0, 10.0, 10.3, 60.0]),
    st.sampled_from([179.9, -179.9, 0.0, 0.4, 0.8]),
    st.integers(0, 150),
)


@settings(deadline=None)
@given(st.lists(spots, max_size=40))
def test_clusters_are_those_of_scikit_learn(shots: list[tuple[float, float, int]]) -> None:
    dbscan = pytest.importorskip("sklearn.cluster").DBSCAN
    shots.sort(key=lambda shot: shot[2])
    points = np.array([shot[:2] for shot in shots]).reshape(-1, 2)
    hours = np.array([shot[2] for shot in shots], dtype=float)
    found = cluster(points, hours, radius_km=50, radius_hours=24, fewest=3)
    if not shots:
        assert found.size == 0
        return
    apart = np.array(
        [
            [max(haversine_km(a[:2], b[:2]) / 50, abs(a[2] - b[2]) / 24) for b in shots]
            for a in shots
        ]
    )
    expected = dbscan(eps=1, min_samples=3, metric="precomputed").fit(apart).labels_

    assert found.tolist() == expected.tolist()


def test_ten_thousand_photos_of_three_days_are_one_cluster() -> None:
    generator = np.random.default_rng(1)
    points = generator.normal((48.86, 2.34), 0.05, (10_000, 2))
    labels = cluster(points, np.sort(generator.uniform(0, 72, 10_000)))

    assert set(labels.tolist()) == {0}
    assert NOISE not in labels
