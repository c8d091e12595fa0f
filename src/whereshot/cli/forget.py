"""`whereshot forget`: drop a landmark that was enrolled."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from whereshot.cli._enrolled import BundleOption, store_named
from whereshot.cli._shared import printable


def forget(
    name: Annotated[str, typer.Argument(help="Its name, an alias or its id.", show_default=False)],
    bundle: BundleOption = None,
) -> None:
    """Drop a landmark that was enrolled, with all that was kept of its photos.

    The landmarks of the bundle itself stay. Your photos are not touched.

    [bold]Examples[/bold]

    whereshot forget "Blarney Castle"
    whereshot forget blarney_castle --bundle runs/first/export/first
    """
    from whereshot.recognize import forget as drop

    dropped = drop(store_named(bundle), name)
    sys.stdout.write(f"forgot {printable(dropped)}\n")
