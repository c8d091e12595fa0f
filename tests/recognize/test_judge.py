"""From what the network says to probabilities and a certainty."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from whereshot.recognize.judge import Judge
from whereshot.recognize.prototypes import NEIGHBOURS, Prototypes, Witnesses
from whereshot.recognize.verdict import SIGNALS, Rule, Strictness, calibrated_probabilities

EYE = np.eye(4, dtype=np.float32)
PROTOTYPES = Prototypes(EYE[:2], np.array([0, 1]), others=EYE[2:])
RULE = Rule(-1.0, dict(zip(SIGNALS, (1.0, 0.5, 2.0, -3.0), strict=True)))
logits = arrays.arrays(np.float32, (3, 2), elements=st.floats(-20, 20, width=32))


@given(logits, st.floats(0.2, 5))
def test_the_log_odds_are_those_of_the_best_probability(
    table: np.ndarray, temperature: float
) -> None:
    found = Judge(temperature, PROTOTYPES, RULE).signals(table, np.tile(EYE[0], (3, 1)))
    best = calibrated_probabilities(table, temperature).max(axis=1)
    inside = best < 1 - 1e-9  # beyond it the probability itself knows no more
    expected = np.log(best[inside] / (1 - best[inside]))
    assert found[inside, 0] == pytest.approx(expected, abs=1e-5)
    assert (found[:, 0] <= 30).all()


def test_the_signals_are_what_they_are_called() -> None:
    table = np.array([[3.0, 1.0], [0.0, 4.0]])
    embeddings = np.array([[0.6, 0, 0.8, 0], [0, 1, 0, 0]], dtype=np.float32)
    found = Judge(2.0, PROTOTYPES, RULE).signals(table, embeddings)
    named = dict(zip(SIGNALS, found.T, strict=True))
    assert named["log_odds"] == pytest.approx([1.0, 2.0])
    assert named["height"] == pytest.approx([1.0, 2.0])
    assert named["nearness"] == pytest.approx([0.6, 1.0])
    assert named["strangeness"] == pytest.approx([0.4, 0.0])


def test_a_certainty_is_the_logistic_of_the_weighed_signals() -> None:
    table, embeddings = np.array([[3.0, 1.0]]), EYE[:1]
    judged = Judge(2.0, PROTOTYPES, RULE).judge(table, embeddings)
    score = -1 + 1.0 * 1.0 + 0.5 * 1.0 + 2.0 * 1.0 - 3.0 * 0.0
    assert judged.certainty == pytest.approx([1 / (1 + np.exp(-score))])
    assert judged.probabilities == pytest.approx(calibrated_probabilities(table, 2.0))


def test_without_a_rule_the_probability_is_the_certainty() -> None:
    judge = Judge(1.0)
    assert not judge.needs_embeddings
    judged = judge.judge(np.array([[0.0, 2.0]]))
    assert judged.certainty == pytest.approx(judged.probabilities.max(axis=1))


def test_one_landmark_is_certain_of_nothing_but_its_own_signals() -> None:
    alone = Prototypes(EYE[:1], np.array([0]), others=EYE[1:])
    found = Judge(1.0, alone, RULE).signals(np.array([[5.0]]), EYE[:1])
    assert np.isfinite(found).all()


def test_strangeness_is_the_mean_over_the_nearest() -> None:
    rng = np.random.default_rng(0)
    others = rng.random((10, 4)).astype(np.float32)
    others /= np.linalg.norm(others, axis=1, keepdims=True)
    photos = others[:2]
    found = Prototypes(EYE[:1], np.array([0]), others=others).strangeness(photos)
    for row, value in zip(photos @ others.T, found, strict=True):
        assert value == pytest.approx(np.sort(row)[-NEIGHBOURS:].mean())
    assert Prototypes(EYE[:1], np.array([0])).strangeness(photos).tolist() == [-1, -1]


@pytest.mark.parametrize(
    ("prototypes", "told"),
    [
        (Prototypes(EYE, np.arange(4), others=2 * EYE), "others must be L2-normalized"),
        (Prototypes(EYE, np.arange(4), others=EYE[:, :3].copy()), "others must be float32 (M, 4)"),
        (
            Prototypes(EYE, np.arange(4), witnesses=Witnesses(EYE, np.zeros(3, np.float32))),
            "best must be (4,), got (3,)",
        ),
        (
            Prototypes(EYE, np.arange(4), witnesses=Witnesses(0 * EYE, np.zeros(4, np.float32))),
            "witnesses must be L2-normalized",
        ),
    ],
)
def test_prototypes_say_what_is_wrong_with_them(prototypes: Prototypes, told: str) -> None:
    assert told in str(prototypes.problem(4))


def test_a_share_of_false_names_takes_the_threshold_that_keeps_it() -> None:
    strictness = Strictness(0.9, ((0.05, 0.5), (0.01, 0.8), (0.001, 0.99)))
    assert strictness.at_most(0.05) == 0.5
    assert strictness.at_most(0.2) == 0.5
    assert strictness.at_most(0.049) == 0.8, "between two shares the stricter one counts"
    assert strictness.at_most(0.001) == 0.99
    with pytest.raises(ValueError, match=r"at most 0.01 % .* down to 0.1 %"):
        strictness.at_most(0.0001)
    with pytest.raises(ValueError, match="down to nothing"):
        Strictness(0.9).at_most(0.05)
