"""What an evaluation explains beside its figures: the raw material of a report's pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from whereshot.errors import MissingExtraError, PhotoError, WhereshotError
from whereshot.learn.answers import Answers
from whereshot.learn.evaluate import Answered
from whereshot.learn.explain.filters import filter_pictures, first_kernels
from whereshot.learn.explain.looks import Observer, Picture
from whereshot.learn.explain.pairs import confused_pairs
from whereshot.learn.explain.plane import embed_in_plane
from whereshot.learn.measurements import relative
from whereshot.learn.subject import Subject
from whereshot.progress import silent
from whereshot.recognize.verdict import calibrated_probabilities

Report = Callable[[str, int, int], None]
"""Called as report(stage, done, total)."""

_RIGHT, _WRONG, _PAIRS = 6, 6, 9
_MOST_DOTS = 2000  # more would make the page slow and t-SNE take minutes


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """One photo (path in the data's folder) and pictures of what was looked at in it."""

    photo: str
    landmark: str
    predicted: str
    confidence: float
    pictures: tuple[Picture, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Cluster:
    """The photos of a landmark on the plane: points (n, 2), and what each is taken for if wrong."""

    landmark: str
    points: NDArray[np.float32]
    taken_for: tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class PhotoPair:
    """A photo under a wrong name and the one most like it of the landmark that it was taken for."""

    photo: Path
    similar: Path
    landmark: str
    predicted: str
    confusions: int
    confidence: float
    similarity: float


@dataclass(frozen=True, slots=True, eq=False)
class Explanation:
    """What can be shown of a network and its answers; the notes say how, or why not.

    `filters` (O, kh, kw, 3) uint8 are those of the first convolution. `plane` is how the clusters'
    points were found, `dots` how many of the photos they are.
    """

    seen: tuple[Seen, ...]
    seen_note: str
    filters: NDArray[np.uint8] | None
    filters_note: str
    clusters: tuple[Cluster, ...]
    plane: str
    dots: int
    pairs: tuple[PhotoPair, ...]


def explain(
    answered: Answered, *, photos: bool = True, seed: int = 0, report: Report = silent
) -> Explanation:
    """Explain what a subject answered; needs `answer(..., embeddings=True)`.

    Without `photos`, nothing in it shows or names one. What can't be explained is left out with a
    note, and so are photos that can't be read any more.
    """
    subject, answers = answered.subject, answered.answers
    if answers.embeddings is None:
        raise ValueError("expected answers with embeddings: ask for them, answer(embeddings=True)")
    report("explanations", 0, 3)
    clusters, method, dots = _clusters(subject, answers, seed)
    report("explanations", 1, 3)
    seen: tuple[Seen, ...] = ()
    seen_note = "The photos were left out of this report."
    if photos:
        seen, seen_note = _seen(subject, answers, answered.index.root, seed)
    report("explanations", 2, 3)
    filters, filters_note = _filters(subject)
    pairs = _pairs(subject, answers) if photos else ()
    report("explanations", 3, 3)
    return Explanation(seen, seen_note, filters, filters_note, clusters, method, dots, pairs)


def _seen(
    subject: Subject, answers: Answers, root: Path, seed: int
) -> tuple[tuple[Seen, ...], str]:
    """Some photos that are wrong, the surest first, then some that are right, drawn by lot."""
    try:
        observer = Observer(subject)
    except WhereshotError as error:
        return (), str(error)
    predicted = answers.logits.argmax(axis=1)
    confidences = calibrated_probabilities(answers.logits, subject.temperature).max(axis=1)

    def look(numbers: Iterator[int], most: int) -> Iterator[Seen]:
        shown = 0
        for number in numbers:
            truth, taken = int(answers.labels[number]), int(predicted[number])
            landmarks = (taken,) if taken == truth else (taken, truth)
            try:
                pictures = observer.looks(answers.paths[number], landmarks)
            except PhotoError:
                continue
            yield Seen(
                relative(answers.paths[number], root),
                subject.names[truth],
                subject.names[taken],
                float(confidences[number]),
                pictures,
            )
            shown += 1
            if shown == most:
                return

    right = predicted == answers.labels
    surest = np.argsort(-confidences, kind="stable")
    drawn = np.random.default_rng(seed).permutation(len(answers))
    wrong = _one_of_each(surest[~right[surest]], predicted * len(subject.ids) + answers.labels)
    lot = _one_of_each(drawn[right[drawn]], answers.labels)
    return (*look(wrong, _WRONG), *look(lot, _RIGHT)), observer.method()


def _one_of_each(numbers: NDArray[np.integer], kinds: NDArray[np.integer]) -> Iterator[int]:
    """Numbers of photos in their order, the first of each kind only: a page shows variety."""
    met: set[int] = set()
    for number in numbers.tolist():
        kind = int(kinds[number])
        if kind not in met:
            met.add(kind)
            yield number


def _filters(subject: Subject) -> tuple[NDArray[np.uint8] | None, str]:
    try:
        return filter_pictures(first_kernels(subject)), ""
    except (MissingExtraError, ValueError) as error:
        return None, str(error)


def _clusters(
    subject: Subject, answers: Answers, seed: int
) -> tuple[tuple[Cluster, ...], str, int]:
    """The photos on a plane by landmark, how, and how many: a sample where there are many."""
    kept = np.arange(len(answers))
    if len(kept) > _MOST_DOTS:
        kept = np.sort(np.random.default_rng(seed).choice(kept, _MOST_DOTS, replace=False))
    embeddings = cast(NDArray[np.float32], answers.embeddings)[kept]
    labels, predicted = answers.labels[kept], answers.logits[kept].argmax(axis=1)
    plane = embed_in_plane(embeddings, seed=seed)
    clusters: list[Cluster] = []
    for landmark in np.unique(labels).tolist():
        own = np.flatnonzero(labels == landmark)
        wrong = tuple(
            None if taken == landmark else subject.names[taken] for taken in predicted[own].tolist()
        )
        clusters.append(Cluster(subject.names[landmark], plane.points[own], wrong))
    return tuple(clusters), plane.method, len(kept)


def _pairs(subject: Subject, answers: Answers) -> tuple[PhotoPair, ...]:
    return tuple(
        PhotoPair(
            each.photo,
            each.similar,
            subject.names[each.landmark],
            subject.names[each.predicted],
            each.confusions,
            each.confidence,
            each.similarity,
        )
        for each in confused_pairs(subject, answers, _PAIRS)
    )
