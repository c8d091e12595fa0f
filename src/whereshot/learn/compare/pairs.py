"""Is one run better than another, or was it luck? Asked photo by photo.

Intervals of two runs may overlap widely and one be better all the same: most photos are easy or
hard for both, and only those that split them tell the two apart.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from whereshot.learn.compare.kept import Outcomes
from whereshot.learn.compare.records import Pair
from whereshot.learn.intervals import (
    RESAMPLES,
    Estimate,
    estimate,
    estimate_shares,
    macro_mean_of,
    mean_of,
)


def compare_pair(
    first: tuple[str, Outcomes],
    other: tuple[str, Outcomes],
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Pair | None:
    """Compare two named runs on the photos that both were asked about; None where there are none.

    Where both are right on the same photos, no resample could tell them apart; the interval is
    then what so many photos leave open (Clopper-Pearson of 0 among N, to both sides).
    """
    here, there = _by_photo(first[1]), _by_photo(other[1])
    photos = [photo for photo in here if photo in there]
    if not photos:
        return None
    rights = np.array([(here[photo][1], there[photo][1]) for photo in photos])  # (N, 2)
    _, labels = np.unique([here[photo][0] for photo in photos], return_inverse=True)
    gain = rights[:, 1].astype(np.float64) - rights[:, 0]
    first_only, other_only = int((gain < 0).sum()), int((gain > 0).sum())
    if first_only + other_only:
        statistics = {"top1": mean_of(gain), "macro": macro_mean_of(gain, labels)}
        found = estimate(statistics, len(photos), resamples=resamples, seed=seed)
    else:
        open_ = estimate_shares({"share": mean_of(gain)}, len(photos), resamples=1)["share"].high
        found = dict.fromkeys(("top1", "macro"), Estimate(0.0, -open_, open_))
    return Pair(
        first[0],
        other[0],
        len(photos),
        found["top1"],
        found["macro"],
        first_only,
        other_only,
        mcnemar(first_only, other_only),
    )


def mcnemar(first_only: int, other_only: int) -> float:
    """The exact two-sided p value of McNemar's test, from the photos that split two networks.

    Were both as good, each such photo would fall to either side like a coin.
    Reference: Q. McNemar, "Note on the sampling error of the difference between correlated
    proportions or percentages" (Psychometrika 12, 1947), with exact binomial tails.

    >>> mcnemar(1, 1), mcnemar(0, 6)
    (1.0, 0.03125)
    """
    coins = first_only + other_only
    tail = sum(math.comb(coins, heads) for heads in range(min(first_only, other_only) + 1))
    return min(1.0, 2 * tail / 2**coins)


def _by_photo(outcomes: Outcomes) -> Mapping[str, tuple[str, bool]]:
    rows = zip(outcomes.photos, outcomes.landmarks, outcomes.right, strict=True)
    return {photo: (landmark, right) for photo, landmark, right in rows}
