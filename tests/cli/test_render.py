"""Recognitions as text and JSON: every name can be written, and nothing is said twice."""

from __future__ import annotations

import json

import pytest

from whereshot.cli._render import bar, block, json_line, line, percent, place_of
from whereshot.errors import DamagedPhotoError
from whereshot.records import Failure, Landmark, Location, Prediction, Recognition

ARC = Landmark(
    "arc", "Árc de Triomphe 凱", 48.87, 2.29, 0.3, country="France", country_code="FR", city="Paris"
)
NAMES = ["a.jpg", "café 城.jpg", "two\nlines.jpg", "caf\udce9.jpg", "\x1b[2J.jpg", "[red]x.jpg"]


def recognition(photo: str | None, probability: float = 0.981) -> Recognition:
    return Recognition(
        verdict="landmark",
        predictions=(Prediction(ARC, probability),),
        location=ARC.location,
        bundle="tiny@1",
        photo=photo,
        milliseconds={"decode": 31.234, "model": 12.8},
    )


@pytest.mark.parametrize("name", NAMES, ids=ascii)
@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1", None])
def test_json_is_one_line_that_gives_the_name_back(name: str, encoding: str | None) -> None:
    for result in (recognition(name), Failure(name, DamagedPhotoError(f"{name} is empty"))):
        text = json_line(result, encoding)
        assert len(text.splitlines()) == 1
        assert json.loads(text.encode(encoding or "utf-8"))["photo"] == name


def test_json_is_readable_where_it_can_be() -> None:
    assert "café 城.jpg" in json_line(recognition("café 城.jpg"))


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_a_name_can_do_a_terminal_no_harm(name: str) -> None:
    for text in (next(iter(block(recognition(name)))), line(recognition(name))):
        assert text.plain.isprintable()
        text.plain.encode("utf-8")


def test_a_photo_without_a_path_is_called_a_photo() -> None:
    assert next(iter(block(recognition(None)))).plain == "photo"
    assert line(recognition(None)).plain.endswith("  photo")


@pytest.mark.parametrize(
    ("probability", "text"),
    [
        (0.0, "< 0.1 %"),
        (0.00049, "< 0.1 %"),
        (0.0005, "0.1 %"),
        (0.5, "50.0 %"),
        (0.9994, "99.9 %"),
        (0.99941, "> 99.9 %"),
        (1.0, "> 99.9 %"),
    ],
)
def test_no_probability_is_said_to_be_zero_or_all(probability: float, text: str) -> None:
    assert percent(probability) == text


@pytest.mark.parametrize("share", [-1.0, 0.0, 0.01, 0.5, 0.999, 1.0, 2.0])
def test_a_bar_fits_its_cells(share: float) -> None:
    assert len(bar(share, cells=20)) <= 20


def test_a_bar_grows_by_eighths() -> None:
    assert [bar(eighths / 16, cells=2) for eighths in (0, 1, 8, 9, 16)] == [
        "",
        "▏",
        "█",
        "█▏",
        "██",
    ]


def test_a_long_name_is_cut_and_the_path_keeps_its_column() -> None:
    long = Landmark("long", "L" * 80, 0.0, 0.0, 1.0, country="X", country_code="XX")
    result = Recognition("landmark", (Prediction(long, 0.5),), None, "tiny@1", photo="a.jpg")
    assert "LLL…" in line(result).plain
    assert line(result).cell_len == line(recognition("a.jpg")).cell_len


@pytest.mark.parametrize(
    ("city", "region", "country", "place"),
    [
        ("Paris", "Île-de-France", "France", "Paris, France"),
        ("", "Cusco", "Peru", "Cusco, Peru"),
        ("", "", "Peru", "Peru"),
        ("Nauru", "", "Nauru", ""),
    ],
)
def test_a_place_is_city_or_region_and_country(
    city: str, region: str, country: str, place: str
) -> None:
    landmark = Landmark("n", "Nauru", 0.0, 0.0, 1.0, country, "XX", city=city, region=region)
    assert place_of(landmark) == place


def test_the_photo_s_own_position_is_told_as_such() -> None:
    own = Recognition(
        "unknown",
        (Prediction(ARC, 0.2),),
        Location(1.5, -2.25, 0.01, "exif"),
        "tiny@1",
        photo="a.jpg",
    )
    texts = [text.plain for text in block(own)]
    assert texts[1] == "  unknown: no landmark that I know for sure; most like Árc de Triomphe 凱"
    assert texts[2] == "  1.5000, -2.2500  (the photo's own GPS position)"
