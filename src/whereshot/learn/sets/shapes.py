"""How many photos of a data set have which size, which shape and how fine detail."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from whereshot.learn.sets.pixels import SOFT
from whereshot.learn.sets.survey import Survey, SurveyedPhoto

Counts = dict[str, int]
"""Photos by what they have in common, in the order of a scale."""

_SIDES = (0, 64, 128, 192, 256, 384, 512, 768, 1024, 2048)  # from so many pixels on
_DETAILS = (0.0, SOFT, 0.5, 0.65, 0.8, 0.95, 1.1, 1.25)
_ASPECTS = {
    "1:2 or taller": 1 / 2,
    "9:16": 9 / 16,
    "2:3": 2 / 3,
    "3:4": 3 / 4,
    "1:1": 1.0,
    "4:3": 4 / 3,
    "3:2": 3 / 2,
    "16:9": 16 / 9,
    "2:1 or wider": 2.0,
}


def short_sides(survey: Survey) -> Counts:
    """Photos by the pixels of their shorter side."""
    return _by_step([photo.short_side for photo in _sized(survey)], _SIDES, "{:,.0f}", last=" px")


def details(survey: Survey) -> Counts:
    """Photos by `pixels.detail`; those below `pixels.SOFT` come first."""
    values = [photo.detail for photo in survey.photos if photo.detail is not None]
    return _by_step(values, _DETAILS, "{:g}")


def aspects(survey: Survey) -> Counts:
    """Photos by the common ratio of width to height that theirs is nearest to."""
    counts = dict.fromkeys(_ASPECTS, 0)
    for photo in _sized(survey):
        ratio = photo.width / photo.height
        nearest = min(_ASPECTS, key=lambda name: abs(math.log(ratio / _ASPECTS[name])))
        counts[nearest] += 1
    return _trimmed(counts)


def exact_squares(survey: Survey) -> int:
    """Photos that are as wide as they are high, to the pixel."""
    return sum(photo.width == photo.height for photo in _sized(survey))


def _sized(survey: Survey) -> list[SurveyedPhoto]:
    return [photo for photo in survey.photos if photo.error is None and photo.short_side]


def _by_step(
    values: Sequence[float], steps: Sequence[float], shown: str, *, last: str = ""
) -> Counts:
    names = [f"{shown.format(a)} to {shown.format(b)}{last}" for a, b in pairwise(steps)]
    names.append(f"{shown.format(steps[-1])}{last} or more")
    counts = dict.fromkeys(names, 0)
    for value in values:
        counts[names[sum(value >= step for step in steps[1:])]] += 1
    return _trimmed(counts)


def _trimmed(counts: Counts) -> Counts:
    """Without the empty steps at both ends."""
    filled = [number for number, count in enumerate(counts.values()) if count]
    if not filled:
        return {}
    return dict(list(counts.items())[filled[0] : filled[-1] + 1])
