from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, log_loss

from whereshot.learn.validation import figures_of

LABELS = np.array([0, 0, 0, 1, 1, 2])


def logits(sureness: float) -> np.ndarray:
    """Answers of which the third and the last are wrong."""
    said = np.eye(3)[[0, 0, 1, 1, 1, 0]] + np.random.default_rng(0).normal(0, 0.1, (6, 3))
    return (sureness * said).astype(np.float32)


def test_figures_are_scikit_learn_s() -> None:
    some = logits(3.0)
    found = figures_of(some, LABELS)
    probabilities = np.exp(some) / np.exp(some).sum(axis=1, keepdims=True)
    assert found["validation_top1"] == pytest.approx((some.argmax(1) == LABELS).mean())
    assert found["validation_macro"] == pytest.approx(
        balanced_accuracy_score(LABELS, some.argmax(1))
    )
    assert found["validation_loss"] == pytest.approx(log_loss(LABELS, probabilities), rel=1e-4)
    assert found["validation_top1"] == pytest.approx(4 / 6)


def test_only_the_calibrated_loss_is_the_same_however_sure_a_network_is() -> None:
    modest, sure = figures_of(logits(1.0), LABELS), figures_of(logits(6.0), LABELS)
    key = "validation_calibrated_loss"
    assert modest[key] == pytest.approx(sure[key], rel=1e-4)
    assert abs(modest["validation_loss"] - sure["validation_loss"]) > 0.1
    for each in (modest, sure):
        assert each[key] <= each["validation_loss"] + 1e-9


def test_where_all_are_right_the_temperature_is_one() -> None:
    right = 4.0 * np.eye(3, dtype=np.float32)[LABELS]
    found = figures_of(right, LABELS)
    assert found["validation_calibrated_loss"] == pytest.approx(found["validation_loss"], rel=1e-5)
