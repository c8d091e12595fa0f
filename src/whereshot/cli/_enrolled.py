"""Enrolled landmarks on the command line: where they are kept, and how they leave."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from whereshot.cli._shared import print_error, printable

if TYPE_CHECKING:
    from whereshot.recognize import EnrolledLandmark, EnrolledStore

BundleOption = Annotated[
    str | None,
    typer.Option(
        metavar="NAME_OR_DIR",
        help="The bundle that was taught: a shipped one by name, or the path of one.",
        show_default="world",
    ),
]


def store_named(bundle: str | None) -> EnrolledStore:
    """Where the landmarks are that were taught to a bundle; its network is not loaded."""
    from whereshot.recognize import find_bundle, read_bundle, store_of

    return store_of(read_bundle(find_bundle(bundle)))


def read_all(bundle: str | None) -> tuple[dict[str, EnrolledLandmark], bool]:
    """The landmarks that were taught to a bundle, by id, and whether some can't be read.

    Those are told on stderr.
    """
    problems: list[str] = []
    entries = store_named(bundle).read(skip=problems.append)
    for problem in problems:
        print_error(problem)
    return {entry.landmark.id: entry for entry in entries}, bool(problems)


def export(store: EnrolledStore, target: Path, ids: Collection[str], *, pictures: bool) -> None:
    """Write landmarks into a new file, and say what is in it."""
    written = store.export_to(target, ids, with_pictures=pictures)
    photos = sum(entry.photos for entry in written)
    what = "with small pictures of them" if pictures else "without the photos themselves"
    typer.echo(
        f"{printable(str(target))}: {len(written)} landmarks from {photos} photos, {what}", err=True
    )
