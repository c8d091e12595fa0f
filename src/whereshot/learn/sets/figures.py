"""A data set in figures: photos per landmark and part, sizes, formats, imbalance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from whereshot.learn.dataset import class_key
from whereshot.learn.sets.survey import Survey, SurveyedPhoto


@dataclass(frozen=True, slots=True)
class Spread:
    """The least, the median and the most of some numbers."""

    least: float
    median: float
    most: float


@dataclass(frozen=True, slots=True)
class LandmarkFigures:
    """One landmark's photos. Sides are pixels."""

    name: str
    photos: Mapping[str, int]
    bytes: int
    short_side: Spread | None
    with_gps: int


@dataclass(frozen=True, slots=True)
class Figures:
    """A whole data set. `photos` and `imbalance` are by part: "train", "test", or "" if plain.

    `imbalance` is the number of photos of the largest landmark over that of the smallest.
    """

    folder: str
    landmarks: Sequence[LandmarkFigures]
    photos: Mapping[str, int]
    imbalance: Mapping[str, float]
    per_landmark: Mapping[str, Spread]
    bytes: int
    photo_bytes: Spread | None
    short_side: Spread | None
    long_side: Spread | None
    formats: Mapping[str, int]
    with_gps: int
    unreadable: int


def describe_photos(survey: Survey) -> Figures:
    """The figures of a survey, which need not have decoded its photos.

    A landmark's folders in train and test are one row. Unreadable photos count as photos, but not
    in sizes and formats.
    """
    parts = list(dict.fromkeys(folder.part for folder in survey.folders))
    names: dict[str, str] = {}
    for folder in survey.folders:
        names.setdefault(class_key(folder.name), folder.name)
    photos_of: dict[str, list[SurveyedPhoto]] = {key: [] for key in names}
    for photo in survey.photos:
        photos_of[class_key(photo.folder.name)].append(photo)
    landmarks = [
        LandmarkFigures(
            name=names[key],
            photos={part: sum(photo.folder.part == part for photo in photos) for part in parts},
            bytes=sum(photo.bytes for photo in photos),
            short_side=_spread([photo.short_side for photo in photos if photo.short_side]),
            with_gps=sum(photo.has_gps for photo in photos),
        )
        for key, photos in photos_of.items()
    ]
    counts = {part: [row.photos[part] for row in landmarks if row.photos[part]] for part in parts}
    sized = [photo for photo in survey.photos if photo.error is None]
    formats = Counter(str(photo.kind) for photo in sized)
    return Figures(
        folder=str(survey.root),
        landmarks=landmarks,
        photos={part: sum(counts[part]) for part in parts},
        imbalance={part: max(counts[part]) / min(counts[part]) for part in parts if counts[part]},
        per_landmark={
            part: spread for part in parts if (spread := _spread(counts[part])) is not None
        },
        bytes=sum(photo.bytes for photo in survey.photos),
        photo_bytes=_spread([photo.bytes for photo in sized]),
        short_side=_spread([photo.short_side for photo in sized if photo.short_side]),
        long_side=_spread([photo.long_side for photo in sized if photo.long_side]),
        formats=dict(formats.most_common()),
        with_gps=sum(photo.has_gps for photo in survey.photos),
        unreadable=len(survey.photos) - len(sized),
    )


def _spread(numbers: Sequence[int]) -> Spread | None:
    return Spread(min(numbers), median(numbers), max(numbers)) if numbers else None
