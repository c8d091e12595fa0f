"""A plan of tags is carried out: folders are looked at before, photos are written one by one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from whereshot.library.catalog import CatalogPhoto
from whereshot.library.files import Files
from whereshot.library.journal import Run
from whereshot.library.keepers import Keeper
from whereshot.library.tagging import TagStep, reason_of


def unwritable_folders(photos: Iterable[CatalogPhoto], files: Files) -> dict[Path, str]:
    """The folders of photos with a landmark that nothing can be written into, and why."""
    asked: set[Path] = set()
    found: dict[Path, str] = {}
    for photo in photos:
        folder = photo.path.parent
        recognized = photo.recognition is not None and photo.recognition.verdict == "landmark"
        if not recognized or folder in asked:
            continue
        asked.add(folder)
        try:
            files.check_writable(folder)
        except OSError as error:
            found[folder] = reason_of(error)
    return found


def apply_tags(
    steps: Iterable[TagStep], keeper: Keeper, run: Run, blocked: Mapping[Path, str]
) -> Iterator[TagStep]:
    """Carry out each step and yield what became of it; one that fails does not stop the others.

    `blocked` are folders that can't be written to. Raises `JournalError` where the journal can't be
    written: then nothing may be changed any more.
    """
    for step in steps:
        if step.after is None or step.path is None:
            yield step
            continue
        if (reason := blocked.get(step.path.parent)) is not None:
            yield step.failed(f"its folder can't be written to: {reason}")
            continue
        try:
            keeper.write(step.path, step.before, step.after, run)
        except OSError as error:
            yield step.failed(reason_of(error))
        else:
            yield step
