"""Landmarks that were enrolled, beside those that the network was trained for.

The network has no output for a newcomer, and a cosine to its prototypes can't be compared with
logits. So a linear classifier is fitted, on the spot and in closed form, that tells the newcomers'
photos, the prototypes of all other landmarks and those of photos without one apart: ridge
regression, which suits a handful of examples a class (L. Bertinetto et al., "Meta-learning with
Differentiable Closed-form Solvers", ICLR 2019), on the square roots of embeddings, which keep a few
strong channels from deciding alone (R. Arandjelovic, A. Zisserman, "Three Things Everyone Should
Know to Improve Object Retrieval", CVPR 2012). A newcomer wins where its score is far enough above
the best of the others. How far is decided on photos that training did not see (`Witnesses`): so
that hardly any of them is taken from its landmark.

B photos, D embedding size, K trained landmarks, M newcomers.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from whereshot.recognize.prototypes import Prototypes, Witnesses
from whereshot.recognize.verdict import Strictness, calibrated_probabilities

RIDGE = 0.1
PER_LANDMARK = 4.0
OTHERS_IMPORTANCE = 5.0
AGAINST = 0.75
STEEPNESS = 12.0
"""The regularization, how much a landmark counts and how many landmarks the photos without one
count for, the weight of the best trained landmark's score against a newcomer's, and how fast a
newcomer's share of the probability grows with its lead: chosen on training photos of ten landmarks
that a network had not been trained for, see docs/log.md.
"""
STOLEN_SHARE = 0.005
"""Of the witnesses that the network is right about, so many may go to newcomers."""
DEFAULT_MARGIN = 0.3  # at least, where there are no witnesses: wrong is worse than unknown


class Newcomers:
    """Scores M newcomers; `examples` are the embeddings (N, D) of each one's photos.

    `prototypes` are those of the `trained` landmarks of the network, `strictness` has the
    certainties that verdicts take of those.
    """

    def __init__(
        self,
        examples: Sequence[np.ndarray],
        prototypes: Prototypes,
        trained: int,
        strictness: Strictness,
    ) -> None:
        self._count, self._trained = len(examples), trained
        self._mean, self._offset, self._weights = self._fit(examples, prototypes)
        witnesses = prototypes.witnesses
        self._levels: tuple[np.ndarray, np.ndarray] | None = None
        if (witnesses.best > 0).any():
            self._margin = self._fair_margin(witnesses)
            self._levels = self._false_levels(witnesses, strictness)
        else:
            self._margin = self._halfway_margin(examples, prototypes)

    def lead(self, embeddings: np.ndarray) -> np.ndarray:
        """How far each newcomer is ahead of the trained landmarks, (B, M)."""
        scores = (_root(embeddings) - self._mean) @ self._weights + self._offset  # (B, K + M)
        rivals = scores[:, : self._trained].max(axis=1, keepdims=True)
        return scores[:, self._trained :] - AGAINST * rivals

    def share(self, probabilities: np.ndarray, lead: np.ndarray) -> np.ndarray:
        """The probabilities (B, K + M) of all landmarks, of those (B, K) of the trained ones.

        Newcomers together get what their best lead (B, M) says, and share it by their leads.
        """
        together = _sigmoid(STEEPNESS * (lead.max(axis=1, keepdims=True) - self._margin))
        return np.concatenate([(1 - together) * probabilities, together * _among(lead)], axis=1)

    def certainty(self, lead: np.ndarray) -> np.ndarray:
        """The certainty (B,) of the best newcomer, by its lead (B,).

        On the scale of the trained landmarks: of the witnesses without a landmark, half as many
        reach it here as there. Where there are no witnesses, it is the newcomers' share of the
        probability.
        """
        if self._levels is None:
            return _sigmoid(STEEPNESS * (lead - self._margin))
        leads, odds = self._levels
        slope = (odds[-1] - odds[0]) / (leads[-1] - leads[0])
        beyond = np.maximum(lead - leads[-1], 0) - np.maximum(leads[0] - lead, 0)
        return _sigmoid(np.interp(lead, leads, odds) + slope * beyond)

    def _fit(
        self, examples: Sequence[np.ndarray], prototypes: Prototypes
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Mean (D,), offset (K + M,) and weights (D, K + M) of the linear classifier."""
        newcomers = [np.full(len(each), self._trained + at) for at, each in enumerate(examples)]
        owner = np.concatenate([prototypes.owner, *newcomers])
        others = prototypes.others if len(prototypes.others) else prototypes.vectors[:0]
        table = _root(np.concatenate([prototypes.vectors, *examples, others]))
        targets = np.zeros((len(table), self._trained + self._count))
        targets[np.arange(len(owner)), owner] = 1  # photos without a landmark come last: all 0
        # Each landmark counts the same, however many examples it has.
        importance = np.full(len(table), OTHERS_IMPORTANCE / max(1, len(others)))
        importance[: len(owner)] = 1 / np.bincount(owner)[owner]
        importance *= PER_LANDMARK
        mean = np.average(table, axis=0, weights=importance)
        offset = np.average(targets, axis=0, weights=importance)
        root = np.sqrt(importance)[:, None]
        table, targets = root * (table - mean), root * (targets - offset)
        if len(table) <= table.shape[1]:  # of the two forms of the solution, the smaller one
            gram = table @ table.T + RIDGE * np.eye(len(table))
            weights = table.T @ np.linalg.solve(gram, targets)
        else:
            moments = table.T @ table + RIDGE * np.eye(table.shape[1])
            weights = np.linalg.solve(moments, table.T @ targets)
        return mean, offset, weights

    def _fair_margin(self, witnesses: Witnesses) -> float:
        """The least margin at which newcomers win hardly any photo that is somebody else's."""
        known = witnesses.best > 0
        lead = self.lead(witnesses.embeddings[known])
        among = _among(lead).max(axis=1)
        # A newcomer wins where together * among > (1 - together) * best: solved for the margin.
        wins_below = lead.max(axis=1) + np.log(among / witnesses.best[known]) / STEEPNESS
        allowed = int(STOLEN_SHARE * len(wins_below))
        return float(np.sort(wins_below)[-1 - allowed])

    def _halfway_margin(self, examples: Sequence[np.ndarray], prototypes: Prototypes) -> float:
        """Halfway between the prototypes of others and the newcomers' own photos."""
        theirs = self.lead(prototypes.vectors).max(initial=-1.0)
        own = min(self.lead(each)[:, at].min() for at, each in enumerate(examples))
        return max(DEFAULT_MARGIN, float(theirs + own) / 2)

    def _false_levels(
        self, witnesses: Witnesses, strictness: Strictness
    ) -> tuple[np.ndarray, np.ndarray] | None:
        """Leads, and the log-odds of the certainties that they are worth, both rising."""
        strangers = self.lead(witnesses.embeddings[witnesses.best == 0]).max(axis=1, initial=-1.0)
        pairs = [
            # Half of the share: the landmarks of the network have used it up already.
            (float(np.quantile(strangers, 1 - share / 2)), np.log(certainty) - np.log1p(-certainty))
            for share, certainty in strictness.false_shares
            if share * len(strangers) >= 1 and 0 < certainty < 1
        ]
        leads, odds = (
            (np.array(values) for values in zip(*pairs, strict=True)) if pairs else ((), ())
        )
        rising = len(leads) > 1 and leads[-1] > leads[0]
        return (np.maximum.accumulate(leads), np.asarray(odds)) if rising else None


def _among(lead: np.ndarray) -> np.ndarray:
    """How newcomers share what they get together, (B, M), by their leads (B, M)."""
    return calibrated_probabilities(lead, 1 / STEEPNESS)


def _root(embeddings: np.ndarray) -> np.ndarray:
    """Square roots of embeddings (N, D), signs kept, of length 1."""
    roots = np.sign(embeddings) * np.sqrt(np.abs(embeddings.astype(np.float64)))
    return roots / np.maximum(np.linalg.norm(roots, axis=1, keepdims=True), 1e-12)


def _sigmoid(values: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-values))
