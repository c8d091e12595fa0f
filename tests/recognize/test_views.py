"""Photos of one landmark in groups that look alike."""

from __future__ import annotations

import numpy as np
import pytest
from enrolled_landmarks import vectors
from hypothesis import given, settings
from hypothesis import strategies as st

from whereshot.recognize.views import prototypes_of, views_of


def around(direction: int, count: int, spread: float = 0.2) -> np.ndarray:
    """Unit vectors near one axis of eight."""
    drawn = spread * np.random.default_rng(direction).normal(size=(count, 8)) / 8**0.5
    drawn[:, direction] += 1
    return (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)


def test_day_and_night_are_two_views_the_larger_one_first() -> None:
    photos = np.concatenate([around(0, 2), around(1, 5), around(0, 1)])
    assert views_of(photos) == [[2, 3, 4, 5, 6], [0, 1, 7]]
    prototypes = prototypes_of(photos)
    assert prototypes.argmax(axis=1).tolist() == [1, 0]


def test_photos_that_look_alike_are_one_view_with_their_mean() -> None:
    photos = around(3, 6)
    (prototype,) = prototypes_of(photos)
    mean = photos.mean(axis=0)
    np.testing.assert_allclose(prototype, mean / np.linalg.norm(mean), atol=1e-6)
    assert prototype.dtype == np.float32


def test_a_photo_unlike_all_others_is_a_view_of_its_own() -> None:
    assert views_of(np.concatenate([around(0, 4), around(5, 1)])) == [[0, 1, 2, 3], [4]]


def test_one_photo_is_one_view() -> None:
    photo = vectors(1)
    np.testing.assert_allclose(prototypes_of(photo), photo, atol=1e-6)


def plain_views(photos: np.ndarray, same_view: float) -> list[list[int]]:
    """The same by its definition: all pairs of photos are compared anew for each step."""
    groups = [[index] for index in range(len(photos))]
    while len(groups) > 1:
        means = {
            (a, b): float((photos[groups[a]] @ photos[groups[b]].T).mean())
            for a in range(len(groups))
            for b in range(a + 1, len(groups))
        }
        a, b = max(means, key=lambda pair: means[pair])
        if means[a, b] < same_view:
            break
        groups[a] += groups.pop(b)
    return sorted((sorted(group) for group in groups), key=lambda view: (-len(view), view))


@settings(max_examples=60, deadline=None)
@given(
    count=st.integers(1, 9),
    size=st.integers(2, 5),
    seed=st.integers(0, 999),
    same_view=st.floats(-0.5, 0.95),
)
def test_groups_are_those_of_average_linkage(
    count: int, size: int, seed: int, same_view: float
) -> None:
    photos = vectors(count, size, seed).astype(np.float64)
    assert views_of(photos, same_view) == plain_views(photos, same_view)


@pytest.mark.parametrize("count", [3, 40])
def test_each_photo_is_in_one_view(count: int) -> None:
    found = views_of(vectors(count))
    assert sorted(index for view in found for index in view) == list(range(count))
    norms = np.linalg.norm(prototypes_of(vectors(count)), axis=1)
    np.testing.assert_allclose(norms, 1, atol=1e-5)
