"""Records refuse what can't be, and can't be changed."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whereshot.errors import DamagedPhotoError
from whereshot.records import Failure, Landmark, Location, Prediction, Recognition, Recognizer

ATOMIUM = Landmark("atomium", "Atomium", 50.8949, 4.3415, 0.3, "Belgium", "BE", city="Brussels")
BAD_POINTS = [
    ({"latitude": 90.001}, r"latitude must be in \[-90, 90\] degrees, got 90.001"),
    ({"latitude": -91}, r"latitude must be in \[-90, 90\] degrees, got -91"),
    ({"latitude": math.nan}, "latitude must be in .* got nan"),
    ({"longitude": 180.5}, r"longitude must be in \[-180, 180\] degrees, got 180.5"),
    ({"longitude": math.inf}, "longitude must be in .* got inf"),
    ({"radius_km": -0.1}, "radius_km must be 0 or more and finite, got -0.1"),
    ({"radius_km": math.inf}, "radius_km must be 0 or more and finite, got inf"),
    ({"radius_km": math.nan}, "radius_km must be 0 or more and finite, got nan"),
]


@pytest.mark.parametrize(("change", "message"), BAD_POINTS)
def test_a_location_must_be_on_earth(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(Location(0, 0, 0, "exif"), **change)


@pytest.mark.parametrize(("change", "message"), BAD_POINTS)
def test_a_landmark_must_be_on_earth(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(ATOMIUM, **change)


@pytest.mark.parametrize("change", [{"id": ""}, {"name": ""}])
def test_a_landmark_needs_an_id_and_a_name(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="a landmark needs an id and a name"):
        dataclasses.replace(ATOMIUM, **change)


@given(st.floats(-90, 90), st.floats(-180, 180), st.floats(0, 20_000))
def test_every_point_on_earth_is_a_location(latitude: float, longitude: float, km: float) -> None:
    location = Location(latitude, longitude, km, "exif")
    assert (location.latitude, location.longitude, location.radius_km) == (latitude, longitude, km)


def test_a_landmark_knows_its_own_location() -> None:
    assert ATOMIUM.location == Location(50.8949, 4.3415, 0.3, "landmark")


def test_a_landmark_is_built_and_has_no_aliases_unless_said_otherwise() -> None:
    assert (ATOMIUM.kind, ATOMIUM.aliases, ATOMIUM.wikidata, ATOMIUM.region) == (
        "built",
        (),
        "",
        "",
    )


@pytest.mark.parametrize(
    "record",
    [
        ATOMIUM,
        ATOMIUM.location,
        Prediction(ATOMIUM, 0.5),
        Recognition("unknown", (), None, "world@1"),
        Failure("a.jpg", DamagedPhotoError("'a.jpg' is empty")),
    ],
    ids=lambda record: type(record).__name__,
)
def test_a_record_can_not_be_changed(record: Any) -> None:
    first = dataclasses.fields(record)[0].name
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(record, first, None)
    assert not hasattr(record, "__dict__")  # slots: nothing can be added either


def test_equal_records_are_equal_and_usable_as_keys() -> None:
    again = dataclasses.replace(ATOMIUM)
    assert again == ATOMIUM
    assert again is not ATOMIUM
    assert {ATOMIUM: 1}[again] == 1


def test_recognitions_do_not_share_their_timings() -> None:
    first = Recognition("unknown", (), None, "world@1")
    second = Recognition("unknown", (), None, "world@1")
    assert first.milliseconds == {}
    assert first.milliseconds is not second.milliseconds


def test_whoever_has_the_methods_is_a_recognizer() -> None:
    class Fake:
        name = "fake@1"
        landmarks = (ATOMIUM,)

        def recognize(self, photo: object, *, k: int = 5) -> Recognition:
            return Recognition("unknown", (), None, self.name)

        def recognize_many(self, photos: Any, *, k: int = 5) -> Any:
            return (self.recognize(photo, k=k) for photo in photos)

    assert isinstance(Fake(), Recognizer)
    assert not isinstance(ATOMIUM, Recognizer)
