"""What a bundle makes of what its network says: probabilities, and how certain the best one is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from whereshot.recognize.newcomers import Newcomers
from whereshot.recognize.prototypes import Prototypes
from whereshot.recognize.verdict import Rule, calibrated_probabilities, signals_of


@dataclass(frozen=True, slots=True, eq=False)
class Judgement:
    """Of B photos: calibrated `probabilities` (B, K), and the `certainty` (B,) of the best one.

    Those of landmarks that were enrolled follow the network's own.
    """

    probabilities: np.ndarray
    certainty: np.ndarray


class Judge:
    """Judges photos by logits and embeddings, as a bundle's calibration, prototypes and rule say.

    Without a rule, the best probability is taken for the certainty. `newcomers` are landmarks that
    were enrolled.
    """

    def __init__(
        self,
        temperature: float,
        prototypes: Prototypes | None = None,
        rule: Rule | None = None,
        newcomers: Newcomers | None = None,
    ) -> None:
        self._temperature = temperature
        self._prototypes = prototypes
        self._rule = rule
        self._newcomers = newcomers

    @property
    def needs_embeddings(self) -> bool:
        """Whether it takes embeddings beside logits."""
        return self._rule is not None or self._newcomers is not None

    def judge(self, logits: np.ndarray, embeddings: np.ndarray | None = None) -> Judgement:
        """Judge photos by logits (B, K) and, where they are needed, embeddings (B, D)."""
        probabilities = calibrated_probabilities(logits, self._temperature)
        if embeddings is None:
            assert not self.needs_embeddings
            return Judgement(probabilities, probabilities.max(axis=1))
        certainty = probabilities.max(axis=1)
        if self._rule is not None:
            certainty = self._rule.certainty(self.signals(logits, embeddings))
        if self._newcomers is None:
            return Judgement(probabilities, certainty)
        lead = self._newcomers.lead(embeddings)
        everybody = self._newcomers.share(probabilities, lead)
        is_new = everybody.argmax(axis=1) >= probabilities.shape[1]
        of_newcomer = self._newcomers.certainty(lead.max(axis=1))
        return Judgement(everybody, np.where(is_new, of_newcomer, certainty))

    def signals(self, logits: np.ndarray, embeddings: np.ndarray) -> np.ndarray:
        """The signals of the network's best landmark, (B, 4), in the order of `SIGNALS`."""
        assert self._prototypes is not None, "a rule stands on prototypes"
        logits = np.asarray(logits, dtype=np.float64)
        return signals_of(
            logits / self._temperature,
            logits - logits.mean(axis=1, keepdims=True),
            self._prototypes.nearness(embeddings, logits.shape[1]),
            self._prototypes.strangeness(embeddings),
        )
