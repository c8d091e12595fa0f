"""`whereshot tune`: search for better values of a recipe."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from whereshot.cli._shared import print_error, printable
from whereshot.cli._training import PhotosOption, UnknownOption

if TYPE_CHECKING:
    from whereshot.learn.tune.records import Search, TrialRow

_TRIALS = 20


def tune(
    recipe: Annotated[Path, typer.Argument(help="A TOML recipe, such as recipes/world.toml.")],
    data: PhotosOption = None,
    unknown: UnknownOption = None,
    to: Annotated[
        Path | None, typer.Option("--to", help="Folder of the search; default runs/NAME-tune.")
    ] = None,
    assignments: Annotated[
        list[str] | None,
        typer.Option("--set", help="Change one key for all trials; may be repeated."),
    ] = None,
    search: Annotated[
        list[str] | None,
        typer.Option(
            "--search",
            metavar="KEY=LOW:HIGH[:log]",
            help="What to search: a range, choices as KEY=A,B,C, or a TOML file; may be repeated. "
            "Default: rates, regularization and augmentation around the recipe's own.",
        ),
    ] = None,
    trials: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Trials in the folder at the end, those before a --resume included.",
            show_default=f"{_TRIALS}, or no limit with --minutes",
        ),
    ] = None,
    minutes: Annotated[
        float | None, typer.Option(min=0, help="Begin no trial after so many minutes.")
    ] = None,
    goal: Annotated[
        Literal["loss", "top1", "macro"],
        typer.Option(
            help="What ranks trials, on photos held out of training; loss is after calibration."
        ),
    ] = "loss",
    prune: Annotated[
        bool, typer.Option("--prune/--no-prune", help="Stop trials that are behind most others.")
    ] = True,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with a search that was stopped.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print all trials as one JSON object.")
    ] = False,
) -> None:
    """Search for better values of a recipe: training runs, each learning from those before it.

    The first trial is the recipe itself. Each trial is a run in its own folder, ranked by photos
    held out of training; the test photos are not looked at. A trial that is behind most others
    is stopped, one that diverges counts as failed. The folder keeps the study (study.journal),
    the best recipe so far (best.toml, for `whereshot train`) and a report with curves and with
    what mattered (report.html). A search that was stopped, or killed, goes on with --resume.

    [bold]Examples[/bold]

    whereshot tune recipes/world.toml --data photos/world --minutes 600
    whereshot tune recipes/world.toml --set schedule.epochs=4 --trials 12 --to runs/quick-tune
    whereshot tune recipes/world.toml --search optim.lr=1e-4:1e-2:log --search augment.mixup=0:0.8
    whereshot train runs/quick-tune/best.toml --set schedule.epochs=12 --set seed=1
    """
    from whereshot.cli._training import require_learn, show_progress, with_photos

    require_learn()
    _require_optuna()
    import json

    from whereshot.learn.config import read_recipe

    chosen = with_photos(read_recipe(recipe, assignments or []), data, unknown)
    folder = to or Path("runs") / f"{chosen.name}-tune"
    # After the recipe is read: torch takes seconds to come, and a typo should not.
    from whereshot.learn.memory import keep_freed_memory
    from whereshot.learn.tune.search import tune as run_search
    from whereshot.learn.tune.space_reader import read_space

    space = read_space(search, chosen) if search else None
    keep_freed_memory()
    try:
        with show_progress() as report:
            found = run_search(
                chosen,
                folder,
                space=space,
                trials=_TRIALS if trials is None and minutes is None else trials,
                minutes=minutes,
                goal=goal,
                prune=prune,
                resume=resume,
                report=report,
                on_trial=_tell,
            )
    except KeyboardInterrupt:
        typer.echo("Stopped. Go on with the same command and --resume.", err=True)
        raise
    if as_json:
        typer.echo(json.dumps(found.to_dict(), indent=1, allow_nan=False))
    else:
        _print_search(found)
    if found.best is None:
        print_error("No trial is finished: there is no best recipe yet. Go on with --resume.")
        raise typer.Exit(1)


def _require_optuna() -> None:
    from importlib.util import find_spec

    from whereshot.errors import MissingExtraError

    if find_spec("optuna") is None:
        raise MissingExtraError(
            "Searching needs optuna, which is not installed: pip install 'whereshot[learn]'"
        )


def _tell(row: TrialRow) -> None:
    words = row.problem or ("" if row.value is None else f"{row.value:.4f}")
    typer.echo(printable(f"{row.folder}: {row.state}  {words}".rstrip()), err=True)


def _print_search(found: Search) -> None:
    from rich.markup import escape

    from whereshot.cli._render import bar, make_console, make_table
    from whereshot.learn.tune.records import GOAL_NAMES

    console = make_console()
    table = make_table()
    table.add_column("trial")
    table.add_column("state")
    for title in (GOAL_NAMES[found.goal], "top-1", "epochs"):
        table.add_column(title, justify="right")
    table.add_column("values", overflow="fold")
    for row in found.ranked():
        table.add_row(
            row.folder,
            row.state,
            "-" if row.value is None else f"{row.value:.4f}",
            "-" if row.top1 is None else f"{100 * row.top1:.1f} %",
            str(row.epochs),
            escape(_values(row)),
        )
    console.print(table)
    if found.importances:
        console.print()
        table = make_table()
        table.add_column("what mattered")
        table.add_column("share", justify="right")
        table.add_column("")
        for key, share in found.importances.items():
            table.add_row(key, f"{100 * share:.0f} %", bar(share))
        console.print(table)
    if found.best is not None:
        for name in ("best.toml", "report.html"):
            console.print(escape(printable(str(Path(found.folder) / name))), soft_wrap=True)


def _values(row: TrialRow) -> str:
    """The values of a trial, short.

    >>> from types import SimpleNamespace
    >>> _values(SimpleNamespace(values={"optim.lr": 0.00123456, "augment.preset": "light"}))
    'lr 0.00123  preset light'
    """
    parts: list[str] = []
    for key, value in row.values.items():
        number = isinstance(value, float)
        parts.append(f"{key.rpartition('.')[2]} {f'{value:.3g}' if number else value}")
    return printable("  ".join(parts))
