"""Embeddings of landmarks that don't exist, as alike and as different as those of real ones.

Fitted to the embeddings of 431 test photos of the 62 landmarks of `world`: two photos of one
landmark have a median cosine of 0.74 (there) and 0.70 (here), of two landmarks 0.14 and 0.11; the
effective number of dimensions is 57 and 70. Landmarks come in kinds (towers, mosques, waterfalls),
some vary more than others, and 512 numbers are what networks trained on Google Landmarks v2 give.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
_BLOCK = 1_000  # landmarks


@dataclass(frozen=True)
class SimulatedLandmarks:
    """`landmarks` landmarks with `each` embeddings; the same ones whenever they are asked for."""

    landmarks: int
    each: int = 10
    dimension: int = 512
    kinds: int = 1_000

    def blocks(self) -> Iterator[tuple[Array, NDArray[np.int64]]]:
        """The prototypes: vectors (n, D) and owners (n,), 1,000 landmarks at a time."""
        for first in range(0, self.landmarks, _BLOCK):
            centres, share = self._landmarks(first)
            vectors = self._photos(centres, share, self.each, seed=(1, first))
            owners = np.arange(first, first + len(centres)).repeat(self.each)
            yield vectors.reshape(-1, self.dimension), owners

    def photos(self, count: int) -> tuple[Array, NDArray[np.int64]]:
        """Embeddings (count, D) of further photos, of landmarks at random, and whose they are."""
        wanted = np.sort(np.random.default_rng(2).choice(self.landmarks, count, replace=False))
        found: list[Array] = []
        for first in range(0, self.landmarks, _BLOCK):
            within = wanted[(wanted >= first) & (wanted < first + _BLOCK)] - first
            if len(within):
                centres, share = self._landmarks(first)
                found.append(self._photos(centres[within], share[within], 1, seed=(3, first))[:, 0])
        return np.concatenate(found), wanted

    def _landmarks(self, first: int) -> tuple[Array, Array]:
        """Centres (n, D) of a block's landmarks, and the cosine of two photos of each (n, 1, 1)."""
        count = min(_BLOCK, self.landmarks - first)
        of_all = np.random.default_rng(7)
        mean = self._directions(of_all, 1)
        kinds = self._directions(of_all, self.kinds)
        random = np.random.default_rng((0, first))
        kind = kinds[random.integers(0, self.kinds, count)]
        own = 0.63 * kind + 0.77 * self._directions(random, count)
        share = np.clip(random.normal(0.7, 0.13, (count, 1, 1)), 0.35, 0.92)
        return _unit(0.40 * mean + 0.92 * own), share.astype(np.float32)

    def _photos(self, centres: Array, share: Array, each: int, seed: tuple[int, int]) -> Array:
        random = np.random.default_rng(seed)
        noise = self._directions(random, len(centres) * each)
        noise = noise.reshape(len(centres), each, self.dimension)
        return _unit(np.sqrt(share) * centres[:, None] + np.sqrt(1 - share) * noise)

    def _directions(self, random: np.random.Generator, count: int) -> Array:
        # Some dimensions vary far more than others: those of real networks do.
        spread = (1 + np.arange(self.dimension, dtype=np.float32) / 25) ** -1
        return _unit(random.standard_normal((count, self.dimension), dtype=np.float32) * spread)


def _unit(vectors: Array) -> Array:
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)
