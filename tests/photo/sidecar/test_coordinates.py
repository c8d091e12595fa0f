"""Coordinates survive being written as degrees and minutes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whereshot.photo.sidecar.coordinates import (
    latitude_text,
    longitude_text,
    parse_latitude,
    parse_longitude,
)


@given(st.floats(-90, 90))
def test_a_latitude_comes_back_to_two_millimeters(degrees: float) -> None:
    assert parse_latitude(latitude_text(degrees)) == pytest.approx(degrees, abs=2e-8)


@given(st.floats(-180, 180))
def test_a_longitude_comes_back_to_two_millimeters(degrees: float) -> None:
    assert parse_longitude(longitude_text(degrees)) == pytest.approx(degrees, abs=2e-8)


def test_sixty_minutes_are_a_degree() -> None:
    assert latitude_text(44.9999999999) == "45,0.0N"
    assert longitude_text(-179.9999999999) == "180,0.0W"


@pytest.mark.parametrize(
    "text", ["", "N", "51.5", "51,30.0E", "91,0.0N", "90,0.1N", "5,5,5,5N", "-5,0.0N", "٣,0.0N"]
)
def test_what_is_no_latitude_is_none(text: str) -> None:
    assert parse_latitude(text) is None


def test_seconds_and_small_letters_are_understood() -> None:
    assert parse_longitude("72,32,42w") == -72.545
    assert parse_longitude("181,0.0E") is None
