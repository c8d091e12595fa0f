"""What a bundle holds beside its network: landmarks, prototypes, a threshold, its provenance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

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

DEFAULT_MIN_PROBABILITY = 0.5


@dataclass(frozen=True, slots=True)
class Threshold:
    """The least probability that makes a verdict, and the error rates that it was chosen for."""

    min_probability: float
    chosen_for: Mapping[str, Any]


def landmarks_of(classes: Sequence[str], gazetteer: Gazetteer) -> list[Landmark]:
    """The gazetteer's landmark for each class folder; ExportError where one is unknown."""
    found: list[Landmark] = []
    for name in classes:
        try:
            found.append(gazetteer.resolve(name))
        except LandmarkNotFoundError as error:
            raise ExportError(
                f"The class folder '{name}' is no landmark of the gazetteer, so a bundle could not "
                f"say where it is. {error} Or give a gazetteer of your own: --gazetteer FILE."
            ) from None
    return found


def class_prototypes(
    session: Session, preprocessing: Preprocessing, index: PhotoIndex
) -> Prototypes:
    """The normalized mean embedding of each class's photos: vectors (P, D), owners (P,)."""

    def embed(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        embedding = session.run(pixels, ("embedding",)).embedding
        assert embedding is not None
        return embedding

    # Embeddings are collected as logits are: one row of floats a photo.
    answers = collect_answers(embed, index, preprocessing)
    sums = np.zeros((len(index.classes), session.embedding_size), np.float64)
    np.add.at(sums, answers.labels, answers.logits)
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    owners = np.flatnonzero(lengths[:, 0] > 0)
    vectors = sums[owners] / lengths[owners]
    return Prototypes(vectors.astype(np.float32), owners.astype(np.int64))


def choose_threshold(
    session: Session,
    preprocessing: Preprocessing,
    temperature: float,
    *,
    unknown: PhotoIndex,
    landmarks: PhotoIndex | None,
    max_false_share: float,
) -> Threshold:
    """The least probability at which at most `max_false_share` of the unknown photos are named.

    Never below one half. `landmarks` are held-out photos of landmarks (None: there are none): on
    them is measured what the threshold costs.
    """

    def probabilities(index: PhotoIndex) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        def model(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
            logits = session.run(pixels).logits
            assert logits is not None
            return logits

        answers = collect_answers(model, index, preprocessing)
        return calibrated_probabilities(answers.logits, temperature), answers.labels

    false = np.sort(probabilities(unknown)[0].max(axis=1))
    allowed = int(max_false_share * len(false))
    first_too_many = false[-1 - allowed] if allowed < len(false) else 0.0
    threshold = max(DEFAULT_MIN_PROBABILITY, float(np.nextafter(first_too_many, 1)))
    figures: dict[str, Any] = {
        "unknown_photos": len(false),
        "unknown_named_share": round(float((false >= threshold).mean()), 5),
    }
    if landmarks is not None:
        table, labels = probabilities(landmarks)
        named = table.max(axis=1) >= threshold
        right = table.argmax(axis=1) == labels
        figures |= {
            "landmark_photos": len(labels),
            "landmark_right_share": round(float((named & right).mean()), 5),
            "landmark_wrong_share": round(float((named & ~right).mean()), 5),
        }
    return Threshold(threshold, figures)


def provenance_of(run: Run, parities: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Where a bundle comes from: recipe, data, versions, results, checks; no paths."""
    recipe = dict(run.meta["recipe"])
    places = ("train", "exclude", "unknown")
    recipe["data"] = {key: value for key, value in recipe["data"].items() if key not in places}
    kept = ("fingerprint", "training_photos", "validation_photos", "unknown_photos")
    data = run.meta["data"]
    return {
        "recipe": recipe,
        "data": {key: data[key] for key in kept if key in data}
        | {"excluded_photos": len(data.get("excluded", ()))},
        "versions": run.meta["versions"],
        "results": run.meta["results"],
        "parity": [dict(parity) for parity in parities],
    }
