"""Labels that the photos contradict: confident learning on out-of-fold probabilities.

A linear classifier on frozen features is fitted without a fold of the photos and then judges those,
until each photo was judged by a classifier that never saw its label. Near-duplicates share a fold:
two copies under one wrong label would vouch for each other. A label is suspect where another
landmark is as probable as it usually is for photos of that landmark (C. G. Northcutt, L. Jiang,
I. L. Chuang, "Confident Learning: Estimating Uncertainty in Dataset Labels", JAIR 70, 2021, in its
authors' library cleanlab), or where the label is next to impossible: the photo may show none of the
landmarks.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from whereshot.errors import DatasetError, MissingExtraError
from whereshot.learn.dataset import PhotoIndex, find_part, index_folder
from whereshot.learn.duplicates import group_hashes
from whereshot.learn.sets.features import Embedder, embed_photos
from whereshot.learn.sets.survey import ClassFolder, Survey, SurveyedPhoto
from whereshot.progress import silent

FOLDS = 5
STRENGTH = 100.0
"""The inverse of the regularization, of 3, 10, 30 and 100 the one with the highest out-of-fold
likelihood for 5,086 photos of 62 landmarks on features of EfficientNet-Lite0.
"""
CERTAINTY = 0.5
IMPROBABLE = 0.02
"""A label that is not more probable than this is suspect, whatever the photo shows instead."""

OnStage = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and how much there is."""


@dataclass(frozen=True, slots=True)
class Suspect:
    """A photo, relative to the judged folder, whose label is contradicted by what it shows."""

    photo: str
    label: str
    likely: str
    label_probability: float
    likely_probability: float

    @property
    def certainty(self) -> float:
        """How sure it is that the label is wrong, in [0, 1]."""
        return 1 - self.label_probability


@dataclass(frozen=True, slots=True)
class LabelCheck:
    """What came of judging labels.

    `folder` holds the judged class folders. `agreement` is the share of photos whose label is the
    most probable one. `too_few` are the folders that were not judged, with their numbers of photos.
    `saw_labels`: the features come from a network that was trained on these photos, which may have
    learned their wrong labels.
    """

    folder: Path
    features: str
    photos: int
    agreement: float
    certainty: float
    suspects: tuple[Suspect, ...]
    too_few: Mapping[str, int]
    saw_labels: bool = False


def check_labels(
    survey: Survey,
    identities: Mapping[ClassFolder, str],
    embedder: Embedder,
    *,
    certainty: float = CERTAINTY,
    cache: Path | None = None,
    on_stage: OnStage = silent,
) -> LabelCheck:
    """Judge the labels of the photos to train on, or of all photos in a plain folder.

    `identities` say which folders are of one landmark. Suspects are those with at least this
    `certainty`, the most certain first. Folders with fewer than 5 different photos are not judged.
    Raises DatasetError where fewer than two landmarks can be, MissingExtraError where scikit-learn
    or cleanlab is not installed.
    """
    require_packages()
    part = "train" if any(folder.part == "train" for folder in survey.folders) else ""
    root = find_part(survey.root, "train" if part else None)
    photos = [photo for photo in survey.photos if photo.folder.part == part and not photo.error]
    groups = group_hashes([photo.hash for photo in photos])
    judged, too_few = _with_enough(photos, groups, identities)
    if len({identities[photos[i].folder] for i in judged}) < 2:
        raise DatasetError(
            f"'{root}' has fewer than 2 landmarks with {FOLDS} or more different photos: there is "
            "nothing to compare their labels with."
        )
    index = _index(root, [photos[i] for i in judged], identities)
    features = embed_photos(
        index,
        embedder,
        cache=cache,
        report=lambda done, total: on_stage("looking at photos", done, total),
    )
    labels = np.array(index.labels)[features.numbers]
    probabilities = out_of_fold(
        features.vectors,
        labels,
        np.array([groups[i] for i in judged])[features.numbers],
        on_fold=lambda done: on_stage("judging labels", done, FOLDS),
    )
    paths = [index.paths[i].relative_to(root).as_posix() for i in features.numbers]
    return LabelCheck(
        folder=root,
        features=embedder.name,
        photos=len(labels),
        agreement=round(float((probabilities.argmax(axis=1) == labels).mean()), 4),
        certainty=certainty,
        suspects=tuple(
            Suspect(
                paths[i],
                index.classes[labels[i]],
                index.classes[likely],
                round(float(probabilities[i, labels[i]]), 4),
                round(float(probabilities[i, likely]), 4),
            )
            for i, likely in find_suspects(probabilities, labels, certainty)
        ),
        too_few=too_few,
        saw_labels=_saw_labels(embedder, root),
    )


