"""Bootstrap intervals: how far a figure would move on other photos of the same kind.

A statistic maps weights (R, N) to values (R,): row r says how often each of N photos is in
resample r. On weights of one it gives the figure itself, so a figure and its interval can't be
computed in two ways.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from whereshot.learn.metrics import BINS, Bools, Floats, Ints, bin_numbers

Statistic = Callable[[NDArray[np.float64]], NDArray[np.float64]]

RESAMPLES = 1000
_CELLS_AT_ONCE = 4_000_000  # weights in memory: 32 MB, whatever the number of photos


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its 95 % interval: percentiles 2.5 and 97.5 over bootstrap resamples.

    A share of exactly 0 or 1 has no spread in resamples; its interval is the binomial one.
    """

    value: float
    low: float
    high: float


def estimate(
    statistics: Mapping[str, Statistic], photos: int, *, resamples: int = RESAMPLES, seed: int = 0
) -> dict[str, Estimate]:
    """Estimate statistics of N photos, all on the same seeded resamples.

    Reference: B. Efron, R. Tibshirani, "An Introduction to the Bootstrap" (1993), chapter 13.
    """
    values: dict[str, list[NDArray[np.float64]]] = {name: [] for name in statistics}
    for weights in _resamples(photos, resamples, seed):
        for name, statistic in statistics.items():
            values[name].append(statistic(weights))
    once = np.ones((1, photos))
    return {
        name: Estimate(
            float(statistic(once)[0]),
            *np.percentile(np.concatenate(values[name]), [2.5, 97.5]).tolist(),
        )
        for name, statistic in statistics.items()
    }


def estimate_shares(
    statistics: Mapping[str, Statistic], photos: int, *, resamples: int = RESAMPLES, seed: int = 0
) -> dict[str, Estimate]:
    """Estimate shares in [0, 1]; one of exactly 0 or 1 gets the exact bound of as many photos.

    Resamples of photos that are all right are all right too, as if there were no doubt left.
    Reference: C. Clopper, E. Pearson, "The use of confidence or fiducial limits illustrated in
    the case of the binomial" (Biometrika 26, 1934).
    """
    found = estimate(statistics, photos, resamples=resamples, seed=seed)
    doubt = 1 - 0.025 ** (1 / photos)
    ends = {0.0: Estimate(0.0, 0.0, doubt), 1.0: Estimate(1.0, 1.0 - doubt, 1.0)}
    return {name: ends.get(each.value, each) for name, each in found.items()}


def mean_of(values: Floats | Bools) -> Statistic:
    """The mean of a value (N,) per photo."""
    column = values.astype(np.float64)
    return lambda weights: weights @ column / weights.sum(axis=1)


def macro_mean_of(values: Floats | Bools, labels: Ints) -> Statistic:
    """The mean over landmarks of the mean over their photos; landmarks without photos left out."""
    order, starts = _sorted_by(labels)
    column = values.astype(np.float64)[order]

    def statistic(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        weights = weights[:, order]
        photos = np.add.reduceat(weights, starts, axis=1)  # (R, landmarks with photos)
        sums = np.add.reduceat(weights * column, starts, axis=1)
        # A resample may have drawn no photo of a landmark: the others speak for it.
        means = np.divide(sums, photos, out=np.zeros_like(sums), where=photos > 0)
        return means.sum(axis=1) / (photos > 0).sum(axis=1)

    return statistic


def calibration_error_of(confidences: Floats, right: Bools, bins: int = BINS) -> Statistic:
    """The expected calibration error; on resamples it is somewhat larger than on the photos."""
    order, starts = _sorted_by(bin_numbers(confidences, bins))
    column = (right - confidences.astype(np.float64))[order]

    def statistic(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        weights = weights[:, order]
        gaps = np.abs(np.add.reduceat(weights * column, starts, axis=1))  # (R, filled bins)
        return gaps.sum(axis=1) / weights.sum(axis=1)

    return statistic


def _sorted_by(groups: Ints) -> tuple[Ints, Ints]:
    """The order that brings groups together, and where each begins in it."""
    order = np.argsort(groups, kind="stable")
    ranked = groups[order]
    return order, np.flatnonzero(np.append(True, ranked[1:] != ranked[:-1]))


def _resamples(photos: int, resamples: int, seed: int) -> Iterator[NDArray[np.float64]]:
    rng = np.random.default_rng(seed)
    rows_at_once = max(1, _CELLS_AT_ONCE // photos)
    for start in range(0, resamples, rows_at_once):
        rows = min(rows_at_once, resamples - start)
        drawn = rng.integers(photos, size=(rows, photos))
        drawn += photos * np.arange(rows)[:, None]  # each row counts in cells of its own
        counts = np.bincount(drawn.ravel(), minlength=rows * photos)
        yield counts.reshape(rows, photos).astype(np.float64)
