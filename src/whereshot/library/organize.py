"""Photos into folders by place, date or camera: a plan first, which is a value, then its steps.

A plan never puts anything where something is. The same plan made again, after it was carried out,
is empty: what has its place already is recognized by its content.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple, Protocol

from whereshot.library.bunches import Bunch, gather
from whereshot.library.catalog import CatalogPhoto
from whereshot.library.changes import Change, CopyFile, LinkFile, MakeFolder, MoveFile
from whereshot.library.names import byte_length, numbered
from whereshot.library.places import PhotoPlace
from whereshot.library.shelf import Disk, Shelf
from whereshot.library.template import Template

Mode = Literal["copy", "link", "move"]


class Remark(NamedTuple):
    """A file that was left out, and why, as a sentence."""

    path: Path
    reason: str


@dataclass(frozen=True, slots=True)
class Step:
    """One photo and what travels with it, in the order of the changes that bring it to its folder.

    `targets` are the new paths of its photos, `place` says where it was taken and who says so.
    """

    photo: Path
    folder: Path
    targets: tuple[Path, ...]
    changes: tuple[Change, ...]
    place: PhotoPlace | None


@dataclass(frozen=True, slots=True)
class OrganizePlan:
    """What organizing is going to do: `steps` in order, and what it leaves as it is.

    `settled` photos have their place already, `skipped` ones can't be organized, and `left`
    companions would meet another file of their name.
    """

    root: Path
    steps: tuple[Step, ...]
    settled: tuple[Path, ...] = ()
    skipped: tuple[Remark, ...] = ()
    left: tuple[Remark, ...] = ()

    @property
    def changes(self) -> tuple[Change, ...]:
        """All changes, in order."""
        return tuple(change for step in self.steps for change in step.changes)

    def counts(self) -> dict[Path, int]:
        """How many photos go to each folder, relative to the root; in the order of their names."""
        counts = Counter(step.folder.relative_to(self.root) for step in self.steps)
        return {folder: counts[folder] for folder in sorted(counts)}


@dataclass(frozen=True, slots=True)
class OrganizeReport:
    """What organizing has done: photos in their places, and those that something kept from it."""

    done: int = 0
    failed: tuple[Remark, ...] = ()


class Applies(Protocol):
    """Whatever makes a change: a journal's run."""

    def apply(self, change: Change) -> None:
        """Make one change; raises OSError."""
        ...


@dataclass(slots=True)
class _Planning:
    """A plan under way."""

    shelf: Shelf
    mode: Mode
    steps: list[Step] = field(default_factory=list[Step])
    settled: list[Path] = field(default_factory=list[Path])
    skipped: list[Remark] = field(default_factory=list[Remark])
    left: list[Remark] = field(default_factory=list[Remark])

    def add(self, bunch: Bunch, parts: tuple[str, ...], place: PhotoPlace | None) -> None:
        folder, new_folders = self.shelf.folder(parts)
        targets = self._targets(bunch, folder)
        changes: list[Change] = [MakeFolder(new) for new in new_folders]
        photos = {photo.path for photo in bunch.photos}
        placed: list[Path] = []
        for source, target in targets.items():
            holder = self.shelf.holder(folder, target.name)
            if holder is None:
                self.shelf.put(source, target)
                changes.append(_transfer(source, target, self.mode, source in photos))
                if source in photos:
                    placed.append(target)
            elif not self._same(source, holder):
                there = f"'{target}' is there already, and is not the same. '{source}' stays."
                self.left.append(Remark(source, there))
        if len(changes) > len(new_folders):
            lead = bunch.photos[0].path
            self.steps.append(Step(lead, folder, tuple(placed), tuple(changes), place))
        if not placed:
            self.settled.append(bunch.photos[0].path)

    def _targets(self, bunch: Bunch, folder: Path) -> dict[Path, Path]:
        """Where each file goes: under the first stem that is free, or holds these photos already.

        A stem belongs to one bunch, or to bunches that had it together where they come from:
        else a photo would get the sidecar of another.
        """
        owner = bunch.photos[0].path.parent, bunch.stem
        start = len(bunch.stem)
        room = max(byte_length(file.name[start:]) for file in bunch.files)
        number = 1
        while True:
            stem = numbered(bunch.stem, number, room)
            targets = {file: folder / (stem + file.name[start:]) for file in bunch.files}
            holders = [
                (photo.path, self.shelf.holder(folder, targets[photo.path].name))
                for photo in bunch.photos
            ]
            taken = [(source, holder) for source, holder in holders if holder is not None]
            if taken and all(self._same(source, holder) for source, holder in taken):
                return targets
            if not taken and self.shelf.owner(folder, stem) in (None, owner):
                self.shelf.claim(folder, stem, owner)
                return targets
            number += 1

    def _same(self, source: Path, holder: Path) -> bool:
        try:
            return source == holder or self.shelf.disk.same_content(source, holder)
        except OSError:  # a folder of this name, or a file that nobody may read
            return False


