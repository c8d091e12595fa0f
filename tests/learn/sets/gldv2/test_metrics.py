"""The metrics on cases worked by hand, and against the definition written out."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whereshot.errors import DatasetError
from whereshot.learn.sets.gldv2.metrics import (
    Guess,
    global_average_precision,
    mean_average_precision,
    top_1_accuracy,
)

TRUTH = {"a": (1,), "b": (2, 3), "c": (), "d": (4,), "e": ()}


def gap(guesses, truth=TRUTH, **options):
    return global_average_precision(
        {photo: Guess(*guess) for photo, guess in guesses.items()}, truth, **options
    )


@pytest.mark.parametrize(
    ("guesses", "expected"),
    [
        ({}, 0),
        ({"a": (1, 0.9), "b": (2, 0.8), "d": (4, 0.7)}, 1),
        ({"a": (1, 0.9), "b": (3, 0.8), "d": (4, 0.7)}, 1),  # any of several landmarks is right
        ({"a": (1, 0.9)}, 1 / 3),  # photos without a guess lower it
        ({"a": (9, 0.9), "b": (2, 0.8), "d": (4, 0.7)}, (1 / 2 + 2 / 3) / 3),  # ranks 2 and 3
        ({"c": (9, 0.9), "a": (1, 0.8)}, (1 / 2) / 3),  # sure of a photo without a landmark
        ({"c": (9, 0.1), "a": (1, 0.8)}, 1 / 3),  # not sure of it: it costs nothing
        ({"a": (1, 0.5), "b": (9, 0.5), "d": (4, 0.5)}, (1 + 2 / 3) / 3),  # ties by id: a, b, d
        ({"a": (9, 0.5), "c": (1, 0.5), "d": (4, 0.5)}, (1 / 3) / 3),
        ({"d": (4, -3.0), "a": (1, -math.inf), "b": (9, 12.5)}, (1 / 2 + 2 / 3) / 3),
    ],
    ids=[
        "none", "all", "second_landmark", "some", "wrong_first", "distractor_first",
        "distractor_last", "ties", "ties_with_distractor", "any_scale",
    ],
)  # fmt: skip
def test_gap_is_what_comes_out_by_hand(guesses, expected):
    assert gap(guesses) == pytest.approx(expected)


def test_gap_of_photos_with_a_landmark_passes_over_the_others():
    guesses = {"c": (9, 0.9), "a": (1, 0.8), "e": (1, 0.7), "d": (4, 0.6)}
    assert gap(guesses) == pytest.approx((1 / 2 + 2 / 4) / 3)
    assert gap(guesses, landmarks_only=True) == pytest.approx((1 + 1) / 3)


def test_the_order_of_the_file_does_not_matter():
    guesses = {"a": (9, 0.5), "b": (2, 0.5), "d": (4, 0.5)}
    assert (
        gap(guesses) == gap(dict(reversed(guesses.items()))) == pytest.approx((1 / 2 + 2 / 3) / 3)
    )


def test_a_solution_without_landmarks_can_not_be_scored():
    for metric in (global_average_precision, top_1_accuracy):
        with pytest.raises(DatasetError, match=r"None of the 1 photos .* shows a landmark"):
            metric({}, {"a": ()})


def test_a_guess_about_a_photo_that_is_not_in_the_solution_is_an_error():
    with pytest.raises(KeyError):
        gap({"z": (1, 0.5)})


def test_top_1_is_over_photos_with_a_landmark():
    guesses = {"a": Guess(1, 0.1), "c": Guess(1, 9.0), "b": Guess(9, 0.5)}
    assert top_1_accuracy(guesses, TRUTH) == pytest.approx(1 / 3)


QUERIES = {"q": ("a", "b"), "r": ("c",), "s": ("d", "e", "f")}


@pytest.mark.parametrize(
    ("retrieved", "expected"),
    [
        ({}, 0),
        ({"q": ["a", "b"], "r": ["c"], "s": ["f", "d", "e"]}, 1),
        ({"q": ["b", "x", "a"]}, ((1 + 2 / 3) / 2) / 3),
        ({"q": ["x", "a"], "r": ["x", "y"]}, ((1 / 2) / 2) / 3),
        ({"q": ["a", "a", "b"]}, ((1 + 2 / 3) / 2) / 3),  # what comes again keeps its rank
        ({"q": ["x", "x", "a"]}, ((1 / 3) / 2) / 3),
        ({"s": ["d"]}, (1 / 3) / 3),  # short lists lose what is missing
        ({"r": []}, 0),
    ],
    ids=["none", "all", "gap_between", "late", "again", "wrong_again", "short", "empty"],
)
def test_map_is_what_comes_out_by_hand(retrieved, expected):
    assert mean_average_precision(retrieved, QUERIES) == pytest.approx(expected)


def test_only_the_first_hundred_count_and_no_more_can_be_expected():
    many = tuple(f"t{number}" for number in range(150))
    assert mean_average_precision({"q": many}, {"q": many}) == 1
    late = ["x"] * 100 + list(many)
    assert mean_average_precision({"q": late}, {"q": many}) == 0
    at_100 = [f"x{number}" for number in range(99)] + ["t0", "t1"]
    assert mean_average_precision({"q": at_100}, {"q": ("t0", "t1")}) == pytest.approx(1 / 100 / 2)
    assert mean_average_precision({"q": ["t0", "t1"]}, {"q": many}, most=1) == 1


def test_without_queries_there_is_nothing_to_score():
    with pytest.raises(DatasetError, match="no query to score"):
        mean_average_precision({}, {})
    with pytest.raises(KeyError):
        mean_average_precision({"z": ["a"]}, QUERIES)
    assert mean_average_precision({"q": ["a"]}, {"q": ()}) == 0


scores = st.sampled_from([0.1, 0.2, 0.2, 0.5])


@given(
    st.dictionaries(
        st.sampled_from("abcdefgh"),
        st.tuples(
            st.lists(st.integers(0, 3), max_size=2), st.integers(0, 3), scores, st.booleans()
        ),
        min_size=1,
    )
)
def test_gap_is_the_mean_over_photos_of_the_precision_at_their_rank(photos):
    truth = {photo: tuple(landmarks) for photo, (landmarks, *_) in photos.items()}
    if not any(truth.values()):
        return
    guesses = {p: Guess(mark, score) for p, (_, mark, score, has) in photos.items() if has}

    def above(photo):
        """This guess and those that are ranked before it."""
        own = guesses[photo].score
        return [p for p, g in guesses.items() if g.score > own or (g.score == own and p <= photo)]

    def right(photo):
        return photo in guesses and guesses[photo].landmark in truth[photo]

    expected = sum(
        sum(map(right, above(photo))) / len(above(photo)) for photo in truth if right(photo)
    ) / sum(map(bool, truth.values()))
    assert global_average_precision(guesses, truth) == pytest.approx(expected)
    assert 0 <= expected <= 1
