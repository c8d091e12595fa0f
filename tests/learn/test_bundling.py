"""Prototypes and provenance of a bundle, on a network whose answers are known."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from whereshot.errors import ExportError
from whereshot.gazetteer import load_gazetteer
from whereshot.learn.bundling import Exported, landmarks_of, make_prototypes, provenance_of
from whereshot.learn.dataset import PhotoIndex


def test_photos_of_a_class_that_look_alike_share_a_prototype(
    exported: Exported, colors: PhotoIndex
) -> None:
    told: list[tuple[int, int]] = []
    prototypes = make_prototypes(exported, colors, report=lambda *step: told.append(step))
    assert prototypes.owner.tolist() == [0, 1, 2]
    assert np.linalg.norm(prototypes.vectors, axis=1) == pytest.approx(1)
    # The tiny network's embedding is the mean color: each prototype points along its channel.
    assert prototypes.vectors.argmax(axis=1).tolist() == [0, 1, 2]
    assert told[-1] == (6, 6)


def test_a_landmark_that_looks_different_has_several_prototypes(
    exported: Exported, colors: PhotoIndex
) -> None:
    # All photos as one landmark: red, green and blue are three looks of it.
    one = PhotoIndex(colors.root, ("all",), colors.paths, (0,) * len(colors))
    prototypes = make_prototypes(exported, one, colors)
    assert prototypes.owner.tolist() == [0, 0, 0]
    assert sorted(prototypes.vectors.argmax(axis=1).tolist()) == [0, 1, 2]
    assert sorted(prototypes.others.argmax(axis=1).tolist()) == [0, 1, 2]


def test_a_class_without_photos_has_no_prototype(exported: Exported, colors: PhotoIndex) -> None:
    only_red = colors.subset([n for n, label in enumerate(colors.labels) if label == 0])
    assert make_prototypes(exported, only_red).owner.tolist() == [0]


def test_a_class_that_the_gazetteer_does_not_know_says_what_to_do() -> None:
    with pytest.raises(ExportError, match=r"'Nowhere' is no .*--gazetteer FILE.*--no-bundle"):
        landmarks_of(["16.Eiffel_Tower", "Nowhere"], load_gazetteer())


def test_provenance_names_the_landmark_of_each_class_and_no_place_on_this_machine() -> None:
    class FakeRun:
        classes = ("Machu_Picchu", "16.Eiffel_Tower")
        meta: Any = {  # noqa: RUF012
            "recipe": {
                "name": "tiny",
                "data": {
                    "train": "photos",
                    "unknown": "things",
                    "exclude": "wrong.txt",
                    "balance": 0.5,
                },
                "model": {"architecture": "timm/test_resnet", "start": "/home/me/run"},
            },
            "data": {
                "fingerprint": "f00",
                "training_photos": 10,
                "training_counts": [4, 6],
                "unknown_fingerprint": "ba5",
                "validation_paths": ["Machu_Picchu/me.jpg"],
                "unreadable": [["/home/me/photos/a.jpg", "is damaged"]],
            },
            "versions": {"torch": "2.14"},
            "results": {"temperature": 1.0, "log": "C:\\Users\\me\\log", "curve": ["/tmp/a", 1]},
        }

    run: Any = FakeRun()
    landmarks = landmarks_of(run.classes, load_gazetteer())
    found = provenance_of(run, landmarks, [{"format": "onnx", "photos": 9}])
    assert found == {
        "recipe": {
            "name": "tiny",
            "data": {"balance": 0.5},
            "model": {"architecture": "timm/test_resnet"},
        },
        "classes": {"Machu_Picchu": "machu_picchu", "16.Eiffel_Tower": "eiffel_tower"},
        "data": {
            "fingerprint": "f00",
            "training_photos": 10,
            "training_counts": [4, 6],
            "unknown_fingerprint": "ba5",
        },
        "versions": {"torch": "2.14"},
        "results": {"temperature": 1.0, "curve": [1]},
        "parity": [{"format": "onnx", "photos": 9}],
    }
    assert list(found["classes"]) == list(run.classes)
    assert json.loads(json.dumps(found)) == found
