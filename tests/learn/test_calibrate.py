"""Temperature scaling, against scikit-learn, SciPy and data that is made to measure."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax as scipy_log_softmax
from sklearn.metrics import log_loss

from whereshot.learn.calibrate import fit_temperature, log_softmax, negative_log_likelihood
from whereshot.learn.metrics import expected_calibration_error


def drawn(temperature: float, photos: int = 4000, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Logits, and labels drawn from the probabilities that they have at a temperature."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(scale=3, size=(photos, 6))
    probabilities = np.exp(log_softmax(logits / temperature))
    labels = (probabilities.cumsum(axis=1) > rng.uniform(size=(photos, 1))).argmax(axis=1)
    return logits, labels


def test_log_softmax_is_scipys_also_for_huge_logits():
    logits = np.array([[1.0, 2.0, 3.0], [1000.0, 0.0, -1000.0], [0.0, 0.0, 0.0]])

    np.testing.assert_allclose(log_softmax(logits), scipy_log_softmax(logits, axis=1))


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_the_likelihood_is_scikit_learns_log_loss(temperature):
    logits, labels = drawn(1.0, photos=200)

    mine = negative_log_likelihood(logits, labels, temperature)

    probabilities = np.exp(scipy_log_softmax(logits / temperature, axis=1))
    assert mine == pytest.approx(log_loss(labels, probabilities, labels=range(6)))


@pytest.mark.parametrize("truth", [0.3, 1.0, 2.5])
def test_the_temperature_that_made_the_labels_is_found(truth):
    assert fit_temperature(*drawn(truth)) == pytest.approx(truth, rel=0.05)


def test_no_temperature_is_more_likely_than_the_one_found():
    logits, labels = drawn(1.7, photos=300)

    best = minimize_scalar(
        lambda temperature: negative_log_likelihood(logits, labels, temperature),
        bounds=(0.05, 20),
        method="bounded",
        options={"xatol": 1e-8},
    ).x

    assert fit_temperature(logits, labels) == pytest.approx(best, rel=1e-4)


def test_it_makes_probabilities_honest():
    logits, labels = drawn(3.0)
    temperature = fit_temperature(logits, labels)

    def error(t: float) -> float:
        probabilities = np.exp(log_softmax(logits / t))
        return expected_calibration_error(
            probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
        )

    assert error(temperature) < 0.03 < 0.2 < error(1.0)


def test_it_changes_no_answer():
    logits, labels = drawn(3.0, photos=100)

    assert ((logits / fit_temperature(logits, labels)).argmax(1) == logits.argmax(1)).all()


@pytest.mark.parametrize(
    ("logits", "labels"),
    [
        pytest.param(10.0 * np.eye(3), [0, 1, 2], id="all right"),
        pytest.param(np.ones((4, 1)), [0, 0, 0, 0], id="one class"),
        pytest.param(np.zeros((4, 3)), [0, 1, 2, 0], id="nothing learned"),
    ],
)
def test_photos_that_say_nothing_about_it_leave_probabilities_as_they_are(logits, labels):
    assert fit_temperature(logits, np.array(labels)) == 1.0


def test_no_photos_are_an_error():
    with pytest.raises(ValueError, match="got none"):
        fit_temperature(np.empty((0, 3)), np.empty(0, dtype=np.int64))
