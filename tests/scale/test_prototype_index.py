"""Indexes of prototypes: exact and approximate give the same answers to the same questions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from whereshot.errors import PrototypeIndexError
from whereshot.scale import ApproximateIndex, ExactIndex, PrototypeIndex, build_index

Make = Callable[[NDArray[np.float32], NDArray[np.int64]], PrototypeIndex]


def unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def landmarks(count: int, each: int, dimension: int = 32) -> NDArray[np.float32]:
    """Vectors (count * each, D) of landmarks that are far from each other."""
    random = np.random.default_rng(0)
    centres = unit(random.standard_normal((count, 1, dimension), dtype=np.float32))
    photos = random.standard_normal((count, each, dimension), dtype=np.float32)
    return unit(centres + 0.05 * photos).reshape(-1, dimension)


@pytest.fixture(params=["exact", "approximate"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Make:
    """Makes an index of each kind."""

    def make(vectors: NDArray[np.float32], owners: NDArray[np.int64]) -> PrototypeIndex:
        if request.param == "exact":
            return ExactIndex(vectors, owners)
        found = build_index(tmp_path / "index", [(vectors, owners)], exact_up_to=0)
        assert isinstance(found, ApproximateIndex)
        return found

    return make


def test_an_index_knows_its_size_and_its_dimension(make: Make) -> None:
    index = make(landmarks(40, 5), np.arange(200) // 5)
    assert isinstance(index, PrototypeIndex)
    assert (len(index), index.dimension) == (200, 32)


def test_a_landmark_is_found_by_any_of_its_vectors(make: Make) -> None:
    vectors, owners = landmarks(40, 5), np.arange(200) // 5
    similarities, found = make(vectors, owners).query(vectors, 3)
    assert similarities.shape == found.shape == (200, 3)
    assert (similarities.dtype, found.dtype) == (np.float32, np.int64)
    assert np.array_equal(found[:, 0], owners)
    assert np.allclose(similarities[:, 0], 1, atol=1e-3)


def test_each_landmark_appears_once_and_the_best_comes_first(make: Make) -> None:
    vectors = landmarks(40, 5)
    similarities, found = make(vectors, np.arange(200) // 5).query(vectors[::7], 10)
    assert all(len(set(row)) == 10 for row in found.tolist())
    assert (np.diff(similarities, axis=1) <= 0).all()


def test_a_landmark_is_as_near_as_its_nearest_vector(make: Make) -> None:
    vectors, owners = landmarks(30, 4), np.arange(120) // 4
    asked = vectors[:6]
    similarities, found = make(vectors, owners).query(asked, 2)
    scores = (asked @ vectors.T).reshape(6, 30, 4).max(axis=2)  # (B, landmarks)
    assert np.array_equal(found[:, 0], scores.argmax(axis=1))
    assert np.allclose(similarities, np.take_along_axis(scores, found, axis=1), atol=1e-3)


def test_the_nearest_vector_of_a_vector_is_itself(make: Make) -> None:
    vectors = landmarks(40, 5)
    similarities, rows = make(vectors, np.arange(200) // 5).nearest(vectors, 5)
    assert np.array_equal(rows[:, 0], np.arange(200))
    assert np.array_equal(rows // 5, np.repeat(np.arange(200)[:, None] // 5, 5, axis=1))
    assert (np.diff(similarities, axis=1) <= 0).all()


def test_a_landmark_with_very_many_vectors_does_not_hide_the_next_one(make: Make) -> None:
    crowd = landmarks(1, 900)
    others = landmarks(41, 1)[1:]
    owners = np.concatenate([np.zeros(900, np.int64), np.arange(1, 41)])
    _, found = make(np.concatenate([crowd, others]), owners).query(crowd[:3], 2)
    assert (found[:, 0] == 0).all()
    assert (found[:, 1] > 0).all()


def test_more_answers_than_landmarks_leave_the_rest_empty(make: Make) -> None:
    vectors, owners = landmarks(2, 10), np.array([5, 9]).repeat(10)
    similarities, found = make(vectors, owners).query(vectors, 4)
    assert np.array_equal(found[:, 0], owners)
    assert (found[:, :2].sum(axis=1) == 14).all()
    assert (found[:, 2:] == -1).all()
    assert np.isneginf(similarities[:, 2:]).all()


def test_no_embeddings_have_no_answers(make: Make) -> None:
    index = make(landmarks(20, 5), np.arange(100) // 5)
    assert index.query(np.empty((0, 32), np.float32), 5)[1].shape == (0, 5)


@pytest.mark.parametrize(
    ("asked", "k", "message"),
    [
        (np.zeros((2, 31), np.float32), 5, r"\(B, 32\), got float32 \(2, 31\)"),
        (np.zeros(32, np.float32), 5, r"\(B, 32\), got float32 \(32,\)"),
        (np.zeros((2, 32), np.int64), 5, "floating-point"),
        (np.full((2, 32), np.nan, np.float32), 5, "NaN"),
        (np.zeros((2, 32), np.float32), 0, "k must be 1 or more, got 0"),
    ],
)
def test_what_can_not_be_asked_is_refused(
    make: Make, asked: NDArray[np.float32], k: int, message: str
) -> None:
    index = make(landmarks(20, 5), np.arange(100) // 5)
    for ask in (index.query, index.nearest):
        with pytest.raises(PrototypeIndexError, match=message):
            ask(asked, k)


@pytest.mark.parametrize(
    ("vectors", "owners", "message"),
    [
        (landmarks(5, 1) * 2, np.arange(5), "row 0 has the norm 2"),
        (np.full((5, 8), np.nan, np.float32), np.arange(5), "L2-normalized"),
        (landmarks(5, 1)[0], np.arange(5), r"\(P, D\)"),
        (landmarks(5, 1), np.arange(4), r"owners must be whole numbers \(5,\)"),
        (landmarks(5, 1), np.arange(5.0), "whole numbers"),
        (landmarks(5, 1), np.arange(5) - 1, "0 or more, got -1"),
    ],
)
def test_what_can_not_be_a_prototype_is_refused(
    make: Make, vectors: NDArray[np.float32], owners: NDArray[np.int64], message: str
) -> None:
    with pytest.raises(PrototypeIndexError, match=message):
        make(vectors, owners)
