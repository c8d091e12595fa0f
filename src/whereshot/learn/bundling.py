"""What a bundle holds beside its network: landmarks, prototypes, its provenance."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from whereshot.errors import ExportError, LandmarkNotFoundError
from whereshot.gazetteer import Gazetteer
from whereshot.learn.answers import Answers, collect_answers, take_apart, with_embeddings
from whereshot.learn.dataset import PhotoIndex
from whereshot.learn.run import Run
from whereshot.photo import Preprocessing
from whereshot.recognize.prototypes import Prototypes
from whereshot.recognize.session import Session
from whereshot.records import Landmark

Report = Callable[[int, int], None]
"""Called as report(photos done, photos in all)."""

PER_LANDMARK = 4
OTHERS = 128
"""How many prototypes. On held-out photos 1, 4 and 8 a landmark, and 64, 128 and 256 of photos
without one, tell landmarks from none equally well (AUROC 0.994 to 0.995, see docs/log.md).
"""


def silent(done: int, total: int) -> None:
    """Report nothing."""


@dataclass(frozen=True, slots=True)
class Exported:
    """A network that was exported, and all that is needed to ask it about photos."""

    session: Session
    preprocessing: Preprocessing
    temperature: float

    def answers(self, index: PhotoIndex, report: Report = silent) -> Answers:
        """The logits and embeddings of the photos of an index."""
        model = with_embeddings(self.session.run)
        rows = collect_answers(model, index, self.preprocessing, report=report)
        return take_apart(rows, self.session.classes)


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


def make_prototypes(
    exported: Exported,
    landmarks: PhotoIndex,
    others: PhotoIndex | None = None,
    report: Report = silent,
) -> Prototypes:
    """Up to `PER_LANDMARK` prototypes of each class, and `OTHERS` of photos without a landmark.

    Centers of k-means on the embeddings, put back on the sphere (I. S. Dhillon, D. S. Modha,
    "Concept Decompositions for Large Sparse Text Data Using Clustering", 2001): a landmark looks
    different by day and by night, from the front and from inside.
    """
    total = len(landmarks) + len(others or ())
    seen = exported.answers(landmarks, lambda done, _: report(done, total))
    embeddings = embeddings_of(seen)
    vectors: list[NDArray[np.float32]] = []
    owners: list[int] = []
    for label in np.unique(seen.labels).tolist():
        centers = _centers(embeddings[seen.labels == label], PER_LANDMARK)
        vectors.append(centers)
        owners += [label] * len(centers)
    found = Prototypes(np.concatenate(vectors), np.array(owners, dtype=np.int64))
    if others is None:
        return found
    strangers = exported.answers(others, lambda done, _: report(len(landmarks) + done, total))
    return dataclasses.replace(found, others=_centers(embeddings_of(strangers), OTHERS))


def embeddings_of(answers: Answers) -> NDArray[np.float32]:
    """The embeddings (N, D) of answers that have them."""
    assert answers.embeddings is not None
    return answers.embeddings


def _centers(embeddings: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    """At most so many centers of embeddings (N, D), float32 and of length 1."""
    from sklearn.cluster import KMeans

    different = len(np.unique(embeddings, axis=0))  # k-means warns where it finds fewer
    clustering = KMeans(min(count, different), n_init=4, random_state=0)  # pyright: ignore[reportArgumentType]
    means = clustering.fit(embeddings).cluster_centers_
    lengths = np.linalg.norm(means, axis=1, keepdims=True)
    return (means[lengths[:, 0] > 0] / lengths[lengths[:, 0] > 0]).astype(np.float32)


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
