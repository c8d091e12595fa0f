"""Making probabilities honest after training."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]
Ints = NDArray[np.integer]


def log_softmax(logits: Floats) -> Floats:
    """Log-probabilities of logits (N, K), row by row."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


def negative_log_likelihood(logits: Floats, labels: Ints, temperature: float = 1.0) -> float:
    """Mean -log p of the true class, for logits (N, K) divided by a temperature."""
    return float(-log_softmax(logits / temperature)[np.arange(len(labels)), labels].mean())


def fit_temperature(logits: Floats, labels: Ints) -> float:
    """The temperature that makes held-out labels (N,) most likely under logits (N, K).

    Golden-section search on its logarithm in [1/20, 20]; the likelihood has one optimum there, or
    none: where all answers are right, where there is one class, where all logits are equal. Then
    the photos don't say how sure to be, and the temperature is 1.
    Reference: C. Guo et al., "On Calibration of Modern Neural Networks" (ICML 2017).
    """
    if len(labels) == 0:
        raise ValueError("a temperature needs held-out photos, got none")
    logits = logits.astype(np.float64)

    def loss(log_temperature: float) -> float:
        return negative_log_likelihood(logits, labels, math.exp(log_temperature))

    lowest, highest = math.log(1 / 20), math.log(20)
    low, high = lowest, highest
    ratio = (math.sqrt(5) - 1) / 2
    for _ in range(60):
        a, b = high - ratio * (high - low), low + ratio * (high - low)
        if loss(a) <= loss(b):  # where it is flat, downhill leads to the bound
            high = b
        else:
            low = a
    best = (low + high) / 2
    at_a_bound = min(best - lowest, highest - best) < 1e-6
    return 1.0 if at_a_bound else math.exp(best)
