"""`whereshot data fetch`: download a published data set, whole or some landmarks of it."""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from whereshot.cli._shared import printable

_MOST_BARS = 5

if TYPE_CHECKING:
    from whereshot.learn.sets.fetch import OnStep
    from whereshot.learn.sets.gldv2.fetch import Choice
    from whereshot.learn.sets.gldv2.gather import OnShard
    from whereshot.learn.sets.gldv2.plan import Plan


def fetch(
    name: Annotated[
        str,
        typer.Argument(
            metavar="SET",
            help="udacity50: the course's 50 landmarks. gldv2: landmarks of Google Landmarks v2.",
        ),
    ],
    to: Annotated[
        Path | None,
        typer.Option(help="The folder to put it into.", show_default="data/SET"),
    ] = None,
    url: Annotated[
        str | None,
        typer.Option(
            help="Take it from a mirror: the archive, or for gldv2 the folder of metadata/ and "
            "train/.",
            show_default=False,
        ),
    ] = None,
    sha256: Annotated[
        str | None,
        typer.Option(help="What the archive must hash to (udacity50).", show_default=False),
    ] = None,
    landmarks: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="gldv2: the landmarks to take, one a line: a number of the set, a category of "
            "Wikimedia Commons, or a name, id or Wikidata item of the gazetteer.",
            show_default=False,
        ),
    ] = None,
    top: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="gldv2: the N landmarks with the most photos.",
            show_default=False,
        ),
    ] = None,
    min_photos: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="M",
            help="gldv2: only landmarks with M photos or more; alone, all of those.",
            show_default=False,
        ),
    ] = None,
    clean: Annotated[
        bool | None,
        typer.Option(
            "--clean/--all",
            help="gldv2: the cleaned photos, or also those that don't show their landmark.",
            show_default="clean",
        ),
    ] = None,
    max_shards: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="gldv2: ask for N of the 500 shards only, those with most of the photos.",
            show_default=False,
        ),
    ] = None,
    all_shards: Annotated[
        bool,
        typer.Option("--all-shards", help="gldv2: look for the photos in every shard."),
    ] = False,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run", help="gldv2: get the tables only, and say what would be downloaded."
        ),
    ] = False,
) -> None:
    """Download a published data set, verified, into class folders; prints the folder.

    An interrupted download goes on where it stopped. A set that is complete
    is left alone, and nothing is ever written over.

    Of Google Landmarks v2 (gldv2) you say which landmarks: by a list, or those
    with the most photos. Its photos are in 500 shards of 1 GB, in the order of
    meaningless numbers, so some hundred photos are already in all of them:
    --dry-run tells how much it is. Shards are streamed, only the photos that
    you asked for are kept, and attribution.csv names author and licence of
    each.

    [bold]Examples[/bold]

    \b
    whereshot data fetch udacity50
    whereshot data fetch udacity50 --to ~/sets/udacity50
    whereshot data fetch gldv2 --top 100 --dry-run
    whereshot data fetch gldv2 --landmarks mine.txt --max-shards 50
    """  # noqa: D301 - click wants the backspace itself before lines that it must not wrap
    if name == "gldv2":
        if sha256 is not None:
            raise typer.BadParameter(
                "is for sets of one archive; each shard of gldv2 is verified by its published MD5",
                param_hint="--sha256",
            )
        if landmarks is not None and top is not None:
            raise typer.BadParameter("can't be given with --landmarks", param_hint="--top")
        if landmarks is None and top is None and min_photos is None:
            raise typer.BadParameter(
                "say which landmarks: --landmarks FILE, --top N or --min-photos M",
                param_hint="gldv2",
            )
        if max_shards is not None and all_shards:
            raise typer.BadParameter("can't be given with --max-shards", param_hint="--all-shards")
        from whereshot.learn.sets.gldv2.fetch import Choice

        choice = Choice(landmarks, top, min_photos or 1, clean is not False, max_shards, all_shards)
        _fetch_gldv2(choice, to or Path("data") / name, url, dry_run)
        return
    for option, given in {
        "--landmarks": landmarks,
        "--top": top,
        "--min-photos": min_photos,
        "--clean/--all": clean,
        "--max-shards": max_shards,
        "--all-shards": all_shards or None,
        "--dry-run": dry_run or None,
    }.items():
        if given is not None:
            raise typer.BadParameter("is for gldv2 only", param_hint=option)
    _fetch_archive(name, to, url, sha256)


