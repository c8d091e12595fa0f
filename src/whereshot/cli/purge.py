"""`whereshot purge`: every trace of whereshot out of a library."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from whereshot.cli._indexing import NotedCatalogOption, known_catalog
from whereshot.cli._shared import EXIT_FAILED, print_error, printable

if TYPE_CHECKING:
    from whereshot.library.purge import PurgeStep


def purge(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="SRC", help="Folders with all below, and sidecars.", show_default=False
        ),
    ],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Name the files; change nothing.")
    ] = False,
    in_place: Annotated[
        bool,
        typer.Option("--in-place", help="Look into photos too; exiftool changes those."),
    ] = False,
    catalog: NotedCatalogOption = None,
) -> None:
    """Take what whereshot wrote out of sidecars, and delete those that hold nothing else.

    It needs neither catalog nor journal: the sidecars say themselves what is whereshot's. What
    others wrote stays, byte by byte. `whereshot undo` takes it back. A catalog that is there
    learns of it.

    [bold]Examples[/bold]

    whereshot purge ~/Pictures --dry-run
    whereshot purge ~/Pictures
    whereshot purge ~/Pictures --in-place
    """
    from whereshot.library.catalog import Catalog
    from whereshot.library.dry import DryFiles
    from whereshot.library.exiftool import ExifTool
    from whereshot.library.files import RealFiles
    from whereshot.library.journal import Journal
    from whereshot.library.purge import apply_purge, plan_purge
    from whereshot.library.tag_run import note_purged

    catalog = known_catalog(catalog)
    files = DryFiles() if dry_run else RealFiles()
    tool = ExifTool() if in_place else None
    counts: Counter[str] = Counter()
    cleaned: list[Path] = []
    with (
        Journal.in_memory() if dry_run else Journal() as journal,
        journal.begin("purge", files) as run,
    ):
        for step in apply_purge(plan_purge(paths, files, tool), files, tool, run, dry=dry_run):
            counts[step.outcome] += 1
            if step.outcome != "failed":
                cleaned.append(step.path)
            _tell(step)
        number = run.id
    end = "nothing was changed (--dry-run)" if dry_run else f"`whereshot undo {number}` undoes it"
    sys.stderr.write(
        f"{counts['removed']:,} sidecars removed, {counts['cleaned']:,} files cleaned, "
        f"{counts['failed']:,} failed{f'; {end}' if cleaned else ''}\n"
    )
    # Last: a catalog that is damaged keeps nobody from what was done.
    if catalog is not None and not dry_run:
        with Catalog(catalog) as known:
            note_purged(known, cleaned)
    if counts["failed"]:
        raise typer.Exit(EXIT_FAILED)


def _tell(step: PurgeStep) -> None:
    if step.outcome == "failed":
        print_error(f"{step.path}: {step.reason}")
    else:
        sys.stdout.write(f"{step.outcome:8} {printable(str(step.path))}\n")
