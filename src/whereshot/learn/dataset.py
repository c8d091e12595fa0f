"""Folders of photos as a data set: an index without torch, its splits, its fingerprint."""

from __future__ import annotations

import difflib
import hashlib
import random
from collections import defaultdict
from collections.abc import Container, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from whereshot.errors import DatasetError
from whereshot.photo.suffixes import PHOTO_SUFFIXES, is_photo

Part = Literal["train", "test"]


@dataclass(frozen=True, slots=True)
class PhotoIndex:
    """N photos of K classes. `labels[i]` is the class number of `paths[i]`."""

    root: Path
    classes: tuple[str, ...]
    paths: tuple[Path, ...]
    labels: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.paths)

    def counts(self) -> list[int]:
        """Photos per class, in the order of `classes`."""
        counts = [0] * len(self.classes)
        for label in self.labels:
            counts[label] += 1
        return counts

    def source(self, number: int) -> Path:
        """Where a photo lies."""
        return self.paths[number]

    def name(self, number: int) -> str:
        """What messages call a photo."""
        return str(self.paths[number])

    def subset(self, numbers: Sequence[int]) -> PhotoIndex:
        """The photos with these numbers, of the same classes."""
        return PhotoIndex(
            self.root,
            self.classes,
            tuple(self.paths[i] for i in numbers),
            tuple(self.labels[i] for i in numbers),
        )

    def without(self, left_out: Container[str]) -> PhotoIndex:
        """The photos but those with these paths, relative to the root, with slashes."""
        relative = (path.relative_to(self.root).as_posix() for path in self.paths)
        return self.subset([i for i, path in enumerate(relative) if path not in left_out])

    def without_classes(self, left_out: Sequence[str]) -> PhotoIndex:
        """The photos of all other classes, which are numbered anew.

        A class is named by its folder, in any spelling of it. Raises DatasetError for one that is
        not there.
        """
        gone = {class_key(name): name for name in left_out}
        known = {class_key(name) for name in self.classes}
        if unknown := [name for key, name in gone.items() if key not in known]:
            close = difflib.get_close_matches(unknown[0], self.classes, n=1)
            hint = f" Did you mean '{close[0]}'?" if close else ""
            raise DatasetError(f"'{self.root}' has no class '{unknown[0]}' to leave out.{hint}")
        kept = [name for name in self.classes if class_key(name) not in gone]
        return self.matched_to(kept)

    def matched_to(self, classes: Sequence[str]) -> PhotoIndex:
        """The photos of these classes, numbered in their order; photos of others are left out.

        Folders that name one class in two ways (`16.Eiffel_Tower`, `Eiffel_Tower`) are one.
        Raises DatasetError where no photo is left.
        """
        numbers = {class_key(name): number for number, name in enumerate(classes)}
        new_label = [numbers.get(class_key(name)) for name in self.classes]
        kept = [
            (path, new_label[label]) for path, label in zip(self.paths, self.labels, strict=True)
        ]
        known = [(path, label) for path, label in kept if label is not None]
        if not known:
            raise DatasetError(
                f"'{self.root}' has no photos of the {len(classes)} classes that are asked for "
                f"({', '.join(classes[:3])}{', ...' if len(classes) > 3 else ''}); "
                f"its folders are {', '.join(self.classes[:3])}."
            )
        paths, labels = zip(*known, strict=True)
        return PhotoIndex(self.root, tuple(classes), paths, labels)

    def followed_by(self, unknown: PhotoIndex) -> PhotoIndex:
        """These photos and then those without a landmark, which get the label K."""
        labels = self.labels + (len(self.classes),) * len(unknown)
        return PhotoIndex(self.root, self.classes, self.paths + unknown.paths, labels)

    def fingerprint(self) -> str:
        """SHA-256 over class names, relative paths and file sizes: the same data, the same hex."""
        digest = hashlib.sha256()
        for path, label in sorted(zip(self.paths, self.labels, strict=True)):
            relative = path.relative_to(self.root).as_posix()
            line = f"{self.classes[label]}\0{relative}\0{path.stat().st_size}\n"
            digest.update(line.encode("utf-8", "surrogateescape"))
        return digest.hexdigest()


