from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.metrics import balanced_accuracy_score, log_loss
from tiny_training import tiny_photos, tiny_recipe

from whereshot.learn import validation
from whereshot.learn.dataset import index_folder
from whereshot.learn.distributed import Team
from whereshot.learn.learner import Learner
from whereshot.learn.validation import Seen, answer, figures_of, seen_of
from whereshot.photo import Preprocessing, decode, prepare

pytestmark = pytest.mark.usefixtures("one_thread")

LABELS = np.array([0, 0, 0, 1, 1, 2])


def logits(sureness: float) -> np.ndarray:
    """Answers of which the third and the last are wrong."""
    said = np.eye(3)[[0, 0, 1, 1, 1, 0]] + np.random.default_rng(0).normal(0, 0.1, (6, 3))
    return (sureness * said).astype(np.float32)


def test_figures_are_scikit_learn_s() -> None:
    some = logits(3.0)
    found = figures_of(seen_of(some, LABELS))
    probabilities = np.exp(some) / np.exp(some).sum(axis=1, keepdims=True)
    assert found["validation_top1"] == pytest.approx((some.argmax(1) == LABELS).mean())
    assert found["validation_macro"] == pytest.approx(
        balanced_accuracy_score(LABELS, some.argmax(1))
    )
    assert found["validation_loss"] == pytest.approx(log_loss(LABELS, probabilities), rel=1e-4)
    assert found["validation_top1"] == pytest.approx(4 / 6)


def test_only_the_calibrated_loss_is_the_same_however_sure_a_network_is() -> None:
    modest, sure = (figures_of(seen_of(logits(each), LABELS)) for each in (1.0, 6.0))
    key = "validation_calibrated_loss"
    assert modest[key] == pytest.approx(sure[key], rel=1e-4)
    assert abs(modest["validation_loss"] - sure["validation_loss"]) > 0.1
    for each in (modest, sure):
        assert each[key] <= each["validation_loss"] + 1e-9


def test_where_all_are_right_the_temperature_is_one() -> None:
    right = 4.0 * np.eye(3, dtype=np.float32)[LABELS]
    found = figures_of(seen_of(right, LABELS))
    assert found["validation_calibrated_loss"] == pytest.approx(found["validation_loss"], rel=1e-5)


def test_photos_are_seen_as_inference_sees_them_by_the_average_of_weights(tmp_path: Path) -> None:
    index = index_folder(tiny_photos(tmp_path, each=2), "train")
    learner = Learner(tiny_recipe(tmp_path), index.counts(), Team())
    learner.begin(frozen=False)
    assert learner.average is not None
    with torch.no_grad():
        learner.evaluated.head.get_parameter("linear.bias").copy_(torch.tensor([1.0, 2.0, 3.0]))
    seen = answer(learner, index)
    found = seen.logits
    assert seen.labels.tolist() == [0, 0, 1, 1, 2, 2]
    network = learner.evaluated.eval()
    assert network is not learner.network
    squares = [prepare(decode(path), Preprocessing(32, "crop")) for path in index.paths]
    with torch.inference_mode():
        expected = network(torch.from_numpy(np.stack(squares))).logits.numpy()
    assert found == pytest.approx(expected, abs=1e-4)
    assert (seen.named == 2).all()
    assert seen.logits_labels.tolist() == seen.labels.tolist()


@pytest.mark.parametrize("size", [1, 2, 3])
def test_of_very_many_classes_some_photos_logits_are_kept_and_all_photos_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    index = index_folder(tiny_photos(tmp_path, each=4), "train")  # 12 photos of 3 classes
    learner = Learner(tiny_recipe(tmp_path), index.counts(), Team())
    whole = answer(learner, index)
    monkeypatch.setattr(validation, "_MOST_KEPT", 3 * 5)
    parts: list[Seen] = []
    together = validation._together
    monkeypatch.setattr(validation, "_together", lambda found, kept: found[0])
    for rank in range(size):
        learner.team = Team(rank, size)
        monkeypatch.setattr(Team, "gather", lambda self, mine: [mine])
        parts.append(answer(learner, index))
    kept = validation._kept(len(index), 3)
    seen = together(parts, kept)
    assert len(seen.logits) == 5
    assert seen.logits_labels.tolist() == [0, 0, 1, 1, 2]
    rows = [0, 2, 4, 7, 9]
    assert np.allclose(seen.logits, whole.logits[rows], atol=1e-5)
    for name in ("labels", "named", "losses"):
        assert np.allclose(getattr(seen, name), getattr(whole, name), atol=1e-5), name
    some, every = figures_of(seen), figures_of(whole)
    for key in ("validation_top1", "validation_macro", "validation_loss"):
        assert some[key] == pytest.approx(every[key], abs=1e-5)
