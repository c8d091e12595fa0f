"""`whereshot map`: a library on a map, as one file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from whereshot.cli._bundle import BundleOption
from whereshot.cli._indexing import CatalogOption, ProcessesOption, look_at_photos
from whereshot.cli._progress import ProgressLine
from whereshot.cli._shared import EXIT_FAILED, check_target, print_error, printable

_SUFFIXES = (".html", ".htm")


def map(  # noqa: A001 - it is the verb
    sources: Annotated[
        list[Path],
        typer.Argument(
            metavar="SRC", help="Photos, and folders with all below.", show_default=False
        ),
    ],
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="FILE", help="The HTML file to write.")
    ] = Path("map.html"),
    thumbnails: Annotated[
        int,
        typer.Option(min=0, help="Photos that can be seen in it, at most; 10 KB each."),
    ] = 1000,
    neighbors: Annotated[
        bool,
        typer.Option(
            "--neighbors",
            help="Photos without a place get that of photos which the same camera took within "
            "30 minutes.",
        ),
    ] = False,
    title: Annotated[
        str | None,
        typer.Option(help="What it is called.", show_default="the folder's name"),
    ] = None,
    bundle: BundleOption = None,
    catalog: CatalogOption = None,
    workers: ProcessesOption = None,
) -> None:
    """Write a map of a library: one HTML file that needs no network and no other file.

    It shows groups of photos where they were taken, the photos of a group with their certainty, a
    timeline, and filters by place, certainty and source. Whoever gets the file sees the thumbnails
    in it, the names of the photos and where they were taken; the photos themselves open only where
    they lie beside it as they do now.

    [bold]Examples[/bold]

    whereshot map ~/Pictures -o map.html
    whereshot map ~/Pictures/2024 --thumbnails 5000 --title "2024"
    """
    from whereshot.library.catalog import Catalog
    from whereshot.library.files import RealFiles
    from whereshot.library.map.data import map_data
    from whereshot.library.map.page import check_map_target, render_map
    from whereshot.library.paths import to_key, to_path
    from whereshot.library.places import PlaceFinder
    from whereshot.library.positions import with_sidecar_positions

    if output.suffix.lower() not in _SUFFIXES:
        raise typer.BadParameter(f"{str(output)!r} must end with .html", param_hint="--output")
    check_target(output)
    check_map_target(output)
    target = to_path(to_key(output))
    with Catalog(catalog) as known:
        problems = look_at_photos(known, sources, bundle, workers).problems
        photos, unread_sidecars = with_sidecar_positions(known.photos(sources), RealFiles())
    for problem in (*problems, *unread_sidecars):
        print_error(problem.message)
    unread = [photo for photo in photos if photo.error is not None]
    for photo in unread:
        print_error(str(photo.error))
    places = PlaceFinder().places(photos, neighbors=neighbors)
    progress = ProgressLine(min(thumbnails, len(places)))
    try:
        data = map_data(
            photos,
            places,
            target.parent,
            thumbnails=thumbnails,
            progress=lambda done, _: progress.update(done),
        )
    finally:
        progress.clear()
    page = render_map(title or _title(sources), data)
    files = RealFiles()
    files.write(target, page.encode(), over=files.look(target))
    typer.echo(
        f"{printable(str(output))}: {len(places):,} photos on the map, {data['without']:,} without "
        f"a place, {len(data['thumbnails']):,} with a thumbnail; {len(page) / 1e6:.1f} MB",
        err=True,
    )
    if problems or unread:
        raise typer.Exit(EXIT_FAILED)


def _title(sources: list[Path]) -> str:
    names = [source.absolute().name for source in sources]
    if len(names) == 1 and names[0]:
        return names[0]
    return "Photos"
