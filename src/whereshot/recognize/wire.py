"""Records as the JSON objects that `predict --json` prints and the HTTP API answers."""

from __future__ import annotations

from typing import Any

from whereshot.records import Failure, Location, Prediction, Recognition, Region

PROBABILITY_DIGITS = 6  # enough to keep the ranking of a long tail visible, no more than float32
MILLISECOND_DIGITS = 1
PIXEL_DIGITS = 1


def recognition_to_dict(
    recognition: Recognition, *, region: bool = False, certainty: bool = False
) -> dict[str, Any]:
    """One recognition as a JSON-ready dict; keys and their order are part of the interface.

    With `region`, for those who asked for it, it has the key `region`: the corners [x, y] of the
    polygon, or None. With `certainty`, it has the key `certainty`: what the verdict goes by, or
    None. Where a coverage was asked for, `plausible` has the set of landmarks that hold the true
    one so often, best first.

    >>> from whereshot.records import Recognition
    >>> recognition_to_dict(Recognition("unknown", (), None, "world@1", photo="a.jpg"))
    ... # doctest: +NORMALIZE_WHITESPACE
    {'photo': 'a.jpg', 'verdict': 'unknown', 'bundle': 'world@1', 'location': None,
     'predictions': [], 'milliseconds': {}}
    """
    location = recognition.location
    asked: dict[str, Any] = {}
    if recognition.plausible is not None:
        asked["plausible"] = [
            {
                "id": each.landmark.id,
                "probability": round(float(each.probability), PROBABILITY_DIGITS),
            }
            for each in recognition.plausible
        ]
    if certainty:
        sure = recognition.certainty
        asked["certainty"] = None if sure is None else round(float(sure), PROBABILITY_DIGITS)
    if region:
        asked["region"] = _region_to_list(recognition.region)
    return {
        "photo": recognition.photo,
        "verdict": recognition.verdict,
        "bundle": recognition.bundle,
        "location": None if location is None else _location_to_dict(location),
        "predictions": [_prediction_to_dict(prediction) for prediction in recognition.predictions],
        **asked,
        "milliseconds": {
            stage: round(float(milliseconds), MILLISECOND_DIGITS)
            for stage, milliseconds in recognition.milliseconds.items()
        },
    }


def failure_to_dict(failure: Failure) -> dict[str, Any]:
    """One photo that could not be read as a JSON-ready dict.

    >>> from whereshot.errors import DamagedPhotoError
    >>> failure_to_dict(Failure("a.jpg", DamagedPhotoError("'a.jpg' is empty")))
    {'photo': 'a.jpg', 'error': {'type': 'DamagedPhotoError', 'message': "'a.jpg' is empty"}}
    """
    return {
        "photo": failure.photo,
        "error": {"type": type(failure.error).__name__, "message": str(failure.error)},
    }


def _location_to_dict(location: Location) -> dict[str, Any]:
    return {
        "latitude": location.latitude,
        "longitude": location.longitude,
        "radius_km": location.radius_km,
        "source": location.source,
    }


def _region_to_list(region: Region | None) -> list[list[float]] | None:
    if region is None:
        return None
    return [[round(float(side), PIXEL_DIGITS) for side in corner] for corner in region]


def _prediction_to_dict(prediction: Prediction) -> dict[str, Any]:
    landmark = prediction.landmark
    return {
        "id": landmark.id,
        "name": landmark.name,
        "wikidata": landmark.wikidata,
        "probability": round(float(prediction.probability), PROBABILITY_DIGITS),
        "latitude": landmark.latitude,
        "longitude": landmark.longitude,
        "radius_km": landmark.radius_km,
        "city": landmark.city,
        "country": landmark.country,
        "country_code": landmark.country_code,
    }
