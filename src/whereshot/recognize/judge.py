"""What a bundle makes of what its network says: probabilities, and how certain the best one is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from whereshot.recognize.prototypes import Prototypes
from whereshot.recognize.verdict import Rule, calibrated_probabilities, signals_of


@dataclass(frozen=True, slots=True, eq=False)
class Judgement:
    """Of B photos: calibrated `probabilities` (B, K), and the `certainty` (B,) of the best one."""

    probabilities: np.ndarray
    certainty: np.ndarray


class Judge:
    """Judges photos by logits and embeddings, as a bundle's calibration, prototypes and rule say.

    Without a rule, the best probability is taken for the certainty.
    """

    def __init__(
        self, temperature: float, prototypes: Prototypes | None = None, rule: Rule | None = None
    ) -> None:
        self._temperature = temperature
        self._prototypes = prototypes
        self._rule = rule

    @property
    def needs_embeddings(self) -> bool:
        """Whether it takes embeddings beside logits."""
        return self._rule is not None

    def judge(self, logits: np.ndarray, embeddings: np.ndarray | None = None) -> Judgement:
        """Judge photos by logits (B, K) and, where they are needed, embeddings (B, D)."""
        probabilities = calibrated_probabilities(logits, self._temperature)
        if self._rule is None:
            return Judgement(probabilities, probabilities.max(axis=1))
        assert embeddings is not None, "needs_embeddings says so"
        return Judgement(probabilities, self._rule.certainty(self.signals(logits, embeddings)))

    def signals(self, logits: np.ndarray, embeddings: np.ndarray) -> np.ndarray:
        """The signals of the best landmark of each photo, (B, 4), in the order of `SIGNALS`."""
        assert self._prototypes is not None, "a rule stands on prototypes"
        logits = np.asarray(logits, dtype=np.float64)
        return signals_of(
            logits / self._temperature,
            logits - logits.mean(axis=1, keepdims=True),
            self._prototypes.nearness(embeddings, logits.shape[1]),
            self._prototypes.strangeness(embeddings),
        )
