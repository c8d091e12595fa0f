"""Explanations as matplotlib figures: one call each, for notebooks."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from whereshot.learn.evaluate import Answered
from whereshot.learn.explain.filters import first_filters
from whereshot.learn.explain.looks import Observer
from whereshot.learn.explain.pairs import confused_pairs
from whereshot.learn.explain.plane import embed_in_plane
from whereshot.learn.subject import Subject
from whereshot.photo import decode

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from whereshot.learn.network import LandmarkNet

_MOST_NAMES = 24  # names of more landmarks would lie on top of each other
_PX = 240


def show_looks(subject: Subject, photos: Sequence[str | PathLike[str]]) -> Figure:
    """A row per photo: the photo, and what in it speaks for the answer. Shows photos."""
    observer = Observer(subject)
    rows = [observer.looks(photo) for photo in photos]
    figure, axes = _grid(len(rows), max(len(row) for row in rows), 2.6)
    for line, row in zip(axes, rows, strict=True):
        for axis, picture in zip(line, row, strict=True):
            axis.imshow(picture.pixels)
            axis.set_title(picture.caption, fontsize=8)
    return figure


def show_filters(network: LandmarkNet | Subject) -> Figure:
    """The filters of the first convolution in a grid. Shows no photo."""
    figure, axes = _grid(1, 1, 5.0)
    axes[0][0].imshow(first_filters(network))
    axes[0][0].set_title("filters of the first convolution", fontsize=9)
    return figure


def show_embeddings(answered: Answered, *, seed: int = 0) -> Figure:
    """The photos on a plane, colored by landmark; a cross is one under a wrong name.

    Needs `answer(..., embeddings=True)`. Shows no photo: it may go into a committed notebook.
    """
    answers, names = answered.answers, answered.subject.names
    if answers.embeddings is None:
        raise ValueError("expected answers with embeddings: ask for them, answer(embeddings=True)")
    plane = embed_in_plane(answers.embeddings, seed=seed)
    right = answers.logits.argmax(axis=1) == answers.labels
    landmarks = np.unique(answers.labels)
    figure, axes = _grid(1, 1, 7.0)
    axis = axes[0][0]
    for position, landmark in enumerate(landmarks.tolist()):
        color = _color(position)
        for marker, chosen in (("o", right), ("x", ~right)):
            points = plane.points[chosen & (answers.labels == landmark)]
            axis.scatter(points[:, 0], points[:, 1], s=14, marker=marker, color=color, linewidths=1)
        if len(landmarks) <= _MOST_NAMES:
            # Below most of its points.
            x, y = np.quantile(plane.points[answers.labels == landmark], [0.5, 0.15], 0).diagonal()
            axis.annotate(
                names[landmark],
                (x, y),
                (0, -5),
                textcoords="offset points",
                fontsize=7,
                ha="center",
                va="top",
            )
    axis.set_title(f"{len(answers):,} photos by {plane.method}; x: under a wrong name", fontsize=9)
    axis.set_aspect("equal")
    return figure


def show_confused_pairs(
    answered: Answered, count: int = 6, *, among: Answered | None = None
) -> Figure:
    """A row per pair: the photo under a wrong name, and the one that it is most like. Shows photos.

    Needs `answer(..., embeddings=True)`, also of `among`, where the like is looked for.
    """
    subject = answered.subject
    others = None if among is None else among.answers
    pairs = confused_pairs(subject, answered.answers, count, among=others)
    figure, axes = _grid(max(1, len(pairs)), 2, 2.6)
    for line, pair in zip(axes, pairs, strict=False):
        landmark, taken = subject.names[pair.landmark], subject.names[pair.predicted]
        for axis, photo, words in (
            (line[0], pair.photo, f"{landmark}\ntaken for {taken} ({pair.confidence:.0%})"),
            (line[1], pair.similar, f"{taken}\ncosine {pair.similarity:.2f}"),
        ):
            image = Image.fromarray(decode(photo, min_side=_PX))
            image.thumbnail((2 * _PX, _PX))
            axis.imshow(np.asarray(image))
            axis.set_title(words, fontsize=8)
    return figure


def _grid(rows: int, columns: int, inches: float) -> tuple[Figure, Any]:
    """A figure of axes without ticks, and its axes (rows, columns)."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(
        rows, columns, figsize=(inches * columns, inches * rows), squeeze=False, layout="tight"
    )
    # The figure is returned and shown as a cell's value; pyplot must not show it once more.
    plt.close(figure)
    for axis in axes.flat:
        axis.set_axis_off()
    return figure, axes


def _color(number: int) -> tuple[float, float, float]:
    """A color for each landmark: steps of the golden angle keep neighbours in number apart."""
    from colorsys import hls_to_rgb

    return hls_to_rgb(number * 0.381966 % 1, (0.38, 0.52, 0.66)[number % 3], 0.62)
