"""What the training verbs share: the extra that they need, and the progress of a run on stderr."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Report = Callable[[str, int, int, dict[str, float]], None]


def require_learn() -> None:
    """Raise MissingExtraError, with the command that helps, where torch is not installed."""
    from importlib.util import find_spec

    from whereshot.errors import MissingExtraError

    for package in ("torch", "torchvision", "timm", "safetensors"):
        if find_spec(package) is None:
            raise MissingExtraError(
                f"Training needs {package}, which is not installed: pip install 'whereshot[learn]'"
            )


@contextmanager
def show_progress() -> Iterator[Report]:
    """Yield a report function for `learn.train.train`."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    if not console.is_terminal:
        started = time.monotonic()

        def line(stage: str, done: int, total: int, figures: dict[str, float]) -> None:
            if done in (0, total) or done % 25 == 0:
                shown = "  ".join(f"{key} {value:.4g}" for key, value in figures.items())
                seconds = time.monotonic() - started
                console.print(f"{seconds:7.0f} s  {stage}  {done}/{total}  {shown}")

        yield line
        return
    columns = (
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
            shown = "  ".join(f"{key} {value:.4g}" for key, value in figures.items())
            bars.update(tasks[stage], completed=done, figures=shown)  # type: ignore[arg-type]

        yield bar
