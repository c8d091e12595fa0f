"""`whereshot train`: from a recipe and photos to a run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def train(
    recipe: Annotated[Path, typer.Argument(help="A TOML recipe, such as recipes/world.toml.")],
    data: Annotated[
        Path | None,
        typer.Option("--data", help="Folder with one folder of photos per landmark, or `train/`."),
    ] = None,
    unknown: Annotated[
        Path | None,
        typer.Option("--unknown", help="Folder of photos without a landmark, to be unsure about."),
    ] = None,
    to: Annotated[
        Path | None, typer.Option("--to", help="Run folder to write; default runs/NAME.")
    ] = None,
    assignments: Annotated[
        list[str] | None,
        typer.Option("--set", help="Change one key, such as optim.lr=3e-4; may be repeated."),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with a run that was stopped.")
    ] = False,
) -> None:
    """Train a network from scratch or by transfer learning.

    The run folder holds weights, the resolved recipe, history and TensorBoard files. A run that
    was stopped goes on from its last epoch with --resume.

    [bold]Examples[/bold]

    whereshot train recipes/world.toml --data photos/world
    whereshot train recipes/world.toml --set schedule.epochs=5 --to runs/short
    """
    from whereshot.cli._training import require_learn, show_progress

    require_learn()
    import dataclasses

    from whereshot.learn.config import read_recipe

    chosen = read_recipe(recipe, assignments or [])
    places = {"train": data, "unknown": unknown}
    given = {key: str(place) for key, place in places.items() if place is not None}
    chosen = dataclasses.replace(chosen, data=dataclasses.replace(chosen.data, **given))
    folder = to or Path("runs") / chosen.name
    # After the recipe is read: torch takes seconds to come, and a typo should not.
    from whereshot.learn.memory import keep_freed_memory
    from whereshot.learn.train import train as run_training

    keep_freed_memory()
    try:
        with show_progress() as report:
            run_training(chosen, folder, resume=resume, report=report)
    except KeyboardInterrupt:
        typer.echo("Stopped. Go on with the same command and --resume.", err=True)
        raise
    typer.echo(folder)
