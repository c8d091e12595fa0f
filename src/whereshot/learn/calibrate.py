"""Making probabilities honest after training."""

from __future__ import annotations

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

    Golden-section search on its logarithm in [1/20, 20]; the likelihood has one optimum there.
    Reference: C. Guo et al., "On Calibration of Modern Neural Networks" (ICML 2017).
    """
    if len(labels) == 0:
        raise ValueError("a temperature needs held-out photos, got none")
    logits = logits.astype(np.float64)
    low, high = np.log(1 / 20), np.log(20.0)
    ratio = (np.sqrt(5) - 1) / 2
    for _ in range(60):
        a, b = high - ratio * (high - low), low + ratio * (high - low)
        if negative_log_likelihood(logits, labels, float(np.exp(a))) < negative_log_likelihood(
            logits, labels, float(np.exp(b))
        ):
            high = b
        else:
            low = a
    return float(np.exp((low + high) / 2))
