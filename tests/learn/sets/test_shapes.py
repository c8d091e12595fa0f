from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from whereshot.learn.sets import shapes
from whereshot.learn.sets.survey import ClassFolder, Survey, SurveyedPhoto

PHOTO = SurveyedPhoto(Path("a.jpg"), ClassFolder("", "Petra"), bytes=1)


def survey_of(*sizes: tuple[int, int], details: tuple[float | None, ...] = ()) -> Survey:
    photos = [replace(PHOTO, width=width, height=height) for width, height in sizes]
    photos += [replace(PHOTO, detail=each) for each in details]
    return Survey(Path(), (PHOTO.folder,), tuple(photos))


def test_photos_are_counted_by_their_shorter_side() -> None:
    counts = shapes.short_sides(
        survey_of((63, 900), (64, 64), (127, 200), (300, 260), (9000, 2048))
    )
    assert list(counts.items()) == [
        ("0 to 64 px", 1),
        ("64 to 128 px", 2),
        ("128 to 192 px", 0),
        ("192 to 256 px", 0),
        ("256 to 384 px", 1),
        ("384 to 512 px", 0),
        ("512 to 768 px", 0),
        ("768 to 1,024 px", 0),
        ("1,024 to 2,048 px", 0),
        ("2,048 px or more", 1),
    ]


@pytest.mark.parametrize(
    ("size", "name"),
    [
        ((4000, 3000), "4:3"),
        ((3000, 4000), "3:4"),
        ((1500, 1000), "3:2"),
        ((1000, 1490), "2:3"),
        ((1920, 1080), "16:9"),
        ((1080, 1000), "1:1"),
        ((5000, 100), "2:1 or wider"),
        ((100, 5000), "1:2 or taller"),
    ],
)
def test_photos_are_counted_by_the_nearest_common_shape(size: tuple[int, int], name: str) -> None:
    assert shapes.aspects(survey_of(size)) == {name: 1}


def test_only_photos_that_are_square_to_the_pixel_are_exact_squares() -> None:
    assert shapes.exact_squares(survey_of((256, 256), (256, 257), (300, 300))) == 2


def test_photos_are_counted_by_their_detail_soft_ones_first() -> None:
    counts = shapes.details(survey_of(details=(0.1, 0.34, 0.36, 0.75, None)))
    assert counts == {"0 to 0.35": 2, "0.35 to 0.5": 1, "0.5 to 0.65": 0, "0.65 to 0.8": 1}


def test_what_can_not_be_read_has_no_shape() -> None:
    photo = replace(PHOTO, width=9, height=9, error="damaged")
    survey = Survey(Path(), (PHOTO.folder,), (photo, PHOTO))
    assert shapes.short_sides(survey) == shapes.aspects(survey) == shapes.details(survey) == {}
    assert shapes.exact_squares(survey) == 0
