"""What the training verbs share: their photos, the extra that they need, progress on stderr."""

from __future__ import annotations

import dataclasses
import os
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from whereshot.learn.config import Recipe
    from whereshot.progress import Report

_LINE_SECONDS = 10.0  # where there is no terminal to draw bars on, a line at most this often

PhotosOption = Annotated[
    Path | None,
    typer.Option("--data", help="Folder with one folder of photos per landmark, or `train/`."),
]
UnknownOption = Annotated[
    Path | None,
    typer.Option("--unknown", help="Folder of photos without a landmark, to be unsure about."),
]


def require_learn() -> None:
    """Raise MissingExtraError, with the command that helps, where torch is not installed."""
    from importlib.util import find_spec

    from whereshot.errors import MissingExtraError

    for package in ("torch", "torchvision", "timm", "safetensors"):
        if find_spec(package) is None:
            raise MissingExtraError(
                f"Training needs {package}, which is not installed: pip install 'whereshot[learn]'"
            )


def with_photos(recipe: Recipe, data: Path | None, unknown: Path | None) -> Recipe:
    """The recipe with the photos that the command line names in place of its own."""
    places = {"train": data, "unknown": unknown}
    given = {key: str(place) for key, place in places.items() if place is not None}
    return dataclasses.replace(recipe, data=dataclasses.replace(recipe.data, **given))


def is_first_process() -> bool:
    """Whether this is the process that reports: the only one, or the first of torchrun."""
    return os.environ.get("RANK", "0") == "0" or "TORCHELASTIC_RUN_ID" not in os.environ


@contextmanager
def show_progress() -> Generator[Report]:
    """Yield a report function for `learn.train.train`: bars on a terminal, else lines."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    console = Console(stderr=True)
    if not console.is_terminal:
        started = last = time.monotonic()

        def line(stage: str, done: int, total: int, figures: dict[str, float]) -> None:
            nonlocal last
            now = time.monotonic()
            if done == total or now - last >= _LINE_SECONDS:
                last = now
                shown = f"{now - started:7.0f} s  {stage}  {done}/{total}  {_shown(figures)}"
                console.print(shown.rstrip(), soft_wrap=True, highlight=False, markup=False)

        yield line
        return
    columns = (
        SpinnerColumn(),  # moves within a long step too
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[figures]}"),
    )
    with Progress(*columns, console=console) as bars:
        tasks: dict[str, int] = {}

        def bar(stage: str, done: int, total: int, figures: dict[str, float]) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=total, figures="")
            bars.update(tasks[stage], completed=done, figures=_shown(figures))  # type: ignore[arg-type]

        yield bar


def _shown(figures: dict[str, float]) -> str:
    return "  ".join(f"{key} {value:.4g}" for key, value in figures.items())
