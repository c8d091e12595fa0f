"""Embeddings on a plane: neighbours stay neighbours, the same seed gives the same plane."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from whereshot.learn.explain import embed_in_plane


def blobs(count: int = 15, dimension: int = 20) -> tuple[np.ndarray, np.ndarray]:
    """Normalized embeddings of three landmarks, and their labels."""
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(3), count)
    rows = np.eye(3, dimension)[labels] + 0.1 * rng.normal(size=(3 * count, dimension))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32), labels


def nearest(points: np.ndarray) -> np.ndarray:
    distances = np.linalg.norm(points[:, None] - points[None], axis=2)
    np.fill_diagonal(distances, np.inf)
    return distances.argmin(axis=1)


def test_photos_of_a_landmark_lie_together():
    rows, labels = blobs()

    plane = embed_in_plane(rows)

    assert plane.method == "t-SNE"
    assert (plane.points.shape, plane.points.dtype) == ((45, 2), np.float32)
    assert (labels[nearest(plane.points)] == labels).all()
    np.testing.assert_allclose(plane.points.mean(axis=0), 0, atol=1e-3)


def test_the_same_seed_gives_the_same_plane():
    rows, _ = blobs()

    first, again = (embed_in_plane(rows, seed=3).points for _ in range(2))

    assert (first == again).all()


def test_a_few_photos_are_laid_out_by_principal_components():
    rows, _ = blobs(count=2)

    plane = embed_in_plane(rows)

    centered = rows - rows.mean(axis=0)
    variances = np.sort(np.linalg.eigvalsh(centered.T.astype(float) @ centered))[::-1]
    assert plane.method == "PCA"
    np.testing.assert_allclose((plane.points**2).sum(axis=0), variances[:2], rtol=1e-4)


@pytest.mark.parametrize("count", [1, 2, 40])
def test_photos_that_are_all_the_same_are_no_trouble(count):
    plane = embed_in_plane(np.full((count, 3), 0.57735, np.float32))

    np.testing.assert_allclose(plane.points, 0, atol=1e-5)
    assert plane.points.shape == (count, 2)


def test_embeddings_of_one_number_have_a_place_too():
    assert embed_in_plane(np.arange(4.0)[:, None]).points[:, 1].tolist() == [0, 0, 0, 0]


def test_without_scikit_learn_there_is_a_plane_all_the_same(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.manifold", None)
    rows, labels = blobs()

    plane = embed_in_plane(rows)

    assert plane.method == "PCA"
    assert (labels[nearest(plane.points)] == labels).all()


def test_no_photos_are_an_error():
    with pytest.raises(ValueError, match=r"embeddings \(N, D\) of one photo or more, got \(0, 3\)"):
        embed_in_plane(np.zeros((0, 3)))
