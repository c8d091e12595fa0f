from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.metrics import balanced_accuracy_score, log_loss
from tiny_training import tiny_photos, tiny_recipe

from whereshot.learn.dataset import index_folder
from whereshot.learn.distributed import Team
from whereshot.learn.learner import Learner
from whereshot.learn.validation import answer, figures_of
from whereshot.photo import Preprocessing, decode, prepare

pytestmark = pytest.mark.usefixtures("one_thread")

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


def test_photos_are_seen_as_inference_sees_them_by_the_average_of_weights(tmp_path: Path) -> None:
    index = index_folder(tiny_photos(tmp_path, each=2), "train")
    learner = Learner(tiny_recipe(tmp_path), index.counts(), Team())
    learner.begin(frozen=False)
    assert learner.average is not None
    with torch.no_grad():
        learner.evaluated.head.get_parameter("linear.bias").copy_(torch.tensor([1.0, 2.0, 3.0]))
    found, labels = answer(learner, index)
    assert labels.tolist() == [0, 0, 1, 1, 2, 2]
    network = learner.evaluated.eval()
    assert network is not learner.network
    squares = [prepare(decode(path), Preprocessing(32, "crop")) for path in index.paths]
    with torch.inference_mode():
        expected = network(torch.from_numpy(np.stack(squares))).logits.numpy()
    assert found == pytest.approx(expected, abs=1e-4)
    assert (found.argmax(1) == 2).all()
