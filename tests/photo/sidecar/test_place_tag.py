"""A place tag holds what can be written, and nothing else."""

from __future__ import annotations

import math

import pytest
from sidecars import tag


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({}, ("Places", "China", "Beijing", "Great Wall of China")),
        ({"city": ""}, ("Places", "China", "Hebei", "Great Wall of China")),
        ({"city": "", "region": ""}, ("Places", "China", "Great Wall of China")),
        ({"city": "", "region": "", "country": ""}, ("Places", "Great Wall of China")),
        (
            {"country": "Singapore", "city": "Singapore"},
            ("Places", "Singapore", "Great Wall of China"),
        ),
        (
            {"city": "niagara falls", "landmark": "Niagara Falls"},
            ("Places", "China", "niagara falls"),
        ),
    ],
)
def test_the_path_has_no_empty_or_doubled_level(
    changes: dict[str, str], path: tuple[str, ...]
) -> None:
    assert tag(**changes).keyword_path == path


def test_texts_become_one_line_that_xml_can_hold() -> None:
    odd = tag(landmark=" Great\r\n\tWall\x00\x0b\x85 of\ud800\ufffe\ufeff China ")
    assert odd.landmark == "Great Wall of China"
    assert odd == tag()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"landmark": " \x00"}, "needs a name and an id"),
        ({"landmark_id": ""}, "needs a name and an id"),
        ({"latitude": 91.0}, "latitude"),
        ({"longitude": math.nan}, "longitude"),
        ({"radius_km": -1.0}, "radius_km"),
        ({"probability": 1.1}, "probability"),
        ({"probability": math.nan}, "probability"),
        ({"date": "2026-11-26T18:00:00"}, "offset"),
        ({"date": "yesterday"}, "isoformat"),
    ],
)
def test_what_can_not_be_meant_is_refused(changes: dict[str, object], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        tag(**changes)


def test_empty_fields_are_not_shown() -> None:
    shown = tag(wikidata="", city="", region="").shown_fields()
    assert list(shown) == [
        "Iptc4xmpExt:LocationName",
        "Iptc4xmpExt:CountryName",
        "Iptc4xmpExt:CountryCode",
        "exif:GPSLatitude",
        "exif:GPSLongitude",
    ]


def test_the_position_error_is_whole_meters_and_never_zero() -> None:
    assert [tag(radius_km=km).position_error_m for km in (0.0, 0.0301, 5.0)] == [1, 31, 5000]
