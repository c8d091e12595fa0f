"""Prototypes and the threshold of a bundle, on a network whose answers are known."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from whereshot.learn.bundling import choose_threshold, class_prototypes
from whereshot.learn.dataset import PhotoIndex, index_folder
from whereshot.photo import Preprocessing
from whereshot.recognize import Session, read_bundle

PREPROCESSING = Preprocessing(32)


@pytest.fixture
def session(tiny_bundle: Path) -> Session:
    return Session(read_bundle(tiny_bundle).model_path)


@pytest.fixture
def colors(tmp_path: Path, paint: Callable[..., Path]) -> PhotoIndex:
    for color in ("red", "green", "blue"):
        (tmp_path / "photos" / color).mkdir(parents=True)
        for number in range(2):
            paint(tmp_path / "photos" / color / f"{number}.png", color)
    return index_folder(tmp_path / "photos").matched_to(["red", "green", "blue"])


def test_a_prototype_is_the_normalized_mean_of_its_class(
    session: Session, colors: PhotoIndex
) -> None:
    prototypes = class_prototypes(session, PREPROCESSING, colors)
    assert prototypes.owner.tolist() == [0, 1, 2]
    assert np.linalg.norm(prototypes.vectors, axis=1) == pytest.approx(1)
    # The tiny network's embedding is the mean color: each prototype points along its channel.
    assert prototypes.vectors.argmax(axis=1).tolist() == [0, 1, 2]


def test_a_class_without_photos_has_no_prototype(session: Session, colors: PhotoIndex) -> None:
    only_red = colors.subset([n for n, label in enumerate(colors.labels) if label == 0])
    assert class_prototypes(session, PREPROCESSING, only_red).owner.tolist() == [0]


def test_the_threshold_lets_no_more_unknown_photos_through_than_allowed(
    tmp_path: Path, session: Session, colors: PhotoIndex, paint: Callable[..., Path]
) -> None:
    strangers = tmp_path / "strangers"
    strangers.mkdir()
    unknown = PhotoIndex(
        strangers,
        ("unknown",),
        (
            paint(strangers / "0.png", "red"),  # looks like a landmark, surely
            *(paint(strangers / f"{n}.png", "grey") for n in range(1, 4)),
        ),
        (0,) * 4,
    )

    def choose(share: float) -> tuple[float, dict[str, object]]:
        found = choose_threshold(
            session,
            PREPROCESSING,
            1.0,
            unknown=unknown,
            landmarks=colors,
            max_false_share=share,
        )
        return found.min_probability, dict(found.chosen_for)

    strict, figures = choose(0.0)
    assert figures["unknown_named_share"] == 0
    assert strict > 0.99
    loose, figures = choose(0.25)
    assert figures == {
        "unknown_photos": 4,
        "unknown_named_share": 0.25,
        "landmark_photos": 6,
        "landmark_right_share": 1.0,
        "landmark_wrong_share": 0.0,
    }
    assert loose == 0.5
