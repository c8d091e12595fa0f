"""What a bundle holds beside its network: landmarks, prototypes, its provenance."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from whereshot.errors import ExportError, LandmarkNotFoundError
from whereshot.gazetteer import Gazetteer
from whereshot.learn.answers import collect_answers
from whereshot.learn.dataset import PhotoIndex
from whereshot.learn.run import Run
from whereshot.photo import Preprocessing
from whereshot.recognize.bundle import Prototypes
from whereshot.recognize.session import Session
from whereshot.recognize.verdict import calibrated_probabilities
from whereshot.records import Landmark

Report = Callable[[int, int], None]
"""Called as report(photos done, photos in all)."""


def silent(done: int, total: int) -> None:
    """Report nothing."""


@dataclass(frozen=True, slots=True)
class Exported:
    """A network that was exported, and all that is needed to ask it about photos."""

    session: Session
    preprocessing: Preprocessing
    temperature: float

    def probabilities(
        self, index: PhotoIndex, report: Report = silent
    ) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """The calibrated probabilities (N, K) of photos, and their labels (N,)."""

        def model(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
            logits = self.session.run(pixels).logits
            assert logits is not None
            return logits

        answers = collect_answers(model, index, self.preprocessing, report=report)
        return calibrated_probabilities(answers.logits, self.temperature), answers.labels

    def embeddings(
        self, index: PhotoIndex, report: Report = silent
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """The embeddings (N, D) of photos, and their labels (N,)."""

        def embed(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
            embedding = self.session.run(pixels, ("embedding",)).embedding
            assert embedding is not None
            return embedding

        # Embeddings are collected as logits are: one row of floats a photo.
        answers = collect_answers(embed, index, self.preprocessing, report=report)
        return answers.logits, answers.labels


def landmarks_of(classes: Sequence[str], gazetteer: Gazetteer) -> list[Landmark]:
    """The gazetteer's landmark for each class folder; ExportError where one is unknown."""
    found: list[Landmark] = []
    for name in classes:
        try:
            found.append(gazetteer.resolve(name))
        except LandmarkNotFoundError as error:
            raise ExportError(
                f"The class folder '{name}' is no landmark of the gazetteer, so a bundle could not "
                f"say where it is. {error} Or give a gazetteer of your own (--gazetteer FILE), or "
                "take the network alone (--no-bundle)."
            ) from None
    return found


def class_prototypes(exported: Exported, index: PhotoIndex, report: Report = silent) -> Prototypes:
    """The normalized mean embedding of each class's photos: vectors (P, D), owners (P,)."""
    embeddings, labels = exported.embeddings(index, report)
    sums = np.zeros((len(index.classes), embeddings.shape[1]), np.float64)
    np.add.at(sums, labels, embeddings)
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    owners = np.flatnonzero(lengths[:, 0] > 0)
    vectors = sums[owners] / lengths[owners]
    return Prototypes(vectors.astype(np.float32), owners.astype(np.int64))


def provenance_of(
    run: Run, landmarks: Sequence[Landmark], parities: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Where a bundle comes from: recipe, classes, data, versions, results, checks; no paths.

    `classes` maps the folder of each class to the id of its landmark, in output order.
    """
    recipe = dict(run.meta["recipe"])
    places = ("train", "unknown", "exclude")
    recipe["data"] = {key: value for key, value in recipe["data"].items() if key not in places}
    kept = (
        *("fingerprint", "training_photos", "validation_photos", "training_counts"),
        *("unknown_fingerprint", "unknown_photos"),
    )
    data = run.meta["data"]
    found = {
        "recipe": recipe,
        "classes": {
            name: landmark.id for name, landmark in zip(run.classes, landmarks, strict=True)
        },
        "data": {key: data[key] for key in kept if key in data},
        "versions": run.meta["versions"],
        "results": run.meta["results"],
        "parity": [dict(parity) for parity in parities],
    }
    return cast(dict[str, Any], _without_paths(found))


def _without_paths(value: object) -> object:
    """The same plain values without those texts that are absolute paths, wherever they stand."""
    if isinstance(value, Mapping):
        kept = {key: _without_paths(inner) for key, inner in cast(Any, value).items()}
        return {key: inner for key, inner in kept.items() if not _is_path(inner)}
    if isinstance(value, list | tuple):
        inner = (_without_paths(each) for each in cast("Sequence[object]", value))
        return [each for each in inner if not _is_path(each)]
    return value


def _is_path(value: object) -> bool:
    # Of this system or another one: a run may be exported elsewhere than where it was trained.
    return isinstance(value, str) and (
        PurePosixPath(value).is_absolute() or PureWindowsPath(value).is_absolute()
    )
