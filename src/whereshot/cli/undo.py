"""`whereshot undo`: take back what a run did to files."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from whereshot.cli._indexing import NotedCatalogOption, known_catalog
from whereshot.cli._progress import ProgressLine
from whereshot.cli._shared import EXIT_FAILED, print_error, printable

if TYPE_CHECKING:
    from whereshot.library.journal import RunRecord


def undo(
    run: Annotated[
        int | None,
        typer.Argument(metavar="RUN", help="The run's number.", show_default="the last one"),
    ] = None,
    list_runs: Annotated[
        bool, typer.Option("--list", help="List the runs and leave.", show_default=False)
    ] = False,
    catalog: NotedCatalogOption = None,
) -> None:
    """Take back a run of tag, organize or purge: files, times and folders are as they were.

    What somebody has changed since stays as it is and is named; the exit status is 1 then. A run
    that was broken off, even by a power cut, can be taken back too, and twice is the same as once.

    [bold]Examples[/bold]

    whereshot undo
    whereshot undo --list
    whereshot undo 12
    whereshot undo --catalog holiday.sqlite
    """
    from whereshot.library.catalog import Catalog
    from whereshot.library.files import RealFiles
    from whereshot.library.journal import Journal
    from whereshot.library.tag_run import note_undone
    from whereshot.library.undo import undo as take_back

    catalog = known_catalog(catalog)
    with Journal() as journal:
        if list_runs:
            for record in journal.runs():
                sys.stdout.write(f"{_line(record)}\n")
            return
        total = next((r.changes for r in journal.runs() if r.id == run), None)
        progress = ProgressLine(total)
        result = take_back(journal, run, RealFiles(), progress.update)
        progress.clear()
    for refused in result.refused:
        print_error(f"{refused.path} stays: {refused.reason}")
    for folder in result.kept_folders:
        sys.stderr.write(f"whereshot: {printable(str(folder))} stays: there are files in it\n")
    record = result.run
    sys.stderr.write(
        f"run {record.id} ({record.command}, {record.started}): {result.undone:,} changes taken "
        f"back, {len(result.refused):,} left\n"
    )
    # Last: a catalog that is damaged keeps nobody from what was done.
    if catalog is not None:
        with Catalog(catalog) as known:
            note_undone(known, result, RealFiles())
    if result.refused:
        raise typer.Exit(EXIT_FAILED)


def _line(record: RunRecord) -> str:
    if record.at_work:
        state = "broken off, or at work"
    elif record.undone is not None and not record.changes:
        state = "taken back"
    elif record.undone is not None:
        state = f"taken back but for {record.changes:,}"
    else:
        state = f"{record.changes:,} changes" + ("" if record.ended else ", broken off")
    return f"{record.id:>5}  {record.started}  {record.command:10}  {state}"
