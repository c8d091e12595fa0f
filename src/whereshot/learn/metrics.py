"""Figures of merit on numpy alone: accuracy, confusion, calibration, distance, open set.

N photos, K landmarks. `logits` are (N, K), `labels` (N,) are landmark numbers, `confidences` (N,)
are the calibrated probabilities of the best landmark, `right` (N,) says whether it is the true one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from whereshot.geo import EARTH_RADIUS_KM

Floats = NDArray[np.floating]
Ints = NDArray[np.integer]
Bools = NDArray[np.bool_]

BINS = 15
"""Equal-width bins of confidence, as in Guo et al."""


def truth_ranks(logits: Floats, labels: Ints) -> Ints:
    """How many landmarks are ranked above the true one, (N,): 0 is right, under k is in the top k.

    Equal logits are ranked in the order of the landmark set, as in a recognition.
    """
    columns = np.arange(logits.shape[1])
    true = logits[np.arange(len(labels)), labels][:, None]  # (N, 1)
    tied_before = (logits == true) & (columns < labels[:, None])
    return ((logits > true) | tied_before).sum(axis=1)


def confusion_matrix(labels: Ints, predicted: Ints, classes: int) -> Ints:
    """Photos by true (row) and predicted (column) landmark, int64 (K, K)."""
    cells = np.bincount(labels * classes + predicted, minlength=classes * classes)
    return cells.reshape(classes, classes).astype(np.int64)


@dataclass(frozen=True, slots=True)
class ClassFigures:
    """How one landmark fares. None stands for a quotient without photos under it.

    `recall` is the share of its photos that are right (its top-1), `precision` the share of the
    photos given its name that are its own; `confused_with` is the landmark that most of its wrong
    photos are taken for, `confused_photos` how many.
    """

    photos: int
    recall: float | None
    precision: float | None
    confused_with: int | None
    confused_photos: int


def class_figures(confusion: Ints) -> tuple[ClassFigures, ...]:
    """The figures of each landmark of a confusion matrix (K, K), in its order."""
    figures: list[ClassFigures] = []
    for number, row in enumerate(confusion):
        photos, named, right = int(row.sum()), int(confusion[:, number].sum()), int(row[number])
        wrong = row.copy()
        wrong[number] = 0
        other = int(wrong.argmax())
        figures.append(
            ClassFigures(
                photos=photos,
                recall=right / photos if photos else None,
                precision=right / named if named else None,
                confused_with=other if wrong[other] else None,
                confused_photos=int(wrong[other]),
            )
        )
    return tuple(figures)


def bin_numbers(confidences: Floats, bins: int = BINS) -> Ints:
    """The bin of each confidence in [0, 1]: bin m holds ((m / bins, (m + 1) / bins]."""
    return np.clip(np.ceil(confidences * bins).astype(np.int64) - 1, 0, bins - 1)


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """The photos whose confidence lies in (low, high]: how sure, and how often right (means)."""

    low: float
    high: float
    photos: int
    confidence: float
    accuracy: float


def reliability(confidences: Floats, right: Bools, bins: int = BINS) -> tuple[ReliabilityBin, ...]:
    """The bins that have photos, from unsure to sure."""
    numbers = bin_numbers(confidences, bins)
    return tuple(
        ReliabilityBin(
            low=number / bins,
            high=(number + 1) / bins,
            photos=int(inside.sum()),
            confidence=float(confidences[inside].mean()),
            accuracy=float(right[inside].mean()),
        )
        for number in range(bins)
        if (inside := numbers == number).any()
    )


def expected_calibration_error(confidences: Floats, right: Bools, bins: int = BINS) -> float:
    """Mean distance between confidence and accuracy over bins, weighted by their photos.

    On the best landmark's probability, in equal-width bins.
    Reference: C. Guo et al., "On Calibration of Modern Neural Networks" (ICML 2017).
    """
    filled = reliability(confidences, right, bins)
    gaps = sum(each.photos * abs(each.accuracy - each.confidence) for each in filled)
    return gaps / len(confidences)


def distance_matrix_km(latitudes: Floats, longitudes: Floats) -> Floats:
    """Great-circle distances between K points in degrees, (K, K) in km; NaN where one is NaN."""
    phi, theta = np.radians(latitudes), np.radians(longitudes)
    h = (
        np.sin((phi[:, None] - phi[None, :]) / 2) ** 2
        + np.cos(phi)[:, None]
        * np.cos(phi)[None, :]
        * np.sin((theta[:, None] - theta[None, :]) / 2) ** 2
    )
    return 2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.minimum(h, 1.0)))


def distance_errors_km(
    labels: Ints, predicted: Ints, latitudes: Floats, longitudes: Floats
) -> Floats:
    """How far the predicted landmark is from the true one, (N,) in km, for K landmarks' places.

    0 for the right landmark, wherever it is; infinite where one of two different landmarks has
    no place (NaN): an error of unknown size must not pass for a small one.
    """
    errors = distance_matrix_km(latitudes, longitudes)[labels, predicted]
    errors = np.where(np.isnan(errors), np.inf, errors)
    return np.where(labels == predicted, 0.0, errors)


def auroc(positive: Floats, negative: Floats) -> float:
    """The chance that a positive scores above a negative, ties counting one half.

    The normalized Mann-Whitney U statistic, which is the area under the ROC curve.
    """
    scores = np.concatenate([positive, negative])
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    # Tied scores share the mean of the ranks 1..N that they take.
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    u = ranks[: len(positive)].sum() - len(positive) * (len(positive) + 1) / 2
    return float(u / (len(positive) * len(negative)))


def false_positive_rate(positive: Floats, negative: Floats, recall: float = 0.95) -> float:
    """The share of negatives at or above the highest score that keeps this share of positives."""
    kept = max(1, int(np.ceil(recall * len(positive) - 1e-9)))
    threshold = np.sort(positive)[len(positive) - kept]
    return float((negative >= threshold).mean())


def global_average_precision(
    confidences: Floats, right: Bools, landmarks: int, weights: Floats | None = None
) -> float:
    """GAP, or micro average precision: one ranking of all answers by confidence.

    `confidences` (M,) and `right` (M,) cover photos with and without a landmark; an answer to a
    photo without one is never right. `landmarks` is the number of photos that show one. Tied
    answers count together, at the precision after the last of them. An answer counts as `weights`
    (M,) many in the ranking, where photos of one kind stand for more than were at hand.
    Reference: F. Perronnin et al., "A family of contextual measures of similarity between
    distributions with application to image retrieval" (CVPR 2009).
    """
    order = np.argsort(-confidences, kind="stable")
    ranked, hits = confidences[order], np.cumsum(right[order])
    answers = np.cumsum(np.ones(len(order)) if weights is None else weights[order])
    last_of_tie = np.append(ranked[1:] != ranked[:-1], True)
    ends = np.flatnonzero(last_of_tie)
    precision = hits[ends] / answers[ends]
    gained = np.diff(hits[ends], prepend=0)
    return float((precision * gained).sum() / landmarks)
