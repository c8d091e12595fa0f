"""Figures of merit, each against scikit-learn or by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sk

from whereshot.geo import haversine_km
from whereshot.learn import metrics

PHOTOS, LANDMARKS = 300, 7


@pytest.fixture
def logits() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(PHOTOS, LANDMARKS))


@pytest.fixture
def labels(logits: np.ndarray) -> np.ndarray:
    """Labels that the logits know something of; landmark 6 has no photo."""
    rng = np.random.default_rng(1)
    guesses = (logits[:, :6] + rng.normal(size=(PHOTOS, 6))).argmax(axis=1)
    return guesses.astype(np.int64)


@pytest.mark.parametrize("k", [1, 2, 5])
def test_top_k_is_scikit_learns(logits, labels, k):
    mine = (metrics.truth_ranks(logits, labels) < k).mean()

    assert mine == pytest.approx(
        sk.top_k_accuracy_score(labels, logits, k=k, labels=range(LANDMARKS))
    )


def test_equal_logits_rank_in_the_order_of_the_landmark_set():
    logits = np.array([[1.0, 1.0, 1.0], [1.0, 1.0, 1.0], [0.0, 2.0, 2.0]])

    assert metrics.truth_ranks(logits, np.array([0, 2, 2])).tolist() == [0, 2, 1]


def test_rank_zero_is_the_argmax(logits, labels):
    right = metrics.truth_ranks(logits, labels) == 0

    assert (right == (logits.argmax(axis=1) == labels)).all()


def test_the_confusion_matrix_is_scikit_learns(logits, labels):
    predicted = logits.argmax(axis=1)

    mine = metrics.confusion_matrix(labels, predicted, LANDMARKS)

    assert (mine == sk.confusion_matrix(labels, predicted, labels=range(LANDMARKS))).all()


def test_recall_and_precision_per_landmark_are_scikit_learns(logits, labels):
    predicted = logits.argmax(axis=1)
    precision, recall, _, support = sk.precision_recall_fscore_support(
        labels, predicted, labels=range(LANDMARKS), zero_division=np.nan
    )

    figures = metrics.class_figures(metrics.confusion_matrix(labels, predicted, LANDMARKS))

    assert [each.photos for each in figures] == support.tolist()
    assert figures[6].recall is None
    for mine, its_recall, its_precision in zip(figures, recall, precision, strict=True):
        if mine.photos:
            assert mine.recall == pytest.approx(its_recall)
        assert mine.precision == pytest.approx(its_precision)


def test_a_landmark_is_most_confused_with_what_most_of_its_wrong_photos_are_taken_for():
    confusion = np.array([[5, 1, 2], [0, 4, 0], [3, 0, 0]])

    first, second, third = metrics.class_figures(confusion)

    assert (first.confused_with, first.confused_photos) == (2, 2)
    assert (second.confused_with, second.confused_photos) == (None, 0)
    assert (third.recall, third.precision, third.confused_with) == (0.0, 0.0, 0)


def test_a_name_that_is_never_given_has_no_precision():
    assert metrics.class_figures(np.array([[1, 0], [1, 0]]))[1].precision is None


def test_calibration_error_by_hand():
    # Bin (14/15, 1]: two photos, 0.95 sure, half right. Bin (8/15, 9/15]: one, 0.6 sure, right.
    confidences = np.array([0.95, 0.95, 0.6])
    right = np.array([True, False, True])

    error = metrics.expected_calibration_error(confidences, right)

    assert error == pytest.approx((2 * 0.45 + 1 * 0.4) / 3)


def test_calibration_error_is_what_the_paper_defines():
    rng = np.random.default_rng(3)
    confidences = rng.uniform(0.05, 1, 1000)
    right = rng.uniform(size=1000) < confidences**2
    total = 0.0
    for number in range(15):
        low, high = number / 15, (number + 1) / 15
        inside = (confidences > low) & (confidences <= high)
        total += inside.mean() * abs(right[inside].mean() - confidences[inside].mean())

    assert metrics.expected_calibration_error(confidences, right) == pytest.approx(total)


def test_sure_and_right_is_no_calibration_error():
    assert metrics.expected_calibration_error(np.ones(4), np.ones(4, dtype=bool)) == 0.0


@given(st.lists(st.floats(0, 1), min_size=1))
def test_every_confidence_lies_in_its_bin(confidences):
    values = np.array(confidences)

    for number, value in zip(metrics.bin_numbers(values), values, strict=True):
        assert 0 <= number < metrics.BINS
        assert number / metrics.BINS - 1e-9 <= value <= (number + 1) / metrics.BINS + 1e-9


def test_reliability_has_the_filled_bins_and_all_photos():
    confidences = np.array([0.1, 0.9, 0.91, 1.0])
    right = np.array([False, True, False, True])

    bins = metrics.reliability(confidences, right, bins=2)

    assert [(each.low, each.high, each.photos) for each in bins] == [(0, 0.5, 1), (0.5, 1, 3)]
    assert bins[1].confidence == pytest.approx((0.9 + 0.91 + 1) / 3)
    assert bins[1].accuracy == pytest.approx(2 / 3)


PLACES = [(37.8199, -122.4786), (-13.1631, -72.545), (43.0799, -79.0747), (-17.0, 179.9)]


def test_distances_are_those_of_geo():
    latitudes, longitudes = np.array(PLACES).T

    matrix = metrics.distance_matrix_km(latitudes, longitudes)

    expected = [[haversine_km(a, b) for b in PLACES] for a in PLACES]
    np.testing.assert_allclose(matrix, expected, atol=1e-6)


def test_antipodes_are_half_a_circumference_apart():
    matrix = metrics.distance_matrix_km(np.array([0.0, 0.0]), np.array([0.0, 180.0]))

    assert matrix[0, 1] == pytest.approx(np.pi * 6371.0088)


def test_the_right_landmark_is_0_km_off_even_without_a_place():
    latitudes, longitudes = np.array([1.0, np.nan]), np.array([2.0, np.nan])

    errors = metrics.distance_errors_km(
        np.array([0, 1, 0, 1]), np.array([0, 1, 1, 0]), latitudes, longitudes
    )

    assert errors.tolist() == [0.0, 0.0, np.inf, np.inf]


scores = st.lists(st.integers(0, 6).map(float), min_size=1, max_size=40).map(np.array)


def both(positive: np.ndarray, negative: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    truth = np.r_[np.ones(len(positive)), np.zeros(len(negative))]
    return truth, np.r_[positive, negative]


@given(scores, scores)
def test_auroc_is_scikit_learns_ties_included(positive, negative):
    assert metrics.auroc(positive, negative) == pytest.approx(
        sk.roc_auc_score(*both(positive, negative))
    )


@given(scores, scores, st.sampled_from([0.5, 0.95, 1.0]))
def test_false_positives_are_the_first_point_of_the_roc_curve_with_that_recall(
    positive, negative, recall
):
    rates, recalls, _ = sk.roc_curve(*both(positive, negative), drop_intermediate=False)

    expected = rates[np.flatnonzero(recalls >= recall - 1e-9)[0]]

    assert metrics.false_positive_rate(positive, negative, recall) == pytest.approx(expected)


def test_global_average_precision_by_hand():
    # Ranked: right, false landmark, right, wrong; one of the 4 landmark photos comes last of all.
    confidences = np.array([0.9, 0.7, 0.5, 0.4, 0.8])
    right = np.array([True, True, False, False, False])

    gap = metrics.global_average_precision(confidences, right, landmarks=4)

    assert gap == pytest.approx((1 / 1 + 2 / 3) / 4)


def test_a_confident_false_answer_costs_all_that_come_after_it():
    right = np.array([True, True, False])

    high = metrics.global_average_precision(np.array([0.6, 0.5, 0.9]), right, landmarks=2)
    low = metrics.global_average_precision(np.array([0.6, 0.5, 0.1]), right, landmarks=2)

    assert (high, low) == (pytest.approx((1 / 2 + 2 / 3) / 2), 1.0)


def test_answers_may_stand_for_more_than_were_at_hand():
    confidences, right = np.array([0.9, 0.7, 0.5]), np.array([True, False, True])

    once = metrics.global_average_precision(confidences, right, 2, np.array([1.0, 3.0, 1.0]))
    three = metrics.global_average_precision(
        np.array([0.9, 0.7, 0.7, 0.7, 0.5]), np.array([True, False, False, False, True]), 2
    )

    assert once == three == pytest.approx((1 + 2 / 5) / 2)


@given(scores, st.integers(0, 2**32 - 1))
def test_global_average_precision_is_average_precision_over_the_landmark_photos(confidences, seed):
    right = np.random.default_rng(seed).uniform(size=len(confidences)) < 0.5
    landmarks = len(confidences) + 3
    expected = 0.0
    if right.any():
        expected = sk.average_precision_score(right, confidences) * right.sum() / landmarks

    mine = metrics.global_average_precision(confidences, right, landmarks)

    assert mine == pytest.approx(expected)
