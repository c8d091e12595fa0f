"""Confused pairs, from answers made by hand."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from whereshot.learn.answers import Answers
from whereshot.learn.explain import confused_pairs


def answers_of(*rows: tuple[str, int, int, float, tuple[float, float]]) -> Answers:
    """Rows of (photo, true landmark, answer, logit of the answer, embedding)."""
    logits = np.zeros((len(rows), 3), np.float32)
    for number, (_, _, taken, logit, _) in enumerate(rows):
        logits[number, taken] = logit
    return Answers(
        logits,
        np.array([row[1] for row in rows], dtype=np.int64),
        tuple(Path(row[0]) for row in rows),
        embeddings=np.array([row[4] for row in rows], dtype=np.float32),
    )


@pytest.fixture
def answers() -> Answers:
    return answers_of(
        ("a0", 0, 0, 9, (1.0, 0.0)),
        ("a1", 0, 0, 9, (0.8, 0.6)),
        ("a2", 0, 1, 9, (0.6, 0.8)),
        ("b0", 1, 1, 9, (0.0, 1.0)),
        ("b1", 1, 0, 3, (0.0, 1.0)),
        ("b2", 1, 0, 7, (0.7, 0.714)),
        ("c0", 2, 1, 8, (0.6, 0.8)),
    )


def test_the_most_frequent_confusion_comes_first_with_its_surest_photo(bundle, answers):
    first = confused_pairs(bundle, answers)[0]

    assert (first.landmark, first.predicted, first.confusions) == (1, 0, 2)
    assert first.photo == Path("b2")
    # At temperature 2: one logit of 7 beside two of 0.
    assert first.confidence == pytest.approx(np.exp(3.5) / (np.exp(3.5) + 2))


def test_beside_it_stands_the_photo_most_like_it_that_is_right(bundle, answers):
    pairs = {each.photo.name: each for each in confused_pairs(bundle, answers)}

    assert pairs["b2"].similar == Path("a1")
    assert pairs["b2"].similarity == pytest.approx(0.7 * 0.8 + 0.714 * 0.6)
    # b1 and b2 are more like c0 than b0 is, but they are not right themselves.
    assert pairs["c0"].similar == Path("b0")


def test_the_like_may_come_from_other_photos(bundle, answers):
    training = answers_of(("t0", 0, 0, 9, (0.7, 0.714)), ("t1", 1, 2, 9, (0.0, 1.0)))

    pairs = {each.photo.name: each for each in confused_pairs(bundle, answers, among=training)}

    assert pairs["b2"].similar == Path("t0")
    assert pairs["c0"].similar == Path("t1")  # none of the landmark's photos there is right


def test_a_confusion_with_a_landmark_that_has_no_photo_is_left_out(bundle):
    answers = answers_of(("a0", 0, 2, 9, (1, 0)), ("a1", 0, 1, 9, (1, 0)), ("b", 1, 1, 9, (1, 0)))

    assert [each.photo.name for each in confused_pairs(bundle, answers)] == ["a1"]


def test_there_are_as_many_as_asked_for_and_no_more(bundle, answers):
    assert len(confused_pairs(bundle, answers)) == 3
    assert len(confused_pairs(bundle, answers, 2)) == 2


def test_without_embeddings_it_says_how_to_get_them(bundle, answers):
    bare = dataclasses.replace(answers, embeddings=None)

    with pytest.raises(ValueError, match=r"answer\(embeddings=True\)"):
        confused_pairs(bundle, bare)
