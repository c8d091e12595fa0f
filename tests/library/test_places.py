"""Where a photo was taken, and who says so."""

from __future__ import annotations

from pathlib import Path

import pytest
from library_photos import catalog_photo

from whereshot.library.places import PhotoPlace, PlaceFinder, neighbor_places

TAJ = (27.1751, 78.0421)
FINDER = PlaceFinder()


def found(**of: object) -> PhotoPlace:
    place = FINDER.place(catalog_photo("a.jpg", **of))  # pyright: ignore[reportArgumentType]
    assert place is not None
    return place


def test_a_photo_that_shows_a_landmark_is_where_it_stands() -> None:
    place = found(landmark="taj_mahal", probability=0.93)

    assert (place.source, place.landmark, place.city) == ("landmark", "Taj Mahal", "Agra")
    assert (place.region, place.country, place.country_code) == ("Uttar Pradesh", "India", "IN")
    assert place.certainty == 0.93
    assert place.radius_km > 0.1


def test_what_a_photo_only_looks_like_is_no_place() -> None:
    assert FINDER.place(catalog_photo("a.jpg", landmark="taj_mahal", unknown=True)) is None
    assert FINDER.place(catalog_photo("a.jpg")) is None
    assert FINDER.place(catalog_photo("a.jpg", error="is damaged")) is None


def test_the_photos_own_position_comes_first_and_keeps_the_landmark_that_is_in_sight() -> None:
    place = found(landmark="taj_mahal", gps=(27.18, 78.03))

    assert place.point == (27.18, 78.03)
    assert (place.source, place.landmark, place.city) == ("gps", "Taj Mahal", "Agra")


def test_a_landmark_that_the_position_contradicts_is_not_believed() -> None:
    place = found(landmark="eiffel_tower", gps=(36.1126, -115.1722))  # its copy in Las Vegas

    assert (place.landmark, place.certainty) == ("", None)
    assert place.country == "United States"


def test_across_a_border_the_names_are_those_of_where_the_camera_stood() -> None:
    place = found(landmark="niagara_falls", gps=(43.0962, -78.9500))

    assert (place.country, place.landmark) == ("United States", "Niagara Falls")


def test_a_position_alone_tells_the_smallest_landmark_around_it() -> None:
    place = found(gps=TAJ, landmark="machu_picchu", unknown=True)

    assert (place.source, place.landmark, place.city) == ("gps", "Taj Mahal", "Agra")
    assert place.certainty is None  # nobody has recognized anything


def test_a_position_alone_tells_country_and_city() -> None:
    place = found(gps=(48.8606, 2.3376))

    assert (place.country, place.country_code, place.city) == ("France", "FR", "Paris")
    assert (place.region, place.landmark) == ("", "")


def test_at_sea_a_position_is_all_there_is() -> None:
    assert found(gps=(30.0, -40.0)) == PhotoPlace(30.0, -40.0, 0.02, "gps")


def test_a_photo_between_two_others_of_the_same_camera_is_in_their_surroundings() -> None:
    photos = [
        catalog_photo("1.jpg", landmark="taj_mahal", taken="2024-03-01T10:00:00", camera="X"),
        catalog_photo("2.jpg", taken="2024-03-01T10:10:00", camera="X"),
        catalog_photo("3.jpg", gps=(27.18, 78.03), taken="2024-03-01T10:30:00", camera="X"),
    ]

    assert Path("2.jpg") not in FINDER.places(photos)
    place = FINDER.places(photos, neighbors=True)[Path("2.jpg")]

    assert (place.source, place.city, place.country) == ("neighbors", "Agra", "India")
    assert (place.landmark, place.landmark_id, place.certainty) == ("", "", None)
    assert place.radius_km > 1  # as good as the two are apart


@pytest.mark.parametrize(
    ("taken", "camera"),
    [
        ("2024-03-01T10:31:00", "X"),  # too late
        ("2024-03-01T10:10:00", "Y"),  # another camera
        ("2024-03-01T10:10:00", ""),  # nobody knows which
        ("2024-03-01T10:10:00+00:00", "X"),  # a clock that can't be compared
        (None, "X"),
    ],
)
def test_what_is_no_neighbor_tells_nothing(taken: str | None, camera: str) -> None:
    photos = [
        catalog_photo("1.jpg", landmark="taj_mahal", taken="2024-03-01T10:00:00", camera="X"),
        catalog_photo("2.jpg", taken=taken, camera=camera),
    ]

    assert neighbor_places(photos, FINDER.places(photos)) == {}


def test_a_photo_between_two_places_that_are_far_apart_is_at_neither() -> None:
    photos = [
        catalog_photo("1.jpg", landmark="taj_mahal", taken="2024-03-01T10:00:00", camera="X"),
        catalog_photo("2.jpg", taken="2024-03-01T10:10:00", camera="X"),
        catalog_photo("3.jpg", landmark="eiffel_tower", taken="2024-03-01T10:20:00", camera="X"),
    ]

    assert neighbor_places(photos, FINDER.places(photos)) == {}


def test_places_do_not_travel_from_neighbor_to_neighbor() -> None:
    photos = [
        catalog_photo("1.jpg", landmark="taj_mahal", taken="2024-03-01T10:00:00", camera="X"),
        catalog_photo("2.jpg", taken="2024-03-01T10:25:00", camera="X"),
        catalog_photo("3.jpg", taken="2024-03-01T10:50:00", camera="X"),
    ]

    assert set(neighbor_places(photos, FINDER.places(photos))) == {Path("2.jpg")}
