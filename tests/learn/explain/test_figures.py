"""Figures for notebooks: what they hold, and that a notebook shows each once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from whereshot.learn.evaluate import answer
from whereshot.learn.explain import (
    show_confused_pairs,
    show_embeddings,
    show_filters,
    show_looks,
)


@pytest.fixture(autouse=True)
def none_left_open() -> Iterator[None]:
    """What pyplot holds open is drawn once more at the end of a notebook's cell."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    yield
    assert plt.get_fignums() == []


def test_looks_have_a_row_a_photo(bundle, painted: Path):
    photos = sorted((painted / "Machu_Picchu").iterdir())[1:3]

    figure = show_looks(bundle, photos)

    assert [axis.get_title() for axis in figure.axes] == [
        *("the photo", "for Machu Picchu"),
        *("the photo", "for Golden Gate Bridge"),
    ]
    assert all(axis.images for axis in figure.axes)


def test_filters_are_one_picture(run_subject):
    [axis] = show_filters(run_subject).axes

    assert axis.images[0].get_array().dtype == np.uint8


def test_embeddings_are_a_point_a_photo_and_a_cross_where_it_is_wrong(bundle, painted):
    [axis] = show_embeddings(answer(bundle, painted, embeddings=True)).axes

    counts = [len(each.get_offsets()) for each in axis.collections]
    assert counts == [4, 0, 2, 2, 1, 1]  # right and wrong, landmark by landmark
    assert {each.get_text() for each in axis.texts} == {
        "Golden Gate Bridge",
        "Machu Picchu",
        "Niagara Falls",
    }
    assert not axis.images


def test_confused_pairs_have_a_row_each(bundle, painted):
    figure = show_confused_pairs(answer(bundle, painted, embeddings=True), 1)

    left, right = (axis.get_title() for axis in figure.axes)
    assert left.startswith("Machu Picchu\ntaken for Golden Gate Bridge (")
    assert right == "Golden Gate Bridge\ncosine 1.00"


def test_the_like_may_come_from_the_training_photos(bundle, painted, tmp_path, paint):
    paint(tmp_path / "train" / "Golden_Gate_Bridge" / "a.png", "red", size=(50, 100))
    training = answer(bundle, tmp_path / "train", embeddings=True)

    figure = show_confused_pairs(answer(bundle, painted, embeddings=True), 1, among=training)

    height, width = figure.axes[1].images[0].get_array().shape[:2]
    assert height > width


def test_answers_without_embeddings_are_an_error(bundle, painted):
    with pytest.raises(ValueError, match="embeddings=True"):
        show_embeddings(answer(bundle, painted))
