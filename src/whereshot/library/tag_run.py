"""A plan of tags is carried out: folders are looked at before, photos are written one by one."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from whereshot.errors import SidecarError
from whereshot.library.catalog import Catalog, CatalogPhoto
from whereshot.library.files import Files
from whereshot.library.journal import Run
from whereshot.library.keepers import Keeper
from whereshot.library.tagging import TagOptions, TagStep, plan_tags, reason_of
from whereshot.library.undo import UndoReport
from whereshot.photo.sidecar import parse_sidecar, sidecar_names, sidecar_path

_NOTED_AT_ONCE = 200


def unwritable(folders: Iterable[Path], files: Files) -> dict[Path, str]:
    """Which of some folders nothing can be written into, and why."""
    found: dict[Path, str] = {}
    for folder in dict.fromkeys(folders):
        try:
            files.check_writable(folder)
        except OSError as error:
            found[folder] = reason_of(error)
    return found


def unwritable_folders(photos: Iterable[CatalogPhoto], files: Files) -> dict[Path, str]:
    """The folders of photos with a landmark that nothing can be written into, and why.

    Those of photos that don't show theirs, as somebody said, are among them: a tag may be there.
    """
    concerned = (each for each in photos if each.shown is not None or each.decision is not None)
    return unwritable((photo.path.parent for photo in concerned), files)


def apply_tags(
    steps: Iterable[TagStep], keeper: Keeper, run: Run, blocked: Mapping[Path, str]
) -> Iterator[TagStep]:
    """Carry out each step and yield what became of it; one that fails does not stop the others.

    `blocked` are folders that can't be written to. Raises `JournalError` where the journal can't be
    written: then nothing may be changed any more.
    """
    for step in steps:
        if step.path is None or not step.changes:
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


def tag_photos(
    catalog: Catalog,
    photos: Iterable[CatalogPhoto],
    keeper: Keeper,
    run: Run,
    options: TagOptions,
    blocked: Mapping[Path, str],
    *,
    dry: bool,
) -> Generator[TagStep]:
    """Plan and carry out the tags of photos, yield what became of each, and note it in the catalog.

    Of a run that is broken off, or whose iteration ends early, is noted what was written.
    """
    tagged: list[Path] = []
    bare: list[Path] = []
    known: list[tuple[Path, str]] = []

    def note() -> None:
        catalog.mark_written(tagged, options.when, run.id)
        catalog.mark_written(bare, None)
        catalog.mark_found_written(known)
        for noted in (tagged, bare, known):
            noted.clear()

    try:
        for step in apply_tags(plan_tags(photos, keeper.read, options), keeper, run, blocked):
            if step.changes and not dry:
                (bare if step.outcome == "removed" else tagged).append(step.photo)
            elif step.since and not dry:
                known.append((step.photo, step.since))
            if len(tagged) + len(bare) + len(known) == _NOTED_AT_ONCE:
                note()
            yield step
    finally:
        note()


def note_undone(catalog: Catalog, report: UndoReport, files: Files) -> None:
    """Note which photos have no tag any more after a run of `tag` was taken back."""
    refused = {refused.path for refused in report.refused}
    photos = catalog.written_in(report.run.id)
    catalog.mark_written((photo for photo in photos if not _has_tag(photo, refused, files)), None)


def note_purged(catalog: Catalog, cleaned: Iterable[Path]) -> None:
    """Note which photos have no tag any more after `purge` has cleaned these files."""
    paths = {path.absolute() for path in cleaned}
    catalog.mark_written(
        (
            photo
            for photo in catalog.written()
            if not paths.isdisjoint((photo, *sidecar_names(photo)))
        ),
        None,
    )


def _has_tag(photo: Path, refused: set[Path], files: Files) -> bool:
    """Whether a tag is there still: of an earlier run, or in a file that somebody changed since."""
    sidecar = sidecar_path(photo)
    if refused & {photo, sidecar}:
        return True
    with suppress(OSError, SidecarError):
        content = files.read(sidecar)
        return content is not None and parse_sidecar(content).own is not None
    return True
