"""From logits to an answer: calibrated probabilities, a ranking, a verdict, a place."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from whereshot.records import Landmark, Location, Prediction, Verdict


def calibrated_probabilities(logits: np.ndarray, temperature: float) -> np.ndarray:
    """Softmax of logits (..., K) / temperature, float64; each row sums to 1.

    Reference: C. Guo et al., "On Calibration of Modern Neural Networks", ICML 2017.

    >>> calibrated_probabilities(np.array([0.0, 0.0]), 1.0).tolist()
    [0.5, 0.5]
    """
    scaled = np.asarray(logits, dtype=np.float64) / temperature
    # Shifting by the largest keeps exp() in range and changes no quotient.
    powers = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def rank(
    probabilities: np.ndarray, landmarks: Sequence[Landmark], k: int
) -> tuple[Prediction, ...]:
    """The k most probable landmarks, best first; equals stay in the order of the landmark set.

    `probabilities` is (K,), `k` is clipped to K.
    """
    order = np.argsort(-probabilities, kind="stable")[:k]
    return tuple(Prediction(landmarks[i], float(probabilities[i])) for i in order.tolist())


def decide(best_probability: float, min_probability: float) -> Verdict:
    """`landmark` if the best landmark is probable enough to be named, else `unknown`.

    >>> decide(0.7, 0.7), decide(0.69, 0.7)
    ('landmark', 'unknown')
    """
    return "landmark" if best_probability >= min_probability else "unknown"


def locate(verdict: Verdict, best: Landmark, own: Location | None) -> Location | None:
    """Where a photo was shot: its own GPS position, else the landmark's place, else None."""
    if own is not None:
        return own
    return best.location if verdict == "landmark" else None