def out_of_fold(
    vectors: NDArray[np.float32],
    labels: NDArray[np.int64],
    groups: NDArray[np.int64],
    *,
    seed: int = 0,
    on_fold: Callable[[int], object] | None = None,
) -> NDArray[np.float64]:
    """The probabilities (N, K) for vectors (N, D), each by a classifier fitted without it.

    Vectors of one of the `groups` (N,) are judged by the same classifier. `on_fold` is called with
    the number of classifiers that are done, of 5.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedGroupKFold

    probabilities = np.zeros((len(labels), int(labels.max()) + 1))
    folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed)
    for done, (fitted, judged) in enumerate(folds.split(vectors, labels, groups), start=1):
        classifier = LogisticRegression(C=STRENGTH, max_iter=1000, tol=1e-3)
        classifier.fit(vectors[fitted], labels[fitted])
        # A class may be missing among the fitted ones: it keeps the probability 0.
        probabilities[np.ix_(judged, classifier.classes_)] = classifier.predict_proba(
            vectors[judged]
        )
        if on_fold is not None:
            on_fold(done)
    return probabilities


def find_suspects(
    probabilities: NDArray[np.float64], labels: NDArray[np.int64], certainty: float
) -> list[tuple[int, int]]:
    """Numbers of suspect labels with the most probable class instead, the most certain first.

    Of the labels whose probability is at most 1 - `certainty`.
    """
    from cleanlab.filter import find_label_issues

    contradicted = find_label_issues(
        labels, probabilities, filter_by="confident_learning", n_jobs=1
    )
    likely = probabilities.argmax(axis=1)
    of_label = probabilities[np.arange(len(labels)), labels]
    suspect = (contradicted | (of_label <= IMPROBABLE)) & (of_label <= 1 - certainty)
    order = np.argsort(of_label, kind="stable")
    return [(int(i), int(likely[i])) for i in order if suspect[i] and likely[i] != labels[i]]


def require_packages() -> None:
    """Raise MissingExtraError, with the command that helps, where one is not installed."""
    for module, package in (("sklearn", "scikit-learn"), ("cleanlab", "cleanlab")):
        if find_spec(module) is None:
            raise MissingExtraError(
                f"Judging labels needs {package}, which is not installed: "
                "pip install 'whereshot[learn]'"
            )


def _with_enough(
    photos: Sequence[SurveyedPhoto], groups: Sequence[int], identities: Mapping[ClassFolder, str]
) -> tuple[list[int], dict[str, int]]:
    """Numbers of the photos of landmarks that each fold has one of, and the folders of the others.

    A class that a classifier was not fitted on would have probability 0: each label an error.
    """
    different: defaultdict[str, set[int]] = defaultdict(set)
    for photo, group in zip(photos, groups, strict=True):
        different[identities[photo.folder]].add(group)
    enough = [len(different[identities[photo.folder]]) >= FOLDS for photo in photos]
    too_few = Counter(
        photo.folder.name for photo, is_enough in zip(photos, enough, strict=True) if not is_enough
    )
    return [i for i, is_enough in enumerate(enough) if is_enough], dict(too_few)


def _index(
    root: Path, photos: Sequence[SurveyedPhoto], identities: Mapping[ClassFolder, str]
) -> PhotoIndex:
    """An index whose classes have the names of folders; two folders of one landmark are one."""
    names: dict[str, str] = {}
    for photo in photos:
        names.setdefault(identities[photo.folder], photo.folder.name)
    numbers = {identity: number for number, identity in enumerate(names)}
    return PhotoIndex(
        root,
        tuple(names.values()),
        tuple(photo.path for photo in photos),
        tuple(numbers[identities[photo.folder]] for photo in photos),
    )


def _saw_labels(embedder: Embedder, root: Path) -> bool:
    if embedder.trained_on is None:
        return False
    try:
        return embedder.trained_on == index_folder(root).fingerprint()
    except DatasetError:
        return False  # nothing was ever trained on such a folder
