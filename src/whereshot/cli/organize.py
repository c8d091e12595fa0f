"""`whereshot organize`: photos into folders by place, and albums of them."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from whereshot.cli._bundle import BundleOption
from whereshot.cli._indexing import CatalogOption, ProcessesOption, look_at_photos
from whereshot.cli._progress import ProgressLine
from whereshot.cli._shared import EXIT_FAILED, check_target, print_error, printable

if TYPE_CHECKING:
    from rich.tree import Tree

    from whereshot.library.catalog import CatalogPhoto
    from whereshot.library.changes import Change
    from whereshot.library.organize import Mode, OrganizePlan, Remark, Step
    from whereshot.library.places import PhotoPlace

BY = "{country}/{city}/{landmark}"
_MOST_FOLDERS = 60  # that the plan's tree shows
_ALBUM_SUFFIXES = (".json", ".csv")
_SOURCES = {
    "gps": "by their own GPS",
    "landmark": "by a landmark",
    "neighbors": "by photos around them in time",
    None: "of unknown place",
}


def organize(
    source: Annotated[
        Path, typer.Argument(metavar="SRC", help="A folder of photos, with all below.")
    ],
    dest: Annotated[
        Path | None,
        typer.Argument(
            metavar="DEST", help="Where the folders come.", show_default="none, with --albums"
        ),
    ] = None,
    by: Annotated[
        str,
        typer.Option(
            metavar="TEMPLATE",
            help="Folders, out of {country} {region} {city} {landmark} {year} {month} {day} "
            "{camera}.",
        ),
    ] = BY,
    copy: Annotated[
        bool,
        typer.Option(
            "--copy",
            help="Copy, sharing the space where the file system can. The default.",
            show_default=False,
        ),
    ] = False,
    link: Annotated[
        bool,
        typer.Option("--link", help="Hard links: a second name for the same file, no space."),
    ] = False,
    move: Annotated[bool, typer.Option("--move", help="Move.")] = False,
    neighbors: Annotated[
        bool,
        typer.Option(
            "--neighbors",
            help="Photos without a place get that of photos which the same camera took within "
            "30 minutes.",
        ),
    ] = False,
    albums: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="Write albums by landmark, city, country and trip, as .json or .csv; may be "
            "repeated.",
            show_default=False,
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show each step; change nothing.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask before going to work.")] = False,
    bundle: BundleOption = None,
    catalog: CatalogOption = None,
    workers: ProcessesOption = None,
) -> None:
    """Put photos into folders by place, date or camera.

    The plan is shown first. A photo's own position says where it was taken, else the landmark that
    it shows. Sidecars, raw files and live videos travel with their photo and keep its name. Nothing
    is ever overwritten: a second photo of a name gets a number, and one that is in its place
    already is left alone, so that the same command can be run again. `whereshot undo` takes it
    back.

    [bold]Examples[/bold]

    whereshot organize ~/Pictures ~/Sorted --dry-run
    whereshot organize ~/Pictures ~/Sorted --by "{year}/{country}/{city}"
    whereshot organize ~/Inbox ~/Pictures --by "{year}/{month}" --move --yes
    whereshot organize ~/Pictures --albums trips.json --albums trips.csv
    """
    from whereshot.library.catalog import Catalog
    from whereshot.library.files import RealFiles
    from whereshot.library.organize import plan_organize
    from whereshot.library.paths import to_key, to_path
    from whereshot.library.places import PlaceFinder
    from whereshot.library.positions import with_sidecar_positions
    from whereshot.library.shelf import RealDisk
    from whereshot.library.template import parse_template

    if sum((copy, link, move)) > 1:
        raise typer.BadParameter("only one of --copy, --link and --move can be had")
    if dest is None and not albums:
        raise typer.BadParameter("say where to (DEST), or which --albums to write")
    template = parse_template(by)
    mode: Mode = "link" if link else "move" if move else "copy"
    files = _Album.named(albums or [])
    root = None if dest is None else _checked(source, dest)
    with Catalog(catalog) as known:
        problems = look_at_photos(known, [source], bundle, workers).problems
        photos, unread_sidecars = with_sidecar_positions(known.photos([source]), RealFiles())
    for problem in (*problems, *unread_sidecars):
        print_error(problem.message)
    places = PlaceFinder().places(photos, neighbors=neighbors)
    for file in files:
        file.fill(photos, places)
    plan = None
    if root is not None:
        plan = plan_organize(
            photos,
            places,
            template,
            to_path(to_key(source)),
            root,
            RealDisk(RealFiles().same_content),
            mode=mode,
        )
        _show(plan, mode, steps=dry_run)
    failed = bool(problems)
    if not dry_run and (files or (plan is not None and plan.steps)):
        if plan is not None and plan.steps and not yes:
            _ask(len(plan.steps), mode)
        failed |= not _carry_out(plan, files)
    if failed or (plan is not None and plan.skipped):
        raise typer.Exit(EXIT_FAILED)


@dataclass(slots=True)
class _Album:
    """A file of albums that is going to be written."""

    path: Path
    content: bytes = b""

    @classmethod
    def named(cls, paths: Sequence[Path]) -> list[_Album]:
        from whereshot.library.paths import to_key, to_path

        for path in paths:
            if path.suffix.lower() not in _ALBUM_SUFFIXES:
                raise typer.BadParameter(
                    f"{str(path)!r} must end with .json or .csv", param_hint="--albums"
                )
            check_target(path)
        return [cls(to_path(to_key(path))) for path in paths]

    def fill(self, photos: Sequence[CatalogPhoto], places: Mapping[Path, PhotoPlace]) -> None:
        from whereshot.library.albums import find_albums, to_csv, to_json

        albums = find_albums(photos, places)
        if self.path.suffix.lower() == ".csv":
            self.content = to_csv(albums, photos, places)
        else:
            self.content = to_json(albums, photos, places).encode()
        word = "album" if len(albums) == 1 else "albums"
        typer.echo(f"{printable(str(self.path))}: {len(albums):,} {word}", err=True)


def _checked(source: Path, dest: Path) -> Path:
    """The destination as an absolute path."""
    from whereshot.library.paths import to_key, to_path

    root = to_path(to_key(dest))
    if root.exists() and not root.is_dir():
        raise NotADirectoryError(
            f"'{dest}' is a file. Give a folder, or one that is not there yet."
        )
    if source.exists() and not source.is_dir():
        raise NotADirectoryError(f"'{source}' is a file. Give the folder that it is in.")
    return root


def _show(plan: OrganizePlan, mode: Mode, *, steps: bool) -> None:
    """The folders of a plan with how many photos each gets, and every single step if asked for."""
    from whereshot.cli._render import make_console
    from whereshot.library.changes import MakeFolder

    console = make_console()
    if steps:
        for step in plan.steps:
            for change in step.changes:
                if not isinstance(change, MakeFolder):
                    console.print(_line(change, step), soft_wrap=True, markup=False)
    if plan.steps:
        console.print(_tree(plan))
    for remark in (*plan.skipped, *plan.left):
        print_error(remark.reason)
    sources = Counter(step.place.source if step.place else None for step in plan.steps)
    parts = [f"{sources[key]:,} {words}" for key, words in _SOURCES.items() if sources[key]]
    settled = f"; {len(plan.settled):,} in their place already" if plan.settled else ""
    told = f" ({', '.join(parts)})" if parts else ""
    typer.echo(f"{_photos(len(plan.steps))} to {mode}{told}{settled}", err=True)


def _line(change: Change, step: Step) -> str:
    from whereshot.library.changes import CopyFile, LinkFile, MoveFile

    assert isinstance(change, CopyFile | LinkFile | MoveFile), "a plan has no other changes"
    kind = {CopyFile: "copy", LinkFile: "link", MoveFile: "move"}[type(change)]
    mark = ""
    if step.place is not None and step.place.source == "neighbors":
        mark = "  (place of photos around it in time)"
    return f"{kind}  {printable(str(change.source))} -> {printable(str(change.target))}{mark}"


def _tree(plan: OrganizePlan) -> Tree:
    from rich.text import Text
    from rich.tree import Tree

    counts = plan.counts()
    totals = Counter[Path]()
    for folder, count in counts.items():
        for above in (folder, *folder.parents):
            totals[above] += count

    def label(name: str, folder: Path) -> Text:
        return Text.assemble(printable(name), (f"  {totals[folder]:,}", "cyan"))

    tree = Tree(label(str(plan.root), Path()))
    nodes = {Path(): tree}
    folders = sorted(each for each in totals if each != Path())
    for folder in folders[:_MOST_FOLDERS]:
        nodes[folder] = nodes[folder.parent].add(label(folder.name, folder))
    if len(folders) > _MOST_FOLDERS:
        tree.add(Text(f"... and {len(folders) - _MOST_FOLDERS:,} more folders"))
    return tree


def _is_asked() -> bool:
    return sys.stdin.isatty()


def _ask(photos: int, mode: Mode) -> None:
    if not _is_asked():
        raise typer.BadParameter(
            "nobody can be asked here: add --yes to go to work, or --dry-run to look only",
            param_hint="organize",
        )
    typer.confirm(f"{mode.capitalize()} {_photos(photos)}?", abort=True, err=True)


def _carry_out(plan: OrganizePlan | None, albums: Sequence[_Album]) -> bool:
    """Write albums and carry out the plan as one run; whether all of it could be done."""
    from whereshot.library.changes import WriteFile
    from whereshot.library.files import RealFiles
    from whereshot.library.journal import Journal
    from whereshot.library.organize import apply_plan

    files = RealFiles()
    failed: list[Remark] = []
    done = 0
    with Journal() as journal, journal.begin("organize", files) as run:
        try:
            for album in albums:
                before = files.read(album.path)
                if before != album.content:
                    run.apply(WriteFile(album.path, album.content, before))
            if plan is not None and plan.steps:
                progress = ProgressLine(len(plan.steps))
                try:
                    report = apply_plan(plan, run, progress=progress.update)
                finally:
                    progress.clear()
                done, failed = report.done, list(report.failed)
        except KeyboardInterrupt:
            typer.echo(
                f"Stopped. The same command goes on; `whereshot undo {run.id}` takes back what is "
                "done.",
                err=True,
            )
            raise
    for path, reason in failed:
        print_error(f"{path}: {reason}")
    if plan is not None and plan.steps:
        count = f", {len(failed):,} could not be" if failed else ""
        back = f"; `whereshot undo {run.id}` takes it back" if done else ""
        typer.echo(f"{_photos(done)} organized{count}{back}", err=True)
    return not failed


def _photos(count: int) -> str:
    return "1 photo" if count == 1 else f"{count:,} photos"
