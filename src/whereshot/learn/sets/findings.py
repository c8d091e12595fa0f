"""What is wrong with a data set: findings from a survey, errors first.

An error spoils training or its measurement: photos that can't be read, landmarks without photos,
one landmark in two folders, the same photo under two landmarks (at least one label is wrong) or in
both train and test (the test is too easy). A warning is worth a look.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from whereshot.errors import LandmarkNotFoundError
from whereshot.gazetteer import Gazetteer
from whereshot.learn.dataset import class_key
from whereshot.learn.duplicates import group_hashes
from whereshot.learn.sets.pixels import SOFT
from whereshot.learn.sets.survey import ClassFolder, Survey, SurveyedPhoto
from whereshot.photo.formats import Format
from whereshot.photo.perceptual import MAX_DISTANCE

if TYPE_CHECKING:  # it brings ONNX Runtime with it, which a check of files does without
    from whereshot.learn.sets.labels import LabelCheck

Severity = Literal["error", "warning"]

SMALL = 64
"""Networks look at 200 px and more: a photo with a shorter side below this is enlarged thrice."""

TITLES = {
    "unreadable": "photos that can't be read",
    "empty": "landmark folders without a readable photo",
    "same_landmark": "landmarks with two folders",
    "wrong_label": "photos under two landmarks: at least one label is wrong",
    "leak": "photos in both train and test: the test is too easy",
    "duplicate": "near-duplicates within a landmark",
    "single": "landmarks with one photo to train on",
    "untrained": "landmarks in test that train doesn't have",
    "untested": "landmarks in train that test doesn't have",
    "unknown_landmark": "folders that the gazetteer doesn't know",
    "suspect": "labels that look wrong",
    "squashed": "folders with photos of one square size: squashed or cropped by their source?",
    "small": f"photos with a side below {SMALL} px",
    "soft": "photos without fine detail: enlarged or blurred?",
    "wrong_suffix": "photos whose content is not what their suffix says",
    "unseen": "photos that training passes over",
}
"""What each kind of finding is about, in the order in which they are told."""

_MANY, _MANY_SHARE = 10, 0.1  # photos of one square size in a folder that are no coincidence

_SUFFIXES: dict[Format, tuple[str, ...]] = {
    "JPEG": (".jpg", ".jpeg"),
    "TIFF": (".tif", ".tiff"),
    "HEIC": (".heic", ".heif"),
    "PNG": (".png",),
    "WEBP": (".webp",),
    "AVIF": (".avif",),
    "GIF": (".gif",),
    "BMP": (".bmp",),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong or odd; `paths` are relative to the data set's folder."""

    severity: Severity
    kind: str
    message: str
    paths: tuple[str, ...] = ()


def find_problems(
    survey: Survey,
    gazetteer: Gazetteer,
    *,
    max_distance: int = MAX_DISTANCE,
    labels: LabelCheck | None = None,
) -> list[Finding]:
    """All findings, in the order of `TITLES`; the survey must have decoded its photos."""
    identities = identify(survey, gazetteer)
    findings = [
        *_files(survey),
        *_folders(survey, identities),
        *_unknown(survey, gazetteer),
        *_squares(survey),
        *_copies(survey, identities, max_distance),
    ]
    order = list(TITLES)
    findings.sort(key=lambda finding: (order.index(finding.kind), finding.severity, finding.paths))
    if labels is not None:  # sorted already, by certainty
        before = order.index("suspect")
        place = sum(order.index(finding.kind) < before for finding in findings)
        findings[place:place] = _suspects(survey, labels)
    return findings


def identify(survey: Survey, gazetteer: Gazetteer) -> dict[ClassFolder, str]:
    """What each folder is of: equal for all folders of one landmark, whatever they are called."""
    return {folder: _identity(folder.name, gazetteer) for folder in survey.folders}


def _identity(name: str, gazetteer: Gazetteer) -> str:
    """What two folders of one landmark have in common, whatever they are called."""
    try:
        return gazetteer.resolve(name).id
    except LandmarkNotFoundError:
        return class_key(name)


def _files(survey: Survey) -> Iterator[Finding]:
    for photo in survey.photos:
        told = (survey.relative(photo.path),)
        if photo.error is not None:
            yield Finding("error", "unreadable", photo.error, told)
        elif photo.kind and photo.path.suffix.lower() not in _SUFFIXES[photo.kind]:
            right = _SUFFIXES[photo.kind][0]
            message = f"{told[0]} is a {photo.kind} file: its suffix should be {right}."
            yield Finding("warning", "wrong_suffix", message, told)
        if photo.error is None and 0 < photo.short_side < SMALL:
            message = f"{told[0]} has {photo.width} x {photo.height} px."
            yield Finding("warning", "small", message, told)
        elif photo.detail is not None and photo.detail < SOFT:
            size = f"{photo.width} x {photo.height} px"
            message = f"{told[0]} ({size}) has no more detail than at half its size."
            yield Finding("warning", "soft", message, told)
    for path, kind in survey.unseen.items():
        told = survey.relative(path)
        message = (
            f"{told} is a {kind} file outside the landmark folders or without a photo's suffix."
        )
        yield Finding("warning", "unseen", message, (told,))


