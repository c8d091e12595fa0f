"""What an evaluation found, as records; `Evaluation.to_dict` is the JSON that is printed and saved.

Shares are in [0, 1], distances in km. Every accuracy figure takes the best landmark of each photo,
whatever the verdict; the verdict has figures of its own.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

from whereshot.learn.intervals import Estimate
from whereshot.learn.metrics import ReliabilityBin

SCHEMA = "1.0"
HISTOGRAM_BINS = 100


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured: a bundle or a run, and the network in it."""

    name: str
    kind: Literal["bundle", "run"]
    path: str
    landmarks: int
    size: int
    fit: str
    temperature: float
    min_certainty: float | None
    provenance: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Data:
    """On which photos: `photos` were answered, of `landmarks` landmarks.

    `left_out` has the photos per folder of landmarks that the network doesn't know, `unreadable`
    the photos that can't be read and why. `trained_on` is True when the network's record says
    that it was trained on exactly this folder: then the figures say nothing about new photos.
    """

    folder: str
    fingerprint: str
    photos: int
    landmarks: int
    left_out: Mapping[str, int]
    unreadable: tuple[tuple[str, str], ...]
    trained_on: bool


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Share of photos whose landmark is the best, is among the best five, and the mean recall."""

    top1: Estimate
    top5: Estimate
    macro: Estimate


@dataclass(frozen=True, slots=True)
class Calibration:
    """Expected calibration error (best landmark, 15 equal-width bins), mean -log p, the bins."""

    ece: Estimate
    nll: Estimate
    bins: tuple[ReliabilityBin, ...]


@dataclass(frozen=True, slots=True)
class Geography:
    """Distance between the best landmark's place and the true one's; 0 where it is the right one.

    `unplaced` landmarks have no coordinates: confusing them counts as infinitely far, and the
    median is None if it is such an error.
    """

    median_km: float | None
    within_1_km: Estimate
    within_25_km: Estimate
    within_200_km: Estimate
    unplaced: int


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Shares of landmark photos: named rightly, named wrongly, called unknown.

    A name takes `min_certainty`, which is of the best probability where the bundle has no rule.
    """

    min_certainty: float
    right: Estimate
    wrong: Estimate
    unknown: Estimate


@dataclass(frozen=True, slots=True)
class LandmarkRow:
    """One landmark: its photos, the share that is right (recall), and what it is taken for.

    None where there is nothing to divide by, nothing confused, or no known place.
    """

    id: str
    name: str
    photos: int
    recall: float | None
    precision: float | None
    confused_with: str | None
    confused_photos: int
    latitude: float | None
    longitude: float | None


@dataclass(frozen=True, slots=True)
class Mistake:
    """A photo (path in the data's folder) under a wrong name; `landmark` None: it shows none."""

    photo: str
    landmark: str | None
    predicted: str
    confidence: float
    distance_km: float | None


@dataclass(frozen=True, slots=True)
class Separation:
    """How one score tells photos of landmarks from photos of none.

    AUROC, the share of photos of none above the score that keeps 95 % of the others, and GAP: over
    the photos as they are, and where landmarks are 10 % and 1 % of all photos.
    """

    auroc: float
    fpr_at_95_recall: float
    gap: float
    gap_at_10_percent: float
    gap_at_1_percent: float


@dataclass(frozen=True, slots=True)
class OpenSet:
    """How landmark photos and photos of none are told apart.

    `certainty` says it of what the verdict goes by, `probability` of the best landmark's
    probability alone. `false_landmarks` is the share of the photos without a landmark that get one
    as verdict; `named` has them, surest first.
    """

    folder: str
    fingerprint: str
    photos: int
    unreadable: tuple[tuple[str, str], ...]
    certainty: Separation
    probability: Separation
    false_landmarks: Estimate | None
    named: tuple[Mistake, ...]


@dataclass(frozen=True, slots=True)
class SetCoverage:
    """Conformal sets: what was promised, the share of them with the true landmark, mean size."""

    promised: float
    covered: Estimate
    mean_size: float


@dataclass(frozen=True, slots=True)
class Histogram:
    """Photos per percent of certainty: rightly named, wrongly named, without a landmark."""

    right: tuple[int, ...]
    wrong: tuple[int, ...]
    unknown: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Everything that `whereshot evaluate` found out.

    `confusion` has the cells (true, predicted, photos) of the confusion matrix that are not 0, by
    the landmarks' numbers in `landmarks`; `mistakes` all wrong answers, surest first.
    """

    measured: Measured
    data: Data
    accuracy: Accuracy
    uncalibrated: Calibration
    calibrated: Calibration
    geography: Geography
    verdicts: Verdicts | None
    coverage: tuple[SetCoverage, ...]
    open_set: OpenSet | None
    histogram: Histogram
    landmarks: tuple[LandmarkRow, ...]
    confusion: tuple[tuple[int, int, int], ...]
    mistakes: tuple[Mistake, ...]
    environment: Mapping[str, Any]
    resamples: int
    command: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Nested plain values, ready for JSON; what is infinite or not a number is None."""
        return {"schema": SCHEMA, **cast("dict[str, Any]", _plain(self))}

    def worst(self, count: int) -> tuple[LandmarkRow, ...]:
        """The landmarks with the lowest recall, worst first; of equals the one with more photos."""
        tested = [row for row in self.landmarks if row.recall is not None and row.recall < 1]
        return tuple(sorted(tested, key=lambda row: (row.recall, -row.photos))[:count])

    def pairs(self, count: int) -> tuple[tuple[LandmarkRow, LandmarkRow, int], ...]:
        """The most confused pairs: true landmark, what it is taken for, photos."""
        wrong = sorted(
            (cell for cell in self.confusion if cell[0] != cell[1]),
            key=lambda cell: (-cell[2], cell[0], cell[1]),
        )
        rows = self.landmarks
        return tuple((rows[true], rows[taken], n) for true, taken, n in wrong[:count])


def amount(number: int, noun: str) -> str:
    """A number of things for people.

    >>> amount(1, "photo"), amount(2000, "photo")
    ('1 photo', '2,000 photos')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _plain(value: object) -> object:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        items = cast("Mapping[object, object]", value).items()
        return {str(name): _plain(each) for name, each in items}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(each) for each in cast("Sequence[object]", value)]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
