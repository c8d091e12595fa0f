"""From logits to verdicts: pure functions, checked against the definition."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from whereshot.recognize.verdict import calibrated_probabilities, decide, locate, rank
from whereshot.records import Landmark, Location

ISLE = Landmark("isle", "Isle", 1.0, 2.0, 3.0, "X", "XX")
HILL = Landmark("hill", "Hill", 4.0, 5.0, 6.0, "Y", "YY")
LAKE = Landmark("lake", "Lake", 7.0, 8.0, 9.0, "Z", "ZZ")
logits = arrays.arrays(np.float32, 6, elements=st.floats(-1e4, 1e4, width=32))


def test_probabilities_are_the_softmax_of_scaled_logits() -> None:
    expected = [math.exp(value / 2) for value in (1.0, 3.0, -1.0)]
    found = calibrated_probabilities(np.array([1.0, 3.0, -1.0]), 2.0)
    np.testing.assert_allclose(found, np.array(expected) / sum(expected))


@given(logits, st.floats(0.05, 20))
def test_probabilities_sum_to_one_and_keep_the_order(row: np.ndarray, temperature: float) -> None:
    found = calibrated_probabilities(row, temperature)
    assert found.sum() == pytest.approx(1)
    order = np.argsort(row, kind="stable")
    assert (np.diff(found[order]) >= 0).all()


@given(logits)
def test_rows_of_a_batch_do_not_touch_each_other(row: np.ndarray) -> None:
    batch = np.stack([row, np.zeros_like(row), row[::-1]])
    np.testing.assert_allclose(
        calibrated_probabilities(batch, 1.5)[0], calibrated_probabilities(row, 1.5)
    )


def test_a_higher_temperature_is_less_sure() -> None:
    row = np.array([3.0, 1.0, 0.0])
    assert calibrated_probabilities(row, 3).max() < calibrated_probabilities(row, 1).max()


def test_huge_logits_do_not_overflow() -> None:
    assert calibrated_probabilities(np.array([1e30, 0.0]), 1.0).tolist() == [1.0, 0.0]


def test_the_ranking_is_best_first_and_equals_keep_their_order() -> None:
    ranked = rank(np.array([0.25, 0.5, 0.25]), (ISLE, HILL, LAKE), 3)
    assert [prediction.landmark.id for prediction in ranked] == ["hill", "isle", "lake"]
    assert [prediction.probability for prediction in ranked] == [0.5, 0.25, 0.25]


@pytest.mark.parametrize(("k", "count"), [(1, 1), (2, 2), (3, 3), (99, 3)])
def test_k_is_clipped_to_the_landmark_set(k: int, count: int) -> None:
    assert len(rank(np.array([0.2, 0.3, 0.5]), (ISLE, HILL, LAKE), k)) == count


def test_the_threshold_itself_is_enough() -> None:
    assert decide(0.6, 0.6) == "landmark"
    assert decide(np.nextafter(0.6, 0), 0.6) == "unknown"


def test_the_own_gps_position_wins() -> None:
    own = Location(10.0, 20.0, 0.01, "exif")
    assert locate("landmark", ISLE, own) == own
    assert locate("unknown", ISLE, own) == own
    assert locate("landmark", ISLE, None) == Location(1.0, 2.0, 3.0, "landmark")
    assert locate("unknown", ISLE, None) is None