def plan_organize(
    photos: Iterable[CatalogPhoto],
    places: Mapping[Path, PhotoPlace],
    template: Template,
    source: Path,
    root: Path,
    disk: Disk,
    *,
    mode: Mode = "copy",
) -> OrganizePlan:
    """Plan how the photos of `source` come into folders below `root`; both are absolute.

    If `root` lies in `source`, the photos in it are left alone. Files of one name get numbers in
    the order in which they were taken. Nothing on the disk is changed, and `disk` is all of it that
    is looked at.
    """
    planning = _Planning(Shelf(root, disk), mode)
    is_inside = root != source and root.is_relative_to(source)
    names: dict[Path, frozenset[str]] = {}

    def list_folder(folder: Path) -> frozenset[str]:
        if folder not in names:
            names[folder] = frozenset(disk.names(folder))
        return names[folder]

    there: list[CatalogPhoto] = []
    for photo in photos:
        if is_inside and photo.path.is_relative_to(root):
            continue
        if photo.path.name in list_folder(photo.path.parent):
            there.append(photo)
        else:
            gone = f"The photo '{photo.path}' is not there any more."
            planning.skipped.append(Remark(photo.path, gone))
    for bunch in sorted(gather(there, list_folder), key=_capture_order):
        readable = [photo for photo in bunch.photos if photo.error is None]
        if not readable:
            planning.skipped.append(Remark(bunch.photos[0].path, str(bunch.photos[0].error)))
            continue
        place = next((places[each.path] for each in readable if each.path in places), None)
        folder = template.folder(_values(readable, place))
        planning.add(bunch, folder.parts, place)
    return OrganizePlan(
        root=root,
        steps=tuple(planning.steps),
        settled=tuple(planning.settled),
        skipped=tuple(planning.skipped),
        left=tuple(planning.left),
    )


def apply_plan(
    plan: OrganizePlan, run: Applies, *, progress: Callable[[int], None] = lambda _: None
) -> OrganizeReport:
    """Make the changes of a plan; what can't be made is reported, and the others go on.

    A photo whose own file can't be brought to its place takes its companions with it: they stay.
    """
    done = 0
    failed: list[Remark] = []
    for number, step in enumerate(plan.steps, start=1):
        try:
            for change in step.changes:
                run.apply(change)
            done += 1
        except OSError as error:
            failed.append(Remark(step.photo, str(error)))
        progress(number)
    return OrganizeReport(done, tuple(failed))


def _transfer(source: Path, target: Path, mode: Mode, is_photo: bool) -> Change:
    if mode == "move":
        return MoveFile(source, target)
    # A sidecar is written again and again: two names for one file would tie both libraries.
    return LinkFile(source, target) if mode == "link" and is_photo else CopyFile(source, target)


def _capture_order(bunch: Bunch) -> tuple[bool, str, Path]:
    """When a bunch was taken, by the clock on the wall; what has no time comes last."""
    taken_at = next((each.taken_at for each in bunch.photos if each.taken_at), None)
    wall = "" if taken_at is None else taken_at.replace(tzinfo=None).isoformat(" ", "microseconds")
    return taken_at is None, wall, bunch.photos[0].path


def _values(photos: list[CatalogPhoto], place: PhotoPlace | None) -> dict[str, str]:
    """What the template's fields stand for; what is not known is missing."""
    taken_at = next((photo.taken_at for photo in photos if photo.taken_at), None)
    values = {"camera": next((photo.camera for photo in photos if photo.camera), "")}
    if taken_at is not None:
        values |= {
            "year": f"{taken_at.year:04}",
            "month": f"{taken_at.month:02}",
            "day": f"{taken_at.day:02}",
        }
    if place is not None:
        values |= {
            "country": place.country,
            "region": place.region,
            "city": place.city,
            "landmark": place.landmark,
        }
    return values
