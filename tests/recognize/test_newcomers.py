"""Landmarks that were enrolled, beside those that the network knows."""

from __future__ import annotations

import numpy as np
import pytest

from whereshot.recognize.judge import Judge
from whereshot.recognize.newcomers import DEFAULT_MARGIN, Newcomers
from whereshot.recognize.prototypes import Prototypes, Witnesses
from whereshot.recognize.verdict import Strictness

SIZE, TRAINED = 12, 4
STRICTNESS = Strictness(0.9, ((0.05, 0.5), (0.02, 0.8), (0.01, 0.9), (0.005, 0.95)))


def near(axis: int, count: int, spread: float, seed: int = 0) -> np.ndarray:
    """Embeddings around one axis, none negative, of length 1: each landmark has an axis."""
    rng = np.random.default_rng((axis, seed))
    rows = np.eye(SIZE)[axis] + spread * rng.random((count, SIZE))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture
def prototypes() -> Prototypes:
    """Four landmarks on the first axes, photos of nothing on the last, witnesses of both."""
    known = np.concatenate([near(axis, 50, 0.4, seed=1) for axis in range(TRAINED)])
    strangers = near(SIZE - 1, 400, 0.4, seed=1)
    best = np.concatenate([np.full(len(known), 0.95), np.zeros(len(strangers))])
    return Prototypes(
        np.concatenate([near(axis, 3, 0.2) for axis in range(TRAINED)]),
        np.repeat(np.arange(TRAINED), 3),
        near(SIZE - 1, 20, 0.3),
        Witnesses(np.concatenate([known, strangers]), best.astype(np.float32)),
    )


def logits_of(axis: int, count: int) -> np.ndarray:
    """What the network says: sure of its own landmarks, at a loss with others."""
    table = np.zeros((count, TRAINED))
    if axis < TRAINED:
        table[:, axis] = 6
    return table


def test_a_newcomer_is_recognized_and_takes_no_photo_of_others(prototypes: Prototypes) -> None:
    newcomers = Newcomers([near(6, 5, 0.3), near(7, 8, 0.3)], prototypes, TRAINED, STRICTNESS)
    judge = Judge(1.0, prototypes, None, newcomers)
    assert judge.needs_embeddings
    for axis, number in ((0, 0), (3, 3), (6, TRAINED), (7, TRAINED + 1)):
        judged = judge.judge(logits_of(axis, 40), near(axis, 40, 0.3, seed=2))
        assert (judged.probabilities.argmax(axis=1) == number).all()
        assert judged.probabilities.shape == (40, TRAINED + 2)
        assert judged.probabilities.sum(axis=1) == pytest.approx(1)


def test_a_photo_of_nothing_is_no_certain_newcomer(prototypes: Prototypes) -> None:
    newcomers = Newcomers([near(6, 5, 0.3)], prototypes, TRAINED, STRICTNESS)
    judge = Judge(1.0, prototypes, None, newcomers)
    strangers = near(SIZE - 1, 400, 0.4, seed=3)
    judged = judge.judge(logits_of(SIZE - 1, 400), strangers)
    assert (judged.certainty >= STRICTNESS.min_certainty).mean() <= 0.01
    shown = judge.judge(logits_of(6, 40), near(6, 40, 0.3, seed=2))
    assert (shown.certainty >= STRICTNESS.min_certainty).mean() > 0.9


def test_certainty_rises_with_the_lead(prototypes: Prototypes) -> None:
    newcomers = Newcomers([near(6, 5, 0.3)], prototypes, TRAINED, STRICTNESS)
    certainties = newcomers.certainty(np.linspace(-1.0, 1.5, 200))
    assert (np.diff(certainties) >= 0).all()
    assert certainties[0] < 0.05
    assert certainties[-1] > 0.99


def test_the_margin_is_wider_where_witnesses_look_like_the_newcomer(prototypes: Prototypes) -> None:
    apart = Newcomers([near(6, 5, 0.3)], prototypes, TRAINED, STRICTNESS)
    # Between its own axis and that of a landmark: photos of that look like it.
    between = near(6, 5, 0.3) + near(0, 5, 0.3)
    between /= np.linalg.norm(between, axis=1, keepdims=True)
    alike = Newcomers([between], prototypes, TRAINED, STRICTNESS)
    known = prototypes.witnesses.embeddings[prototypes.witnesses.best > 0]
    probabilities = np.tile([0.95, 0.05, 0, 0], (len(known), 1))
    for newcomers in (apart, alike):
        shared = newcomers.share(probabilities, newcomers.lead(known))
        assert (shared.argmax(axis=1) == TRAINED).mean() <= 0.01
    assert alike._margin > apart._margin


def test_without_witnesses_there_is_a_margin_too(prototypes: Prototypes) -> None:
    bare = Prototypes(prototypes.vectors, prototypes.owner)
    newcomers = Newcomers([near(6, 5, 0.3)], bare, TRAINED, Strictness(0.9))
    lead = newcomers.lead(near(6, 10, 0.3, seed=2))
    assert (lead > DEFAULT_MARGIN).all()
    assert (newcomers.certainty(lead[:, 0]) > 0.5).all()
    assert (newcomers.lead(near(1, 10, 0.3, seed=2)) < DEFAULT_MARGIN).all()


def test_many_examples_are_fitted_to_the_same_classifier(prototypes: Prototypes) -> None:
    few = [near(6, 8, 0.3)]
    # 200 examples are more than there are dimensions: the other form of the same solution.
    many = [np.concatenate([near(6, 8, 0.3)] * 25)]
    embeddings = near(6, 20, 0.3, seed=2)
    one = Newcomers(few, prototypes, TRAINED, STRICTNESS).lead(embeddings)
    assert Newcomers(many, prototypes, TRAINED, STRICTNESS).lead(embeddings) == pytest.approx(one)
