from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from whereshot.learn.compare.kept import Outcomes
from whereshot.learn.compare.pairs import compare_pair, mcnemar
from whereshot.learn.compare.records import Score
from whereshot.learn.intervals import Estimate

NONE = Estimate(0.0, 0.0, 0.0)


def outcomes(right: list[bool], photos: list[str] | None = None) -> Outcomes:
    names = photos or [f"{number}.jpg" for number in range(len(right))]
    landmarks = tuple("ab"[number % 2] for number in range(len(right)))
    score = Score("photos", "0" * 64, len(right), NONE, NONE, NONE)
    return Outcomes(tuple(names), landmarks, tuple(right), score, "2026-11-01")


@given(st.integers(0, 40), st.integers(0, 40))
def test_mcnemar_is_the_exact_binomial_test(first_only: int, other_only: int) -> None:
    if first_only + other_only == 0:
        assert mcnemar(0, 0) == 1.0
    else:
        expected = binomtest(first_only, first_only + other_only).pvalue
        assert mcnemar(first_only, other_only) == pytest.approx(expected)


def test_a_gain_on_the_photos_that_split_two_runs_is_seen_through_wide_intervals() -> None:
    # 80 % and 86 % of 200 photos: each interval holds the other's figure, and yet all twelve
    # photos that only one of the two gets right are the other's.
    first = [True] * 160 + [False] * 40
    other = [True] * 172 + [False] * 28
    pair = compare_pair(("first", outcomes(first)), ("other", outcomes(other)))
    assert pair is not None
    assert (pair.first_only, pair.other_only, pair.photos) == (0, 12, 200)
    assert pair.top1.value == pytest.approx(0.06)
    assert 0 < pair.top1.low < 0.06 < pair.top1.high
    assert pair.p_value == pytest.approx(2 / 2**12)


def test_turning_the_two_around_turns_the_signs_around() -> None:
    rng = np.random.default_rng(0)
    one, two = (outcomes((rng.random(60) < share).tolist()) for share in (0.6, 0.8))
    there, back = compare_pair(("a", one), ("b", two)), compare_pair(("b", two), ("a", one))
    assert there is not None
    assert back is not None
    assert there.top1.value == -back.top1.value
    assert there.macro.value == pytest.approx(-back.macro.value)
    assert (there.first_only, there.other_only) == (back.other_only, back.first_only)
    assert there.p_value == back.p_value


def test_macro_counts_landmarks_alike() -> None:
    photos = [f"{number}" for number in range(10)]
    first = outcomes([False] * 10, photos)
    other = outcomes([True] + [False] * 9, photos)
    other = Outcomes(photos := other.photos, ("rare", *["many"] * 9), other.right, other.score, "")
    first = Outcomes(photos, other.landmarks, first.right, first.score, "")
    pair = compare_pair(("a", first), ("b", other))
    assert pair is not None
    assert pair.top1.value == pytest.approx(0.1)
    assert pair.macro.value == pytest.approx(0.5)


def test_only_photos_that_both_were_asked_about_count() -> None:
    first = outcomes([True, False, True], ["a", "b", "c"])
    other = outcomes([True, True, False], ["c", "b", "x"])
    pair = compare_pair(("first", first), ("other", other))
    assert pair is not None
    assert (pair.photos, pair.first_only, pair.other_only) == (2, 0, 1)
    assert compare_pair(("first", first), ("none", outcomes([True], ["y"]))) is None


def test_runs_that_answer_alike_are_not_proven_equal() -> None:
    same = outcomes([True, False] * 50)
    pair = compare_pair(("a", same), ("b", same))
    assert pair is not None
    assert (pair.top1.value, pair.p_value) == (0.0, 1.0)
    # 0 of 100 leaves 3.6 % open at 97.5 %: 1 - 0.025 ** (1 / 100).
    assert pair.top1.high == -pair.top1.low == pytest.approx(0.0362, abs=1e-4)
