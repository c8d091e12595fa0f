"""Bootstrap intervals: the same figure, and about as wide as they should be."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.metrics import balanced_accuracy_score

from whereshot.learn import intervals, metrics
from whereshot.learn.intervals import (
    calibration_error_of,
    estimate,
    estimate_shares,
    macro_mean_of,
    mean_of,
)


@pytest.fixture
def right() -> np.ndarray:
    return np.random.default_rng(0).uniform(size=400) < 0.9


@pytest.fixture
def labels() -> np.ndarray:
    return np.random.default_rng(1).integers(0, 9, 400) * 2  # odd landmarks have no photos


@pytest.fixture
def confidences() -> np.ndarray:
    return np.random.default_rng(2).uniform(0.2, 1.0, 400)


def test_a_mean_is_the_mean(right):
    assert estimate({"x": mean_of(right)}, 400)["x"].value == pytest.approx(right.mean())


def test_the_macro_mean_is_scikit_learns_balanced_accuracy(right, labels):
    predicted = np.where(right, labels, (labels + 2) % 18)

    mine = estimate({"x": macro_mean_of(right, labels)}, 400)["x"]

    assert mine.value == pytest.approx(balanced_accuracy_score(labels, predicted))


def test_the_calibration_error_is_that_of_metrics(confidences, right):
    mine = estimate({"x": calibration_error_of(confidences, right)}, 400)["x"]

    assert mine.value == pytest.approx(metrics.expected_calibration_error(confidences, right))


def test_weights_count_photos_as_often_as_they_say(confidences, right, labels):
    counts = np.random.default_rng(3).multinomial(400, np.full(400, 1 / 400))
    drawn = np.repeat(np.arange(400), counts)
    weights = counts[None].astype(float)

    mean = mean_of(right)(weights)[0]
    macro = macro_mean_of(right, labels)(weights)[0]
    error = calibration_error_of(confidences, right)(weights)[0]

    per_landmark = [
        right[drawn][labels[drawn] == label].mean() for label in np.unique(labels[drawn])
    ]
    assert mean == pytest.approx(right[drawn].mean())
    assert macro == pytest.approx(np.mean(per_landmark))
    assert error == pytest.approx(
        metrics.expected_calibration_error(confidences[drawn], right[drawn])
    )


def test_a_landmark_that_a_resample_misses_is_left_out_of_its_macro_mean():
    statistic = macro_mean_of(np.array([True, False]), np.array([0, 1]))

    assert statistic(np.array([[2.0, 0.0], [0.0, 2.0], [1.0, 1.0]])).tolist() == [1.0, 0.0, 0.5]


def test_the_interval_is_that_of_the_binomial_distribution(right):
    found = estimate({"x": mean_of(right)}, 400)["x"]

    half = 1.96 * np.sqrt(found.value * (1 - found.value) / 400)
    assert found.low == pytest.approx(found.value - half, abs=0.006)
    assert found.high == pytest.approx(found.value + half, abs=0.006)


def test_about_95_of_100_intervals_hold_the_truth():
    rng = np.random.default_rng(5)
    held = 0
    for seed in range(100):
        sample = rng.uniform(size=200) < 0.8
        found = estimate({"x": mean_of(sample)}, 200, resamples=400, seed=seed)["x"]
        held += found.low <= 0.8 <= found.high

    assert 88 <= held <= 100


def test_the_same_seed_gives_the_same_interval_another_seed_another(right):
    first, again, other = (
        estimate({"x": mean_of(right)}, 400, resamples=50, seed=seed)["x"] for seed in (1, 1, 2)
    )

    assert first == again != other


def test_memory_decides_on_the_steps_and_not_on_the_result(right, labels, monkeypatch):
    statistics = {"a": mean_of(right), "b": macro_mean_of(right, labels)}
    at_once = estimate(statistics, 400, resamples=50)
    monkeypatch.setattr(intervals, "_CELLS_AT_ONCE", 1)

    assert estimate(statistics, 400, resamples=50) == at_once


@pytest.mark.parametrize("photos", [1, 20, 1000])
def test_shares_without_spread_have_the_binomial_interval(photos):
    every = np.ones(photos, dtype=bool)
    found = estimate_shares({"all": mean_of(every), "none": mean_of(~every)}, photos)

    for estimate_, right in ((found["all"], photos), (found["none"], 0)):
        exact = binomtest(right, photos).proportion_ci(0.95, method="exact")
        assert (estimate_.low, estimate_.high) == pytest.approx((exact.low, exact.high))


def test_shares_with_spread_have_the_interval_of_the_resamples(right):
    statistics = {"x": mean_of(right)}

    assert estimate_shares(statistics, 400) == estimate(statistics, 400)
