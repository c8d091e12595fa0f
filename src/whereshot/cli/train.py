"""`whereshot train`: from a recipe and photos to a run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from whereshot.cli._training import PhotosOption, UnknownOption

if TYPE_CHECKING:
    from whereshot.learn.config import Recipe


def train(
    recipe: Annotated[Path, typer.Argument(help="A TOML recipe, such as recipes/world.toml.")],
    data: PhotosOption = None,
    unknown: UnknownOption = None,
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
    find_lr: Annotated[
        bool,
        typer.Option(
            "--find-lr",
            help="Try a hundred learning rates, show the loss, write no run.",
        ),
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the results as one JSON object.")
    ] = False,
) -> None:
    """Train a network from scratch or by transfer learning.

    The run folder holds weights, the resolved recipe, history and TensorBoard files. A run that
    was stopped, even by kill -9, goes on from its last epoch with --resume, to the same result.

    Started by torchrun, several processes or GPUs share each batch of one training.

    [bold]Examples[/bold]

    whereshot train recipes/world.toml --data photos/world
    whereshot train recipes/world.toml --set schedule.epochs=5 --to runs/short
    whereshot train recipes/world.toml --find-lr
    torchrun --nproc-per-node 2 -m whereshot train recipes/world.toml
    """
    from whereshot.cli._training import require_learn, with_photos

    require_learn()
    if find_lr and (resume or to is not None):
        raise typer.BadParameter("--find-lr writes no run: leave out --to and --resume.")
    from whereshot.learn.config import read_recipe

    chosen = with_photos(read_recipe(recipe, assignments or []), data, unknown)
    # After the recipe is read: torch takes seconds to come, and a typo should not.
    from whereshot.learn.memory import keep_freed_memory

    keep_freed_memory()
    if find_lr:
        _find_learning_rate(chosen, as_json=as_json)
    else:
        _train(chosen, to or Path("runs") / chosen.name, resume=resume, as_json=as_json)


def _train(recipe: Recipe, folder: Path, *, resume: bool, as_json: bool) -> None:
    from whereshot.cli._training import is_first_process, show_progress
    from whereshot.learn.run import read_meta
    from whereshot.learn.train import train as run_training
    from whereshot.progress import silent

    first = is_first_process()
    try:
        if first:
            with show_progress() as report:
                run_training(recipe, folder, resume=resume, report=report)
        else:
            run_training(recipe, folder, resume=resume, report=silent)
    except KeyboardInterrupt:
        if first:
            typer.echo("Stopped. Go on with the same command and --resume.", err=True)
        raise
    if first and as_json:
        import json

        typer.echo(json.dumps({"run": str(folder), **read_meta(folder)["results"]}))
    elif first:
        typer.echo(folder)


def _find_learning_rate(recipe: Recipe, *, as_json: bool) -> None:
    from whereshot.cli._sweep import sweep_object, sweep_text
    from whereshot.cli._training import show_progress
    from whereshot.learn.lr_finder import find_learning_rate

    with show_progress() as report:
        sweep = find_learning_rate(recipe, report=report)
    if as_json:
        import json

        typer.echo(json.dumps(sweep_object(sweep)))
    else:
        typer.echo(sweep_text(sweep))
