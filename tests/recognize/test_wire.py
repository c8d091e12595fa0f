"""The JSON shape that the command line and the HTTP API share."""

from __future__ import annotations

import json

import pytest

from whereshot.errors import PhotoNotFoundError
from whereshot.recognize.wire import failure_to_dict, recognition_to_dict
from whereshot.records import Failure, Landmark, Location, Prediction, Recognition

WALL = Landmark(
    id="great_wall_of_china",
    name="Great Wall of China",
    wikidata="Q12501",
    latitude=40.4319,
    longitude=116.5704,
    radius_km=5.0,
    city="Beijing",
    country="China",
    country_code="CN",
)


def recognition(probability=0.981, location=WALL.location):
    return Recognition(
        verdict="landmark" if location else "unknown",
        predictions=(Prediction(WALL, probability),),
        location=location,
        bundle="world@1",
        photo="a/b.jpg",
        milliseconds={"decode": 31.2499, "model": 12.75001},
    )


def test_a_recognition_has_exactly_the_documented_keys_in_their_order():
    assert json.dumps(recognition_to_dict(recognition())) == (
        '{"photo": "a/b.jpg", "verdict": "landmark", "bundle": "world@1", '
        '"location": {"latitude": 40.4319, "longitude": 116.5704, "radius_km": 5.0, '
        '"source": "landmark"}, '
        '"predictions": [{"id": "great_wall_of_china", "name": "Great Wall of China", '
        '"wikidata": "Q12501", "probability": 0.981, "latitude": 40.4319, '
        '"longitude": 116.5704, "radius_km": 5.0, "city": "Beijing", "country": "China", '
        '"country_code": "CN"}], "milliseconds": {"decode": 31.2, "model": 12.8}}'
    )


def test_no_location_is_null_and_gps_names_its_source():
    assert recognition_to_dict(recognition(location=None))["location"] is None
    gps = Location(1.0, 2.0, 0.02, "exif")
    assert recognition_to_dict(recognition(location=gps))["location"]["source"] == "exif"


def test_numbers_of_numpy_become_plain_json():
    np = pytest.importorskip("numpy")
    answer = recognition_to_dict(recognition(probability=np.float32(0.123456789)))
    assert json.loads(json.dumps(answer))["predictions"][0]["probability"] == 0.123457


def test_a_failure_has_the_photo_and_the_error_by_type_and_message():
    failure = Failure("a.jpg", PhotoNotFoundError("The photo 'a.jpg' does not exist."))
    assert failure_to_dict(failure) == {
        "photo": "a.jpg",
        "error": {"type": "PhotoNotFoundError", "message": "The photo 'a.jpg' does not exist."},
    }


def test_a_region_is_there_only_for_those_who_ask_for_it():
    import dataclasses

    found = dataclasses.replace(recognition(), region=((0, 1.2345), (9.99, 1.0), (5.0, 8.0)))
    assert "region" not in recognition_to_dict(found)
    answer = recognition_to_dict(found, region=True)
    assert list(answer)[-2:] == ["region", "milliseconds"]
    assert json.dumps(answer["region"]) == "[[0.0, 1.2], [10.0, 1.0], [5.0, 8.0]]"
    assert recognition_to_dict(recognition(), region=True)["region"] is None


def test_a_certainty_is_there_only_for_those_who_ask_for_it():
    import dataclasses

    sure = dataclasses.replace(recognition(), certainty=0.98765432)
    assert "certainty" not in recognition_to_dict(sure)
    assert recognition_to_dict(sure, certainty=True)["certainty"] == 0.987654
    assert recognition_to_dict(recognition(), certainty=True)["certainty"] is None
