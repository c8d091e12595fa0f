"""Reference embeddings: what landmarks look like to the network, and what none looks like."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

NEIGHBOURS = 3
"""Of the photos without a landmark, so many of the nearest say how strange a photo is."""


def _none() -> np.ndarray:
    return np.zeros((0, 0), dtype=np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Witnesses:
    """Photos that training did not see, to judge by what landmarks that come later would change.

    `embeddings` (H, D) float32 are L2-normalized. `best` (H,) is the probability of the best
    landmark of each photo, 0 where the photo shows no landmark, or another one than the best.
    """

    embeddings: np.ndarray = field(default_factory=_none)
    best: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.float32))

    def __len__(self) -> int:
        return len(self.best)


@dataclass(frozen=True, slots=True, eq=False)
class Prototypes:
    """Embeddings, float32 and L2-normalized, of landmarks and of photos without one.

    `vectors` (P, D) are of landmarks, and `owner` int64 (P,) is the index of each one's landmark in
    the landmark set; a landmark may have several. `others` (M, D) are of photos without a landmark,
    empty where none were at hand, as `witnesses` may be.
    """

    vectors: np.ndarray
    owner: np.ndarray
    others: np.ndarray = field(default_factory=_none)
    witnesses: Witnesses = field(default_factory=Witnesses)

    def problem(self, classes: int) -> str | None:
        """What is wrong with them for a landmark set of K classes; None if nothing is."""
        vectors, owner = self.vectors, self.owner
        if vectors.dtype != np.float32 or vectors.ndim != 2:
            return f"prototypes must be float32 (P, D), got {vectors.dtype} {vectors.shape}"
        if owner.dtype != np.int64 or owner.shape != vectors.shape[:1]:
            return f"owner must be int64 ({len(vectors)},), got {owner.dtype} {owner.shape}"
        if len(owner) and not (owner.min() >= 0 and owner.max() < classes):
            return f"owner must be in [0, {classes}), got {owner.min()} to {owner.max()}"
        best = self.witnesses.best
        if best.shape != self.witnesses.embeddings.shape[:1]:
            return f"best must be ({len(self.witnesses.embeddings)},), got {best.shape}"
        for name, rows in (
            ("prototypes", vectors),
            ("others", self.others),
            ("witnesses", self.witnesses.embeddings),
        ):
            if len(rows) and (rows.dtype != np.float32 or rows.shape[1:] != vectors.shape[1:]):
                expected = f"float32 (M, {vectors.shape[1]})"
                return f"{name} must be {expected}, got {rows.dtype} {rows.shape}"
            norms = np.linalg.norm(rows, axis=1)
            if not np.allclose(norms, 1.0, atol=1e-3):
                return f"{name} must be L2-normalized, got norms {norms.min()} to {norms.max()}"
        return None

    def nearness(self, embeddings: np.ndarray, classes: int) -> np.ndarray:
        """The cosine of photos (B, D) to the nearest prototype of each of K landmarks, (B, K).

        A landmark without a prototype has -1.

        >>> eye = np.eye(2, dtype=np.float32)
        >>> Prototypes(eye, np.array([0, 0])).nearness(eye[1:], classes=2).tolist()
        [[1.0, -1.0]]
        """
        best = np.full((classes, len(embeddings)), -1.0)
        np.maximum.at(best, self.owner, (embeddings @ self.vectors.T).T)
        return best.T

    def strangeness(self, embeddings: np.ndarray) -> np.ndarray:
        """The mean cosine of photos (B, D) to the nearest ones without a landmark, (B,).

        -1 where there are none to compare with.
        """
        if not len(self.others):
            return np.full(len(embeddings), -1.0)
        count = min(NEIGHBOURS, len(self.others))
        nearest = np.partition(embeddings @ self.others.T, -count, axis=1)[:, -count:]
        return nearest.mean(axis=1, dtype=np.float64)
