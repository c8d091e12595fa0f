"""Sets of landmarks that hold the true one as often as they promise.

Split conformal prediction: the set of a photo has all landmarks that are at least as probable as a
threshold, a quantile of the probabilities that held-out photos give to their true landmark. If the
photo shows one of the landmarks, and is like the held-out photos, its set holds that landmark with
at least the promised probability, whatever the network is worth. About photos without a landmark
nothing is said, nor about photos unlike the held-out ones.

References: V. Vovk et al., "Algorithmic Learning in a Random World" (2005); M. Sadinle et al.,
"Least Ambiguous Set-Valued Classifiers with Bounded Error Levels" (JASA 2019), whose sets these
are: the smallest on average.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np


def least_probability(coverage: float, held_out: Sequence[float]) -> float:
    """The probability from which on a landmark is in the set, for a coverage in (0, 1).

    `held_out` are the probabilities that N held-out photos give to their true landmark. 0, which
    takes all landmarks, where so few photos can't promise so much. Raises ValueError for a coverage
    outside (0, 1).

    >>> least_probability(0.75, [0.9, 0.8, 0.1]), least_probability(0.9, [0.9, 0.8, 0.1])
    (0.1, 0.0)
    """
    if not 0 < coverage < 1:
        raise ValueError(f"coverage must be in (0, 1), got {coverage}")
    # The new photo counts as one of N + 1. A coverage such as 0.95 is no binary fraction: without
    # the allowance, 19 of 20 would round up to 20.
    rank = math.ceil((len(held_out) + 1) * coverage - 1e-9)
    if rank > len(held_out):
        return 0.0
    return float(np.sort(np.asarray(held_out))[len(held_out) - rank])


def set_size(probabilities: np.ndarray, least: float) -> int:
    """How many of the landmarks with these probabilities (K,) make the set; 1 at least.

    An empty set would say that no landmark is plausible, which is the verdict's to say.

    >>> set_size(np.array([0.7, 0.2, 0.1]), 0.2), set_size(np.array([0.7, 0.2, 0.1]), 0.8)
    (2, 1)
    """
    return max(1, int((probabilities >= least).sum()))
