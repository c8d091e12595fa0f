"""Confused pairs: a photo under a wrong name, beside the photo that it was likely mistaken for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from whereshot.learn.answers import Answers
from whereshot.learn.metrics import confusion_matrix
from whereshot.learn.subject import Subject
from whereshot.recognize.verdict import calibrated_probabilities


@dataclass(frozen=True, slots=True)
class ConfusedPair:
    """A photo of `landmark` that was taken for `predicted`, and the photo of that most like it.

    Landmarks are output numbers. `confusions` photos were confused so; this one with the highest
    `confidence`. `similarity` is the cosine of the two photos' embeddings.
    """

    photo: Path
    similar: Path
    landmark: int
    predicted: int
    confusions: int
    confidence: float
    similarity: float


def confused_pairs(
    subject: Subject, answers: Answers, count: int = 8, *, among: Answers | None = None
) -> tuple[ConfusedPair, ...]:
    """The `count` most frequent confusions, each as the surest of its photos and its like.

    The like is looked for among photos of the landmark that was answered: rightly recognized ones
    if there are any. They come from `answers` themselves, or from `among`, such as answers to the
    training photos. Confusions with a landmark that has no photo there are left out. Both need
    embeddings: ValueError where they were not kept.
    """
    references = answers if among is None else among
    if answers.embeddings is None or references.embeddings is None:
        raise ValueError("expected answers with embeddings: ask for them, answer(embeddings=True)")
    classes = len(subject.ids)
    predicted = answers.logits.argmax(axis=1)
    confidences = calibrated_probabilities(answers.logits, subject.temperature).max(axis=1)
    right = references.logits.argmax(axis=1) == references.labels
    confusion = confusion_matrix(answers.labels, predicted, classes)
    np.fill_diagonal(confusion, 0)
    cells = np.argsort(-confusion, axis=None, kind="stable")[: np.count_nonzero(confusion)]

    pairs: list[ConfusedPair] = []
    for landmark, taken in zip(*np.unravel_index(cells, confusion.shape), strict=True):
        own = np.flatnonzero(references.labels == taken)
        own = own[right[own]] if right[own].any() else own
        if not len(own):
            continue
        mistaken = np.flatnonzero((answers.labels == landmark) & (predicted == taken))
        surest = mistaken[confidences[mistaken].argmax()]
        cosines = references.embeddings[own] @ answers.embeddings[surest]
        pairs.append(
            ConfusedPair(
                photo=answers.paths[surest],
                similar=references.paths[own[cosines.argmax()]],
                landmark=int(landmark),
                predicted=int(taken),
                confusions=int(confusion[landmark, taken]),
                confidence=float(confidences[surest]),
                similarity=float(cosines.max()),
            )
        )
        if len(pairs) == count:
            break
    return tuple(pairs)
