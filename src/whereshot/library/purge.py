"""Every trace of whereshot out of the metadata under a folder, also without catalog and journal."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from whereshot.errors import SidecarError
from whereshot.library.exiftool import ExifTool
from whereshot.library.files import LARGEST_READ, Files
from whereshot.library.journal import Run
from whereshot.library.keepers import InPhotos, Sidecars
from whereshot.library.tagging import reason_of
from whereshot.photo.embedded import embedded_xmp
from whereshot.photo.sidecar import remove_place
from whereshot.photo.suffixes import PHOTO_SUFFIXES

_MARK = "urn:whereshot:xmp:"
_MARKS = tuple(_MARK.encode(encoding) for encoding in ("utf-8", "utf-16-le", "utf-16-be"))


@dataclass(frozen=True, slots=True)
class PurgeStep:
    """What happens to one file that whereshot wrote to: without `after`, its XMP goes whole.

    A sidecar without XMP is removed; a photo without is cleaned.
    """

    path: Path
    outcome: Literal["removed", "cleaned", "failed"]
    reason: str = ""
    before: bytes | None = None
    after: bytes | None = None

    def failed(self, reason: str) -> PurgeStep:
        """The same file when it could not be changed."""
        return replace(self, outcome="failed", reason=reason, before=None, after=None)


def plan_purge(
    roots: Iterable[Path], files: Files, tool: ExifTool | None = None
) -> Iterator[PurgeStep]:
    """A step for each sidecar under the roots that whereshot wrote to; photos too with a `tool`."""
    for root in roots:
        for item in _walk(root):
            if isinstance(item, PurgeStep):
                yield item
            elif (step := _step(item, files, tool)) is not None:
                yield step


def apply_purge(
    steps: Iterable[PurgeStep], files: Files, tool: ExifTool | None, run: Run, *, dry: bool
) -> Iterator[PurgeStep]:
    """Carry out each step and yield what became of it."""
    sidecars = Sidecars(files)
    photos = InPhotos(files, tool, dry=dry) if tool is not None else sidecars
    for step in steps:
        if step.outcome == "failed":
            yield step
            continue
        keeper = sidecars if step.path.suffix.lower() == ".xmp" else photos
        try:
            keeper.write(step.path, step.before, step.after, run)
        except OSError as error:
            yield step.failed(reason_of(error))
        else:
            yield step


def _walk(root: Path) -> Iterator[Path | PurgeStep]:
    """All files at and below a path, hidden ones too; links to folders are not followed."""
    if not root.is_dir():
        yield root if os.path.lexists(root) else PurgeStep(root, "failed", "it is not there")
        return
    problems: list[OSError] = []
    for folder, folders, names in os.walk(root, onerror=problems.append):
        folders.sort()
        for error in problems:
            yield PurgeStep(Path(error.filename), "failed", reason_of(error))
        problems.clear()
        yield from (Path(folder, name) for name in sorted(names))
    yield from (PurgeStep(Path(e.filename), "failed", reason_of(e)) for e in problems)


def _step(path: Path, files: Files, tool: ExifTool | None) -> PurgeStep | None:
    suffix = path.suffix.lower()
    path = files.follow(path)
    step = PurgeStep(path, "cleaned")
    try:
        content = None
        if suffix == ".xmp":
            content = _sidecar(path, files)
        elif tool is not None and suffix in PHOTO_SUFFIXES:
            content = _packet(path, files, tool)
        if content is None or not any(mark in content for mark in _MARKS):
            return None
        rest = remove_place(content)
    except SidecarError as error:
        return step.failed(str(error))
    except OSError as error:
        return step.failed(reason_of(error))
    if rest == content:
        return None
    goes = rest is None and suffix == ".xmp"
    return replace(step, outcome="removed" if goes else "cleaned", before=content, after=rest)


def _sidecar(path: Path, files: Files) -> bytes | None:
    state = files.look(path)
    # What whereshot can't have written is passed by: folders, pipes, what is too large.
    if state is None or state.kind != "file" or state.size > LARGEST_READ:
        return None
    return files.read(path)


def _packet(path: Path, files: Files, tool: ExifTool) -> bytes | None:
    state = files.look(path)
    if state is None or state.kind != "file":
        return None
    seen = embedded_xmp(path)
    return tool.read_xmp(path) if seen is not None and _MARKS[0] in seen else None