def _folders(survey: Survey, identities: dict[ClassFolder, str]) -> Iterator[Finding]:
    readable = dict.fromkeys(survey.folders, 0)
    for photo in survey.photos:
        readable[photo.folder] += photo.error is None
    of_landmark: defaultdict[tuple[str, str], list[ClassFolder]] = defaultdict(list)
    for folder, count in readable.items():
        told = _told(folder)
        of_landmark[folder.part, identities[folder]].append(folder)
        if count == 0:
            # A landmark without test photos is only not measured.
            severity = "warning" if folder.part == "test" else "error"
            message = f"{told} has no readable photo. Add photos, or remove the folder."
            yield Finding(severity, "empty", message, (told,))
        elif count == 1 and folder.part != "test":
            message = f"{told} has one photo: too few to learn from, none left to validate with."
            yield Finding("warning", "single", message, (told,))
    for (_, identity), folders in of_landmark.items():
        if len(folders) > 1:
            told = tuple(map(_told, folders))
            message = f"{' and '.join(told)} are one landmark ({identity}). Merge them."
            yield Finding("error", "same_landmark", message, told)
    landmarks = {
        part: {identities[folder]: folder for folder in survey.folders if folder.part == part}
        for part in ("train", "test")
    }
    if landmarks["train"] and landmarks["test"]:
        for part, other, kind, meaning in (
            ("test", "train", "untrained", "its photos are all answered wrongly"),
            ("train", "test", "untested", "how well it is recognized is not measured"),
        ):
            for identity, folder in landmarks[part].items():
                if identity not in landmarks[other]:
                    told = _told(folder)
                    message = f"{told} has no folder in {other}: {meaning}."
                    yield Finding("warning", kind, message, (told,))


def _squares(survey: Survey) -> Iterator[Finding]:
    """Folders whose photos have the same square size: cameras don't make them so."""
    of_folder: defaultdict[ClassFolder, list[SurveyedPhoto]] = defaultdict(list)
    for photo in survey.photos:
        if photo.error is None:
            of_folder[photo.folder].append(photo)
    for folder, photos in of_folder.items():
        sides = Counter(photo.width for photo in photos if photo.width == photo.height > 0)
        for side, count in sides.items():
            if count >= max(_MANY, _MANY_SHARE * len(photos)):
                told = tuple(
                    survey.relative(photo.path)
                    for photo in photos
                    if photo.width == photo.height == side
                )
                message = (
                    f"{_told(folder)}: {count} of {len(photos)} photos have {side} x {side} px. "
                    "If they were squashed, whatever is shown has another shape than in the others."
                )
                yield Finding("warning", "squashed", message, told)


def _unknown(survey: Survey, gazetteer: Gazetteer) -> Iterator[Finding]:
    for name in sorted({folder.name for folder in survey.folders}):
        try:
            gazetteer.resolve(name)
        except LandmarkNotFoundError:
            close = " or ".join(landmark.id for landmark in gazetteer.closest(name, 2))
            message = (
                f"{name} is not in the gazetteer, so it has no place on the map. "
                f"Closest: {close or 'none'}."
            )
            told = tuple(_told(folder) for folder in survey.folders if folder.name == name)
            yield Finding("warning", "unknown_landmark", message, told)


def _copies(
    survey: Survey, identities: dict[ClassFolder, str], max_distance: int
) -> Iterator[Finding]:
    groups: defaultdict[int, list[SurveyedPhoto]] = defaultdict(list)
    numbers = group_hashes([photo.hash for photo in survey.photos], max_distance=max_distance)
    for photo, number in zip(survey.photos, numbers, strict=True):
        groups[number].append(photo)
    for group in groups.values():
        if len(group) == 1:
            continue
        told = tuple(survey.relative(photo.path) for photo in group)
        labels = _distinct(identities[photo.folder] for photo in group)
        parts = _distinct(photo.folder.part for photo in group)
        if len(labels) > 1:
            message = f"One photo is labelled {' and '.join(labels)}."
            yield Finding("error", "wrong_label", message, told)
        if len(parts) > 1:
            message = f"One photo of {labels[0]} is in {' and '.join(parts)}."
            yield Finding("error", "leak", message, told)
        if len(labels) == len(parts) == 1:
            message = f"{len(group)} photos of {labels[0]} are nearly the same."
            yield Finding("warning", "duplicate", message, told)


def _suspects(survey: Survey, labels: LabelCheck) -> Iterator[Finding]:
    for suspect in labels.suspects:
        told = survey.relative(labels.folder / suspect.photo)
        message = (
            f"{told} looks like {suspect.likely} ({suspect.likely_probability:.1%} probable, "
            f"its label {suspect.label_probability:.1%})."
            if suspect.likely_probability >= 0.5
            else f"{told} looks like no other photo of {suspect.label} "
            f"({suspect.label_probability:.1%} probable)."
        )
        yield Finding("warning", "suspect", message, (told,))


def _distinct(values: Iterator[str]) -> Sequence[str]:
    return list(dict.fromkeys(values))


def _told(folder: ClassFolder) -> str:
    return f"{folder.part}/{folder.name}" if folder.part else folder.name