def _fetch_archive(name: str, to: Path | None, url: str | None, sha256: str | None) -> None:
    import re

    if sha256 is not None and not re.fullmatch("[0-9a-fA-F]{64}", sha256):
        raise typer.BadParameter("must be 64 hexadecimal digits", param_hint="--sha256")
    from whereshot.learn.sets.fetch import fetch as fetch_set
    from whereshot.learn.sets.fetch import published_set

    published = published_set(name)
    folder = to or Path("data") / published.name
    with _byte_progress() as on_step:
        fetched = fetch_set(published, folder, url=url, sha256=sha256, on_step=on_step)
    held = ", ".join(
        f"{count:,} {part} photos of {fetched.landmarks[part]} landmarks"
        for part, count in fetched.photos.items()
    )
    state = "is complete already, nothing was downloaded" if fetched.was_complete else "is here"
    sys.stderr.write(f"{published.name} {state}: {held}\n")
    if dict(fetched.photos) != dict(published.photos):
        expected = " and ".join(f"{count:,} {part}" for part, count in published.photos.items())
        sys.stderr.write(f"Note: {published.name} is published with {expected} photos.\n")
    sys.stdout.write(f"{printable(str(folder))}\n")


def _fetch_gldv2(choice: Choice, folder: Path, url: str | None, dry_run: bool) -> None:
    from whereshot.learn.sets.gldv2.fetch import fetch_part, plan_fetch
    from whereshot.learn.sets.gldv2.published import BASE_URL, Published

    with _byte_progress() as on_step:
        plan = plan_fetch(choice, folder, Published(url or BASE_URL), on_table=on_step)
    _tell_plan(plan)
    if dry_run:
        return
    with _byte_progress() as on_step:
        fetched = fetch_part(
            plan,
            folder,
            on_table=on_step,
            on_shard=_told_once(on_step),
        )
    sys.stderr.write(
        f"{fetched.photos:,} photos of {len(plan.landmarks):,} landmarks are here, "
        f"from {fetched.shards:,} shards\n"
    )
    if fetched.absent:
        where = "the shards that were taken" if choice.max_shards else "the shards of their ids"
        hint = "" if choice.max_shards or choice.all_shards else "; --all-shards looks in all"
        sys.stderr.write(f"Note: {fetched.absent:,} photos are not in {where}{hint}.\n")
    if fetched.unattributed:
        sys.stderr.write(
            f"Note: {fetched.unattributed:,} photos have no row in attribution.csv: "
            "don't publish them.\n"
        )
    sys.stdout.write(f"{printable(str(folder))}\n")


def _told_once(on_step: OnStep) -> OnShard:
    """A bar for each shard, or a line where stderr is a file: this may take a day."""
    last = ""

    def on_shard(done: int, total: int, shard: str, came: int, size: int | None) -> None:
        nonlocal last
        step = f"{shard} ({done + 1}/{total})"
        if step != last and not sys.stderr.isatty():
            sys.stderr.write(f"{step}\n")
            sys.stderr.flush()
        last = step
        on_step(step, came, size)

    return on_shard


def _tell_plan(plan: Plan) -> None:
    counts = plan.wanted.per_class(len(plan.landmarks))
    sys.stderr.write(
        f"{len(plan.landmarks):,} landmarks with {min(counts):,} to {max(counts):,} photos, "
        f"{len(plan.wanted):,} together: in {len(plan.shards):,} shards, about "
        f"{plan.download_bytes / 1e9:,.0f} GB to download and "
        f"{plan.photo_bytes / 1e9:,.2f} GB to keep\n"
    )


@contextmanager
def _byte_progress() -> Generator[OnStep]:
    """Bars on stderr for what comes; the last ones only, where there are many."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TaskID,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    tasks: dict[str, TaskID] = {}
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal) as bars:

        def on_step(step: str, done: int, total: int | None) -> None:
            if step not in tasks:
                if len(tasks) == _MOST_BARS:
                    bars.remove_task(tasks.pop(next(iter(tasks))))
                # What an earlier run brought must not count as speed.
                tasks[step] = bars.add_task(step, total=total, completed=done)
            bars.update(tasks[step], completed=done, total=total)

        yield on_step
