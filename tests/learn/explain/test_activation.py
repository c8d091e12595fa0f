"""Class activation, against sums done by hand and against heads of other kinds."""

from __future__ import annotations

import numpy as np
import pytest

from whereshot.learn.explain import class_activation, head_activation


@pytest.fixture
def features() -> np.ndarray:
    return np.random.default_rng(0).random((6, 5, 7)).astype(np.float32)


@pytest.fixture
def weights() -> np.ndarray:
    return np.random.default_rng(1).normal(size=(3, 6)).astype(np.float32)


def test_each_cell_is_its_term_of_the_logit(features, weights):
    activation = class_activation(features, weights[1])

    terms = np.zeros((5, 7))
    for channel in range(6):
        terms += weights[1, channel] * features[channel]
    assert activation.dtype == np.float32
    np.testing.assert_allclose(activation, np.maximum(terms, 0) / terms.max(), rtol=1e-5)


def test_what_speaks_against_a_class_is_zero_everywhere_if_nothing_speaks_for_it(features):
    activation = class_activation(features, -np.ones(6, np.float32))

    assert activation.shape == (5, 7)
    assert not activation.any()


@pytest.mark.parametrize("shape", [(1, 6, 5, 7), (6, 35), (4, 5, 7)])
def test_features_that_do_not_fit_the_weights_are_an_error(weights, shape):
    with pytest.raises(ValueError, match=r"features \(C, h, w\) of one photo and weights \(C,\)"):
        class_activation(np.ones(shape), weights[0])


def test_silencing_cells_of_a_linear_head_is_its_class_activation(features, weights):
    def head(maps: np.ndarray) -> np.ndarray:
        return maps.mean((2, 3)) @ weights.T + 3

    for number in range(3):
        np.testing.assert_allclose(
            head_activation(head, features, number),
            class_activation(features, weights[number]),
            atol=1e-4,
        )


def test_a_head_of_cosines_is_asked_the_same(features):
    """Class 0 looks for channel 0, and that is loud in one cell only."""
    features[0] = 0
    features[0, 3, 2] = 20

    def head(maps: np.ndarray) -> np.ndarray:
        pooled = maps.mean((2, 3))
        return pooled[:, :1] / np.linalg.norm(pooled, axis=1, keepdims=True)

    activation = head_activation(head, features, 0)

    assert activation[3, 2] == 1
    assert np.delete(activation.ravel(), 3 * 7 + 2).max() < 0.05


def test_a_head_is_asked_for_one_photo_s_features(features):
    with pytest.raises(ValueError, match=r"features \(C, h, w\) of one photo, got \(1, 6, 5, 7\)"):
        head_activation(lambda maps: maps.mean((2, 3)), features[None], 0)
