"""From logits to an answer: calibrated probabilities, a ranking, a verdict, a place.

A softmax must name something. Whether what it names is there at all shows better in several signals
at once (`SIGNALS`), which a `Rule` weighs into one certainty: the chance that the best landmark is
shown, on photos of which some show none. The verdict is a threshold on that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from whereshot.records import Landmark, Location, Prediction, Verdict

Signal = Literal["log_odds", "height", "nearness", "strangeness"]
SIGNALS: tuple[Signal, ...] = get_args(Signal)
"""Of the best landmark: log p - log(1 - p) of its calibrated probability p; its logit above the
mean of all; the cosine to its nearest prototype; the mean cosine to the nearest photos without a
landmark.
"""

_MAX_LOG_ODDS = 30.0  # beyond it float64 knows no difference from certainty


@dataclass(frozen=True, slots=True)
class Rule:
    """How the signals make a certainty: sigmoid(bias + weights . signals).

    Reference: D. R. Cox, "The Regression Analysis of Binary Sequences" (J. R. Stat. Soc. B, 1958).
    """

    bias: float
    weights: Mapping[Signal, float]

    def certainty(self, signals: np.ndarray) -> np.ndarray:
        """The certainty in [0, 1] of signals (B, 4), in the order of `SIGNALS`; (B,)."""
        score = self.bias + signals @ np.array([self.weights[name] for name in SIGNALS])
        return 1 / (1 + np.exp(-score))


@dataclass(frozen=True, slots=True)
class Strictness:
    """The certainty that a verdict `landmark` takes, and the prices of other ones.

    `false_shares` are pairs (share of the photos without a landmark that get one, certainty that
    it takes), measured on photos that training did not see, the largest share first.
    """

    min_certainty: float
    false_shares: tuple[tuple[float, float], ...] = ()

    def at_most(self, share: float) -> float:
        """The certainty at which at most this share of photos without a landmark gets one.

        Between two known shares the stricter one counts. Raises ValueError where no known
        threshold is that strict, or where none is known.
        """
        for known, certainty in self.false_shares:
            if known <= share:
                return certainty
        strictest = f"{100 * self.false_shares[-1][0]:g} %" if self.false_shares else "nothing"
        raise ValueError(
            f"at most {100 * share:g} % of false names can't be promised: the bundle knows its "
            f"thresholds down to {strictest}. Give a share of that or more, or a threshold"
        )


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


def signals_of(
    scaled: np.ndarray, height: np.ndarray, near: np.ndarray, strange: np.ndarray
) -> np.ndarray:
    """The signals of the best landmark of each photo, float64 (B, 4), in the order of `SIGNALS`.

    `scaled` (B, K) are logits divided by the temperature, `height` (B, K) those above the mean of
    all, before it; `near` (B, K) are cosines to prototypes, and `strange` (B,) to photos of none.
    """
    rows, best = np.arange(len(scaled)), scaled.argmax(axis=1)
    rest = scaled.copy()
    rest[rows, best] = -np.inf
    # From the other landmarks: 1 - p itself rounds to 0 where it matters.
    highest = rest.max(axis=1)
    if not np.isfinite(highest).all():  # one landmark is all there is
        log_odds = np.full(len(scaled), _MAX_LOG_ODDS)
    else:
        others = highest + np.log(np.exp(rest - highest[:, None]).sum(axis=1))
        log_odds = np.minimum(scaled[rows, best] - others, _MAX_LOG_ODDS)
    return np.stack([log_odds, height[rows, best], near[rows, best], strange], axis=1)


def rank(
    probabilities: np.ndarray, landmarks: Sequence[Landmark], k: int
) -> tuple[Prediction, ...]:
    """The k most probable landmarks, best first; equals stay in the order of the landmark set.

    `probabilities` is (K,), `k` is clipped to K.
    """
    order = np.argsort(-probabilities, kind="stable")[:k]
    return tuple(Prediction(landmarks[i], float(probabilities[i])) for i in order.tolist())


def decide(certainty: float, min_certainty: float) -> Verdict:
    """`landmark` if it is certain enough that the best landmark is shown, else `unknown`.

    >>> decide(0.7, 0.7), decide(0.69, 0.7)
    ('landmark', 'unknown')
    """
    return "landmark" if certainty >= min_certainty else "unknown"


def locate(verdict: Verdict, best: Landmark, own: Location | None) -> Location | None:
    """Where a photo was shot: its own GPS position, else the landmark's place, else None."""
    if own is not None:
        return own
    return best.location if verdict == "landmark" else None
