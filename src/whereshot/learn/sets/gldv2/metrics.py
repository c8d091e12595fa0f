"""The metrics of Google Landmarks v2, as its official code defines them.

Recognition: global average precision (GAP, also micro-AP) over all photos at once. Each photo has
at most one guess; guesses are ranked by score, and every correct one adds the precision down to it.
Retrieval: mean average precision over the first 100 photos of each query (mAP@100).

Reference: T. Weyand et al., "Google Landmarks Dataset v2", CVPR 2020, and the metrics of
github.com/tensorflow/models, research/delf/delf/python/datasets/google_landmarks_dataset.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from whereshot.errors import DatasetError

MOST_RETRIEVED = 100


@dataclass(frozen=True, slots=True)
class Guess:
    """The landmark that a photo shows, with a score of any scale: only its order counts."""

    landmark: int
    score: float


Guesses = Mapping[str, Guess]
"""A guess for each photo that has one."""

TrueLandmarks = Mapping[str, Sequence[int]]
"""The landmarks in each photo: any of them is correct, and there may be none."""

Retrieved = Mapping[str, Sequence[str]]
"""The photos that were found for each query, best first."""

TrueMatches = Mapping[str, Sequence[str]]
"""The photos that should be found for each query."""


def global_average_precision(
    guesses: Guesses, truth: TrueLandmarks, *, landmarks_only: bool = False
) -> float:
    """GAP, in [0, 1]: the sum of the precisions at each correct guess, over the photos with truth.

    A guess for a photo without a landmark is wrong, and lowers the precision of all guesses ranked
    below it; with `landmarks_only` it is passed over. Among equal scores the photo with the
    smaller id comes first. Raises DatasetError where no photo shows a landmark, KeyError for a
    guess about a photo that `truth` does not have.

    >>> truth = {"a": [7], "b": [], "c": [8, 9]}
    >>> guesses = {"a": Guess(7, 0.9), "b": Guess(7, 0.5), "c": Guess(9, 0.1)}
    >>> round(global_average_precision(guesses, truth), 4)  # (1/1 + 2/3) / 2
    0.8333
    """
    positives = _positives(truth)
    ranked = sorted(guesses.items(), key=lambda item: (-item[1].score, item[0]))
    total = rank = correct = 0
    for photo, guess in ranked:
        if landmarks_only and not truth[photo]:
            continue
        rank += 1
        if guess.landmark in truth[photo]:
            correct += 1
            total += correct / rank
    return total / positives


def top_1_accuracy(guesses: Guesses, truth: TrueLandmarks) -> float:
    """The share of the photos that show a landmark whose guess is right, in [0, 1].

    Raises DatasetError where no photo shows a landmark.
    """
    positives = _positives(truth)
    correct = sum(
        photo in guesses and guesses[photo].landmark in landmarks
        for photo, landmarks in truth.items()
    )
    return correct / positives


def mean_average_precision(
    retrieved: Retrieved, truth: TrueMatches, *, most: int = MOST_RETRIEVED
) -> float:
    """Mean AP over the first `most` photos of each query, in [0, 1].

    The precisions of a query are summed over its correct photos and divided by how many it could
    have had: all of its truth, but not more than `most`. A photo that comes again counts nothing
    and takes its rank. A query for which nothing was found counts as 0, and so does one without
    truth. Raises DatasetError where there is no query, KeyError for a query that `truth` does not
    have.

    >>> truth = {"q": ["a", "b"], "r": ["c"]}
    >>> mean_average_precision({"q": ["a", "x", "b"]}, truth)  # (1/1 + 2/3) / 2, and 0
    0.41666666666666663
    """
    if not truth:
        raise DatasetError("The solution has no query to score. Expected one at least.")
    total = 0.0
    for query, photos in retrieved.items():
        expected = set(truth[query])
        seen: set[str] = set()
        precisions = 0.0
        correct = 0
        for rank, photo in enumerate(photos[:most], start=1):
            if photo in expected and photo not in seen:
                correct += 1
                precisions += correct / rank
            seen.add(photo)
        total += precisions / min(len(truth[query]), most) if expected else 0.0
    return total / len(truth)


def _positives(truth: TrueLandmarks) -> int:
    positives = sum(bool(landmarks) for landmarks in truth.values())
    if not positives:
        raise DatasetError(
            f"None of the {len(truth):,} photos of the solution shows a landmark, so nothing can "
            "be scored. Expected one at least."
        )
    return positives
