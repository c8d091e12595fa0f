"""Which bundle recognizes: the option of every verb that asks one."""

from __future__ import annotations

from typing import Annotated

import typer

BundleOption = Annotated[
    str | None,
    typer.Option(
        metavar="NAME_OR_DIR",
        help="A shipped bundle by name, or the path of one.",
        show_default="world",
    ),
]
