"""Nearest landmarks by embedding: what every index answers, and the index that compares with all.

Embeddings are float32 (B, D), L2-normalized, as the output `embedding` of a bundle's network; a
similarity is their inner product, a cosine in [-1, 1]. An owner is the number of a landmark in its
landmark set, as in a bundle's prototypes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from whereshot.errors import PrototypeIndexError

Similarities = NDArray[np.float32]
Numbers = NDArray[np.int64]

_QUERIES_AT_ONCE = 64  # (64, P) similarities of the exact index are 5 MB at 20,000 prototypes


@runtime_checkable
class PrototypeIndex(Protocol):
    """Prototypes and whose they are, ready to be asked which are nearest.

    Where fewer than `k` exist, the rest of a row has the number -1 and the similarity -inf.
    """

    @property
    def dimension(self) -> int:
        """D, the size of an embedding."""
        ...

    def __len__(self) -> int:
        """P, the number of prototypes."""
        ...

    def query(self, embeddings: NDArray[Any], k: int = 5) -> tuple[Similarities, Numbers]:
        """The k nearest landmarks of each embedding: similarities (B, k) and owners (B, k).

        Best first. A landmark is as near as the nearest of its prototypes, and appears once.
        Raises `PrototypeIndexError` for embeddings that are not finite numbers (B, D).
        """
        ...

    def nearest(self, embeddings: NDArray[Any], k: int = 5) -> tuple[Similarities, Numbers]:
        """The k nearest prototypes of each embedding: similarities (B, k) and rows (B, k).

        Best first. A row is the place of a prototype in the order in which they were given.
        """
        ...


class ExactIndex:
    """Compares each embedding with every prototype: the right answer, in numpy, for small sets.

    `vectors` (P, D) are L2-normalized, `owners` (P,) are 0 or more. Raises `PrototypeIndexError`
    where they are not.
    """

    def __init__(self, vectors: NDArray[Any], owners: NDArray[Any]) -> None:
        self._vectors = checked_vectors(vectors)
        self._owners = checked_owners(owners, len(vectors))

    @property
    def dimension(self) -> int:
        """D, the size of an embedding."""
        return self._vectors.shape[1]

    def __len__(self) -> int:
        """P, the number of prototypes."""
        return len(self._vectors)

    def query(self, embeddings: NDArray[Any], k: int = 5) -> tuple[Similarities, Numbers]:
        """The k nearest landmarks; see `PrototypeIndex.query`."""
        asked = checked_embeddings(embeddings, self.dimension, k)
        similarities, owners = no_answers(len(asked), k)
        for part in parts(len(asked), _QUERIES_AT_ONCE):
            for row, scores in enumerate(asked[part] @ self._vectors.T, part.start):
                found = best_per_owner(scores, self._owners, k)
                similarities[row, : len(found[0])], owners[row, : len(found[1])] = found
        return similarities, owners

    def nearest(self, embeddings: NDArray[Any], k: int = 5) -> tuple[Similarities, Numbers]:
        """The k nearest prototypes; see `PrototypeIndex.nearest`."""
        asked = checked_embeddings(embeddings, self.dimension, k)
        similarities, rows = no_answers(len(asked), k)
        for part in parts(len(asked), _QUERIES_AT_ONCE):
            scores = asked[part] @ self._vectors.T  # (b, P)
            order = np.argsort(-scores, axis=1, kind="stable")[:, :k]
            similarities[part, : order.shape[1]] = np.take_along_axis(scores, order, axis=1)
            rows[part, : order.shape[1]] = order
        return similarities, rows


def best_per_owner(
    scores: NDArray[np.float32], owners: Numbers, k: int
) -> tuple[Similarities, Numbers]:
    """The k best owners of scores (N,), best first, each with the best of its scores.

    >>> best_per_owner(np.array([0.2, 0.9, 0.8, 0.5], np.float32), np.array([7, 3, 3, 7]), 5)
    (array([0.9, 0.5], dtype=float32), array([3, 7]))
    """
    order = np.argsort(-scores, kind="stable")
    # The first time that an owner appears in the ranking is its best prototype.
    first = np.sort(np.unique(owners[order], return_index=True)[1])[:k]
    return scores[order[first]], owners[order[first]]


def no_answers(count: int, k: int) -> tuple[Similarities, Numbers]:
    """Answers (count, k) to be filled in: nothing was found yet."""
    return np.full((count, k), -np.inf, np.float32), np.full((count, k), -1, np.int64)


def parts(count: int, size: int) -> Iterator[slice]:
    """The range of `count` in slices of `size`; the last one may be shorter."""
    return (slice(start, min(start + size, count)) for start in range(0, count, size))


def checked_vectors(vectors: NDArray[Any]) -> NDArray[np.float32]:
    """Prototypes (P, D) as float32; PrototypeIndexError if they aren't L2-normalized numbers."""
    if vectors.ndim != 2 or vectors.shape[1] == 0 or vectors.dtype.kind != "f":
        raise PrototypeIndexError(
            f"vectors must be floating-point (P, D), got {vectors.dtype} {vectors.shape}. "
            "Give one row for each prototype"
        )
    vectors = np.ascontiguousarray(vectors, np.float32)
    norms = np.linalg.norm(vectors, axis=1)  # (P,)
    # A NaN or an infinity anywhere makes its row's norm one too, and fails the comparison.
    wrong = np.flatnonzero(~(np.abs(norms - 1) <= 1e-2))
    if len(wrong):
        raise PrototypeIndexError(
            f"vectors must be L2-normalized, row {wrong[0]} has the norm {norms[wrong[0]]:g}. "
            "Divide each row by its norm, and leave out rows that are not finite"
        )
    return vectors


def checked_owners(owners: NDArray[Any], count: int) -> Numbers:
    """Owners (P,) as int64; PrototypeIndexError if they are not whole numbers of 0 or more."""
    if owners.shape != (count,) or owners.dtype.kind not in "iu":
        raise PrototypeIndexError(
            f"owners must be whole numbers ({count},), got {owners.dtype} {owners.shape}. "
            "Give one landmark's number for each row of the vectors"
        )
    owners = owners.astype(np.int64)
    if count and owners.min() < 0:
        raise PrototypeIndexError(
            f"owners must be 0 or more, got {owners.min()}. "
            "An owner is the place of a landmark in its landmark set"
        )
    return owners


def checked_embeddings(embeddings: NDArray[Any], dimension: int, k: int) -> NDArray[np.float32]:
    """Embeddings (B, D) as contiguous float32; PrototypeIndexError if they can't be asked."""
    if k < 1:
        raise PrototypeIndexError(f"k must be 1 or more, got {k}. Ask for one answer at least")
    if embeddings.ndim != 2 or embeddings.shape[1] != dimension or embeddings.dtype.kind != "f":
        raise PrototypeIndexError(
            f"embeddings must be floating-point (B, {dimension}), "
            f"got {embeddings.dtype} {embeddings.shape}. "
            "Ask with embeddings of the network that the prototypes come from"
        )
    asked = np.ascontiguousarray(embeddings, np.float32)
    if not np.isfinite(asked).all():
        raise PrototypeIndexError(
            "embeddings must be finite, got NaN or infinity. "
            "Leave out photos that the network has no answer for"
        )
    return asked
