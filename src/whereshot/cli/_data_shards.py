"""`whereshot data shard` and `whereshot data index`: photos in TAR shards."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from whereshot.cli._progress import ProgressLine
from whereshot.cli._shared import EXIT_FAILED, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from whereshot.learn.shards import Shards


def shard(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="DIR",
            help="A folder with one folder of photos per landmark, or with train and test.",
            show_default=False,
        ),
    ],
    to: Annotated[
        Path, typer.Argument(metavar="TO", help="The folder for shards.", show_default=False)
    ],
    part: Annotated[
        str, typer.Option(metavar="train|test", help="Which part; it names the shards.")
    ] = "train",
    megabytes: Annotated[
        float, typer.Option("--shard-megabytes", min=0.001, help="When a shard is full.")
    ] = 256,
    seed: Annotated[int, typer.Option(help="Decides the order of the photos.")] = 0,
) -> None:
    """Write photos into TAR shards, to train on more than memory or one disk can serve.

    Photos stay as they are, byte by byte, in an order drawn at random; with
    each come the number of its class and a JSON that names its landmark. An
    index beside the shards holds classes, counts and the SHA-256 of each. The
    shards can be read by webdataset, too. Photos that can't be read are left
    out and named.

    [bold]Examples[/bold]

    \b
    whereshot data shard photos/world shards/world
    whereshot train recipes/world.toml --set 'data.train=shards/world/train-*.tar'
    """  # noqa: D301 - click wants the backspace itself before lines that it must not wrap
    if part not in ("train", "test"):
        raise typer.BadParameter("must be train or test", param_hint="--part")
    from whereshot.learn.sets.shard import write_shards

    line: ProgressLine | None = None

    def on_photo(done: int, total: int) -> None:
        nonlocal line
        line = line or ProgressLine(total)
        line.update(done)

    try:
        written = write_shards(
            folder, to, part=part, megabytes=megabytes, seed=seed, on_photo=on_photo
        )
    finally:
        if line is not None:
            line.clear()
    _tell(written.shards, written.skipped)
    sys.stdout.write(f"{printable(written.shards.root)}\n")


def index(
    shards: Annotated[
        str,
        typer.Argument(
            metavar="SHARDS",
            help="TAR files: a path with * or {000..099} in it, or such a URL.",
            show_default=False,
        ),
    ],
    to: Annotated[
        Path | None,
        typer.Option("--to", metavar="F.index.json", help="Where to, if not beside the shards."),
    ] = None,
    check: Annotated[
        bool,
        typer.Option("--check", help="Compare the shards with the index that they have."),
    ] = False,
) -> None:
    """Read TAR shards and write the index that training on them needs.

    For shards in webdataset's format that something else has written: a photo,
    and a number or JSON that tells its class. With --check, shards are
    compared with the SHA-256 of their index; the exit status is 1 if one is
    not as it was.

    [bold]Examples[/bold]

    \b
    whereshot data index 'shards/train-{000000..000099}.tar'
    whereshot data index 'shards/world/train-*.tar' --check
    """  # noqa: D301 - click wants the backspace itself before lines that it must not wrap
    if check and to is not None:
        raise typer.BadParameter("--check writes nothing: leave out --to.")
    if check:
        _check(shards)
        return
    from whereshot.learn.sets.shard_reading import index_shards

    found = index_shards(shards, to)
    _tell(found.shards, found.skipped)
    sys.stdout.write(f"{printable(str(found.index))}\n")


def _check(pattern: str) -> None:
    from whereshot.learn.sets.shard_reading import check_shards
    from whereshot.learn.shard_index import open_shards

    shards = open_shards(pattern)
    line = ProgressLine(len(shards.files))
    try:
        wrong = check_shards(shards, on_shard=lambda done, _: line.update(done))
    finally:
        line.clear()
    for file, reason in wrong:
        sys.stdout.write(f"{printable(file)}: {reason}\n")
    sys.stderr.write(f"{len(shards.files):,} shards checked, {len(wrong):,} not as they were\n")
    if wrong:
        raise typer.Exit(EXIT_FAILED)


def _tell(shards: Shards, skipped: Sequence[tuple[str, str]]) -> None:
    for name, reason in skipped:
        sys.stderr.write(f"left out: {printable(name)}: {printable(reason)}\n")
    sys.stderr.write(
        f"{len(shards):,} photos of {len(shards.classes):,} landmarks in "
        f"{len(shards.files):,} shards, {len(skipped):,} left out\n"
    )
