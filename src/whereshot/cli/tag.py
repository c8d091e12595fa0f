"""`whereshot tag`: the place of each recognized photo, written beside it."""

from __future__ import annotations

import sys
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from whereshot.cli._bundle import BundleOption
from whereshot.cli._indexing import CatalogOption, ProcessesOption, look_at_photos
from whereshot.cli._shared import EXIT_FAILED, check_target, print_error, printable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from whereshot.library.catalog import Catalog
    from whereshot.library.files import Files
    from whereshot.library.keepers import Keeper
    from whereshot.library.tag_report import TagRow
    from whereshot.library.tagging import TagOptions, TagStep


def tag(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="PATH", help="Photos, and folders with all below.", show_default=False
        ),
    ],
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Print what would change, line by line; write nothing."),
    ] = False,
    write_gps: Annotated[
        bool,
        typer.Option(
            "--write-gps", help="Give photos without a position that of their landmark too."
        ),
    ] = False,
    in_place: Annotated[
        bool,
        typer.Option(
            "--in-place", help="Write into the photos, by exiftool, and keep what they were."
        ),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask before --in-place.")] = False,
    language: Annotated[
        str, typer.Option(metavar="CODE", help="Names in de, en, es, fr, it, ja or zh.")
    ] = "en",
    report: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write what became of each photo, as .json, .csv or .html.",
            show_default=False,
        ),
    ] = None,
    bundle: BundleOption = None,
    catalog: CatalogOption = None,
    workers: ProcessesOption = None,
) -> None:
    """Write the place into the metadata of photos that surely show a landmark.

    It goes into XMP files beside the photos, as keywords and as the place shown, and what is there
    already stays. The photos are not touched. Nothing is written where a person gave a place, where
    the photo's own position is far from the landmark, or where it is written already. Every change
    is noted before it is made: `whereshot undo` takes a run back.

    [bold]Examples[/bold]

    whereshot tag ~/Pictures --dry-run
    whereshot tag ~/Pictures --report tags.html
    whereshot tag ~/Pictures/2024 --language de --write-gps
    whereshot undo
    """
    from whereshot.gazetteer.localized import ENGLISH, load_localized
    from whereshot.library.catalog import Catalog
    from whereshot.library.dry import DryFiles
    from whereshot.library.files import RealFiles
    from whereshot.library.journal import now
    from whereshot.library.tag_report import check_report_name
    from whereshot.library.tagging import TagOptions

    if report is not None:
        check_report_name(report)
        check_target(report)
    asks = in_place and not (yes or dry_run)
    if asks:
        _check_answerable()
    names = load_localized(language)
    options = TagOptions(now(), write_gps, None if names.language == ENGLISH else names)
    files = DryFiles() if dry_run else RealFiles()
    keeper = _keeper(files, in_place=in_place, dry=dry_run)
    blocked = _blocked_folders(paths, files)
    with ExitStack() as stack:
        told = stack.enter_context(_Told(report, show_changes=dry_run))
        known = stack.enter_context(Catalog(catalog))
        for problem in look_at_photos(known, paths, bundle, workers).problems:
            told.problem(problem.path, problem.message)
        if asks:
            _ask(known, paths)
        _write(known, paths, keeper, files, options, blocked, told, dry=dry_run)
    if told.failed:
        raise typer.Exit(EXIT_FAILED)


def _keeper(files: Files, *, in_place: bool, dry: bool) -> Keeper:
    from whereshot.library.exiftool import ExifTool
    from whereshot.library.keepers import InPhotos, Sidecars

    return InPhotos(files, ExifTool(), dry=dry) if in_place else Sidecars(files)


def _blocked_folders(paths: list[Path], files: Files) -> dict[Path, str]:
    """Folders of photos that nothing can be written into, told before hours of looking at photos.

    Their photos are looked at all the same: the report says what they would have got.
    """
    from whereshot.library.scan import Scan
    from whereshot.library.tag_run import unwritable

    blocked = unwritable(sorted({photo.path.parent for photo in Scan(paths)}), files)
    for folder, reason in blocked.items():
        if folder.parent not in blocked:  # what is read-only is so with all below, mostly
            print_error(f"nothing can be written into '{folder}': {reason}")
    return blocked


def _check_answerable() -> None:
    if not sys.stdin.isatty():
        raise typer.BadParameter(
            "changes photos, and nobody can be asked here: add --yes, or leave it out",
            param_hint="--in-place",
        )


def _ask(known: Catalog, paths: list[Path]) -> None:
    photos = sum(photo.shown is not None for photo in known.photos(paths))
    typer.confirm(
        f"Up to {photos:,} photos will be changed; what they are stays beside as NAME_original. "
        "Go on?",
        abort=True,
        err=True,
    )


def _write(
    known: Catalog,
    paths: list[Path],
    keeper: Keeper,
    files: Files,
    options: TagOptions,
    blocked: Mapping[Path, str],
    told: _Told,
    *,
    dry: bool,
) -> None:
    from whereshot.library.journal import Journal
    from whereshot.library.tag_run import tag_photos

    journal = Journal.in_memory() if dry else Journal()
    with journal, journal.begin("tag", files) as run:
        told.run = None if dry else run.id
        photos = known.photos(paths)
        steps = tag_photos(known, photos, keeper, run, options, blocked, dry=dry)
        with closing(steps):
            for step in steps:
                told.step(step)


class _Told:
    """Says what becomes of photos, and writes the report, also of a run that was broken off."""

    def __init__(self, report: Path | None, *, show_changes: bool) -> None:
        self.failed = False
        self.run: int | None = None
        self._report, self._show_changes = report, show_changes
        self._rows: list[TagRow] = []

    def __enter__(self) -> _Told:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if not self._rows and kind is not None:
            return
        sys.stderr.write(self._summary())
        if self._report is not None:
            self._write_report(self._report)

    def problem(self, path: Path, message: str) -> None:
        """A path that holds no photo which could be looked at."""
        from whereshot.library.tagging import TagStep

        self.step(TagStep(path, "failed", message))

    def step(self, step: TagStep) -> None:
        """One photo is done."""
        from whereshot.library.tag_report import difference, row_of

        row = row_of(step)
        self._rows.append(row)
        if step.outcome == "failed":
            self.failed = True
            print_error(f"{row.photo}: {row.reason}")
        elif step.changes and self._show_changes:
            sys.stdout.writelines(f"{printable(line)}\n" for line in difference(step))
        elif step.outcome != "skipped":
            what = f"{row.landmark}, {row.country}"
            why = f"; {row.reason}" if row.reason else ""
            sys.stdout.write(f"{step.outcome:8} {printable(row.photo)}  {what}{why}\n")
            sys.stdout.flush()  # whoever reads the pipe wants each line now

    @property
    def _changed(self) -> bool:
        return any(row.written_to for row in self._rows)

    def _summary(self) -> str:
        from whereshot.library.tag_report import counts_of

        counts = ", ".join(f"{count:,} {name}" for name, count in counts_of(self._rows).items())
        if self._show_changes:
            return f"{len(self._rows):,} photos: {counts}; nothing was changed (--dry-run)\n"
        back = f"; `whereshot undo {self.run}` takes it back" if self._changed else ""
        return f"{len(self._rows):,} photos: {counts}{back}\n"

    def _write_report(self, path: Path) -> None:
        from whereshot.library.files import RealFiles
        from whereshot.library.tag_report import report_text

        files = RealFiles()
        text = report_text(path, self._rows, self.run if self._changed else None)
        files.write(path, text, over=files.look(path))
