"""Sets that hold the truth as often as they promise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from whereshot.recognize.conformal import least_probability, set_size


@pytest.mark.parametrize("coverage", [0.0, 1.0, -0.5, 95.0, float("nan")])
def test_what_is_no_coverage_is_refused(coverage: float) -> None:
    with pytest.raises(ValueError, match=r"coverage must be in \(0, 1\), got"):
        least_probability(coverage, [0.5])


def test_too_few_photos_promise_nothing() -> None:
    assert least_probability(0.95, [0.9] * 18) == 0.0
    assert least_probability(0.95, [0.9] * 19) == 0.9


@given(
    st.lists(st.floats(0, 1), min_size=5, max_size=200),
    st.sampled_from([0.5, 0.8, 0.9, 0.95, 0.99]),
)
def test_of_the_photos_themselves_enough_are_covered(found: list[float], coverage: float) -> None:
    covered = np.mean(np.array(found) >= least_probability(coverage, found))
    assert covered >= coverage - 1e-9


@pytest.mark.parametrize("coverage", [0.8, 0.9, 0.95])
def test_new_photos_are_covered_as_often_as_promised(coverage: float) -> None:
    rng = np.random.default_rng(0)
    shares = []
    for _ in range(300):
        truths = rng.beta(5, 1, 400)
        least = least_probability(coverage, truths[:200])
        shares.append((truths[200:] >= least).mean())
    # The guarantee is of the mean over draws, and holds without slack: 1 / (N + 1) at most above.
    assert coverage <= np.mean(shares) + 0.004
    assert np.mean(shares) <= coverage + 0.01


@given(st.lists(st.floats(0.01, 1), min_size=1, max_size=30), st.floats(0, 1))
def test_a_set_has_all_that_is_plausible_and_never_nothing(
    weights: list[float], least: float
) -> None:
    probabilities = np.array(weights) / sum(weights)
    assert set_size(probabilities, least) == max(1, sum(p >= least for p in probabilities))
