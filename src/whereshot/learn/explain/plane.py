"""Embeddings on a plane: photos that the network finds alike lie close together.

N photos, D embedding size.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from whereshot.learn.explain.activation import Floats

_FEWEST_FOR_TSNE = 12
_DIMENSIONS_BEFORE = 50  # noise of the other axes goes, and the neighbours are found faster
_PERPLEXITY = 30.0


@dataclass(frozen=True, slots=True, eq=False)
class Plane:
    """Points (N, 2) float32, centered, and how they were found."""

    points: NDArray[np.float32]
    method: Literal["t-SNE", "PCA"]


def embed_in_plane(embeddings: Floats, *, seed: int = 0) -> Plane:
    """Lay N embeddings (N, D) out on a plane by t-SNE; the same seed gives the same plane.

    t-SNE, because the question is which photos are neighbours: the two largest principal
    components hold a small part of what tells dozens of landmarks apart, and lay most of them on
    top of each other. Its price: the distance between clusters, and their size, mean nothing.
    PCA takes its place where there are too few different photos to have neighbours, or where
    scikit-learn is not installed.

    Reference: L. van der Maaten and G. Hinton, "Visualizing Data using t-SNE" (JMLR 2008).
    """
    if embeddings.ndim != 2 or not len(embeddings):
        raise ValueError(f"expected embeddings (N, D) of one photo or more, got {embeddings.shape}")
    reduced = _principal_components(embeddings, _DIMENSIONS_BEFORE)
    different = len(np.unique(reduced.round(6), axis=0))
    points = _tsne(reduced, seed) if different >= _FEWEST_FOR_TSNE else None
    if points is None:
        return Plane(_two_columns(reduced), "PCA")
    return Plane((points - points.mean(axis=0)).astype(np.float32), "t-SNE")


def _tsne(rows: Floats, seed: int) -> Floats | None:
    """The rows (N, D) on a plane (N, 2); None without scikit-learn."""
    try:
        from sklearn.manifold import TSNE
    except ModuleNotFoundError:
        return None
    # A start from the principal components keeps far landmarks apart, and is repeatable.
    perplexity = min(_PERPLEXITY, (len(rows) - 1) / 3)
    tsne = TSNE(perplexity=perplexity, init="pca", random_state=seed, n_jobs=1)
    return tsne.fit_transform(rows.astype(np.float32))


def _principal_components(rows: Floats, count: int) -> Floats:
    """The coordinates of rows (N, D) along their `count` largest principal components."""
    centered = rows.astype(np.float64) - rows.mean(axis=0, dtype=np.float64)
    left, sizes, right = np.linalg.svd(centered, full_matrices=False)
    # A singular vector's sign is arbitrary: its largest entry is made positive.
    largest = np.abs(right).argmax(axis=1)
    signs = np.where(right[np.arange(len(right)), largest] < 0, -1.0, 1.0)
    return (left * sizes * signs)[:, :count]


def _two_columns(rows: Floats) -> NDArray[np.float32]:
    points = np.zeros((len(rows), 2), np.float32)
    points[:, : rows.shape[1]] = rows[:, :2]
    return points
