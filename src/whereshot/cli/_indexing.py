"""Photos of a library are looked at before a verb goes to work: what is known is not read again."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from whereshot.cli._progress import ProgressLine

if TYPE_CHECKING:
    from whereshot.library.catalog import Catalog
    from whereshot.library.index import IndexSummary

CatalogOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="What is known of photos, so that none is read twice.",
        show_default="in your data folder",
    ),
]
NotedCatalogOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="The catalog that `tag` was given: it learns what is not written any more.",
        show_default="in your data folder, if it is there",
    ),
]
ProcessesOption = Annotated[
    int | None,
    typer.Option(min=1, help="Processes that look at photos.", show_default="one per core"),
]


def known_catalog(path: Path | None) -> Path | None:
    """The catalog that a verb notes its changes in, which need none: None if there is none.

    Raises CatalogError where one was named that is not there.
    """
    from whereshot.errors import CatalogError
    from whereshot.library.catalog import Catalog

    if path is not None and not path.exists():
        raise CatalogError(
            f"There is no catalog {str(path)!r}. Name the one that was given to `whereshot tag`."
        )
    path = path or Catalog.default_path()
    return path if path.exists() else None


def look_at_photos(
    catalog: Catalog, paths: Sequence[Path], bundle: str | None, workers: int | None
) -> IndexSummary:
    """Bring the catalog up to date with what a bundle says of the photos, with a progress line."""
    from whereshot.library.index import RecognizerFactory, index_library
    from whereshot.recognize import find_bundle, load, read_bundle
    from whereshot.recognize.enrolled import enrolled_for
    from whereshot.recognize.knowledge import knowledge_of

    folder = find_bundle(bundle).absolute()
    verified = read_bundle(folder)
    # The network is not opened for its name: the processes open it, and warn for themselves.
    name = knowledge_of(verified, enrolled_for(verified, lambda _: None)).name
    factory = RecognizerFactory(name, partial(load, folder))
    progress = ProgressLine(None)

    def report(stage: str, done: int, total: int, _: dict[str, float]) -> None:
        nonlocal progress
        if stage == "recognize" and total and not done:
            progress.clear()
            progress = ProgressLine(total)
        progress.update(done)

    try:
        return index_library(catalog, paths, factory, workers=workers, report=report)
    finally:
        progress.clear()