def class_key(folder: str) -> str:
    """What identifies a class folder: `09.Golden_Gate_Bridge` and `golden gate bridge` are one.

    >>> class_key("09.Golden_Gate_Bridge")
    'golden_gate_bridge'
    >>> class_key("Mazar-e-Quaid")
    'mazar_e_quaid'
    """
    number, dot, rest = folder.partition(".")
    name = rest if dot and number.isdigit() else folder
    return "_".join(name.casefold().replace("-", " ").replace("_", " ").split())


def find_part(folder: Path, part: Part | None) -> Path:
    """The folder of class folders for `train` or `test` inside `folder`, or `folder` itself.

    Knows `DIR/train`, the course's `DIR/landmark_images/train`, and a plain folder of classes.
    """
    if not folder.is_dir():
        raise DatasetError(f"No folder at '{folder}'. Expected one folder of photos per landmark.")
    if part is not None:
        for candidate in (folder / part, folder / "landmark_images" / part):
            if candidate.is_dir():
                return candidate
    return folder


def index_folder(folder: str | Path, part: Part | None = None) -> PhotoIndex:
    """Index `folder/CLASS/**/PHOTO`, sorted; what is hidden or has another suffix is passed over.

    Raises DatasetError where there are no class folders, no photos, where two folders name the
    same class, or where the other part is there and the wanted one is not. A class folder without
    photos keeps its number.
    """
    root = find_part(Path(folder), part)
    if part is not None and root == Path(folder):
        _check_not_other_part(root, part)
    classes = sorted(
        entry.name for entry in root.iterdir() if entry.is_dir() and not entry.name.startswith(".")
    )
    if not classes:
        raise DatasetError(
            f"'{root}' has no class folders. Expected one folder of photos per landmark."
        )
    seen: dict[str, str] = {}
    for name in classes:
        other = seen.setdefault(class_key(name), name)
        if other != name:
            raise DatasetError(
                f"'{root}' names one class twice: '{other}' and '{name}'. Merge the two folders."
            )
    paths: list[Path] = []
    labels: list[int] = []
    for label, name in enumerate(classes):
        found = sorted(
            path
            for path in (root / name).rglob("*")
            if is_photo(path.name)
            and not any(part.startswith(".") for part in path.relative_to(root / name).parts)
            and path.is_file()
        )
        paths += found
        labels += [label] * len(found)
    if not paths:
        raise DatasetError(
            f"'{root}' has {len(classes)} class folders but no photos "
            f"({', '.join(sorted(PHOTO_SUFFIXES))})."
        )
    return PhotoIndex(root, tuple(classes), tuple(paths), tuple(labels))


def _check_not_other_part(root: Path, part: Part) -> None:
    other: Part = "test" if part == "train" else "train"
    found = find_part(root, other)
    if found != root:
        # Its photos would be one class named `train`, or worse: measured as if never seen.
        raise DatasetError(
            f"'{root}' has '{other}' but no '{part}'. Expected '{found.parent / part}' with one "
            f"folder of photos per landmark; to use the other part, name it: '{found}'."
        )


def split(
    index: PhotoIndex, share: float, *, seed: int, groups: Sequence[int] | None = None
) -> tuple[list[int], list[int]]:
    """Numbers of the photos to keep and to hold out: seeded, stratified, groups kept whole.

    About `share` of each class is held out, at most half of it, and never the last group, so
    that a class of one photo stays in training. `groups[i]` is the group of near-duplicates of
    photo i; a group that spans classes stays in training.
    """
    groups = range(len(index)) if groups is None else groups
    classes_of: defaultdict[int, set[int]] = defaultdict(set)
    members: defaultdict[int, list[int]] = defaultdict(list)
    for number, group in enumerate(groups):
        classes_of[group].add(index.labels[number])
        members[group].append(number)
    groups_of: defaultdict[int, list[int]] = defaultdict(list)
    for group, labels in classes_of.items():
        if len(labels) == 1:
            groups_of[next(iter(labels))].append(group)
    held_out: set[int] = set()
    rng = random.Random(seed)  # noqa: S311 - a repeatable draw, not a secret
    for label, count in enumerate(index.counts()):
        candidates = sorted(groups_of[label])
        rng.shuffle(candidates)
        wanted, taken = round(share * count), 0
        for group in candidates[:-1]:
            size = len(members[group])
            if taken + size <= min(wanted, count / 2):
                held_out.update(members[group])
                taken += size
    kept = [number for number in range(len(index)) if number not in held_out]
    return kept, sorted(held_out)
