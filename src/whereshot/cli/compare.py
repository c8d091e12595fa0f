"""`whereshot compare`: training runs, or architectures, side by side."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from whereshot.cli._shared import EXIT_FAILED, check_target, print_error

if TYPE_CHECKING:
    from collections.abc import Iterable

    from whereshot.learn.cost import ArchitectureCost


def compare(
    folders: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="RUN",
            help="Run folders, or bundles by name or folder; the first is what the others are set "
            "against.",
        ),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Measure each run on DIR/test, or on the class folders in DIR; kept in the run.",
        ),
    ] = None,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="F.html", help="Write a report to look at.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print all figures as one JSON object.")
    ] = False,
    milliseconds: Annotated[
        bool, typer.Option("--time/--no-time", help="Time each network on this CPU, once.")
    ] = True,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Measure again what was measured before.")
    ] = False,
    architectures: Annotated[
        bool,
        typer.Option(
            "--architectures", help="Instead of runs: every network that a recipe can name."
        ),
    ] = False,
    size: Annotated[
        int, typer.Option(min=32, max=1024, help="With --architectures: photo size in px.")
    ] = 224,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Photos decoded side by side; default: one a core.")
    ] = None,
) -> None:
    """Set training runs and bundles side by side: accuracy, cost, curves, differences of recipes.

    Figures come with 95 % bootstrap intervals. The runs that were measured on the same photos are
    set against the first run photo by photo, which tells apart what overlapping intervals can't.
    What is measured is kept in a run's folder: the next comparison is quick. A run that is not
    finished or damaged is a row that says so; the status is 1 if one could not be read or measured.

    With --architectures, lists the networks that `model.architecture` of a recipe can name, with
    parameters, GFLOPs (a multiply-add is two) and milliseconds a photo on one thread of this CPU.

    [bold]Examples[/bold]

    \b
    whereshot compare runs/probe runs/partial runs/full --data photos/world
    whereshot compare world runs/mine --data photos/world --html mine_or_world.html
    whereshot compare --architectures --size 160
    """  # noqa: D301 - click wants the backspace itself before lines that it must not wrap
    from whereshot.cli._training import require_learn, show_progress

    if bool(folders) == architectures:
        raise typer.BadParameter("give run folders, or --architectures")
    require_learn()
    if architectures:
        _list_architectures(size, milliseconds=milliseconds, as_json=as_json)
        return
    if html is not None:
        check_target(html)
    import json

    from whereshot.learn.compare.table import compare_runs

    with show_progress() as report:
        found = compare_runs(
            folders or [],
            data=data,
            milliseconds=milliseconds,
            fresh=fresh,
            workers=workers,
            report=lambda stage, done, total: report(stage, done, total, {}),
        )
    if html is not None:
        from whereshot.learn.compare.page import render_comparison

        html.write_text(render_comparison(found), encoding="utf-8")
    if as_json:
        typer.echo(json.dumps(found.to_dict(), indent=1, allow_nan=False))
    else:
        from whereshot.cli._compare import print_comparison

        print_comparison(found)
    for row in found.runs:
        if row.problem is not None:
            print_error(f"{row.name}: {row.problem}")
    if found.has_failures:
        raise typer.Exit(EXIT_FAILED)


def _list_architectures(size: int, *, milliseconds: bool, as_json: bool) -> None:
    import dataclasses
    import json

    from whereshot.learn.cost import list_architectures

    rows = list_architectures(size, repeats=30 if milliseconds else 0)
    if as_json:
        typer.echo(json.dumps([dataclasses.asdict(row) for row in rows], indent=1))
    else:
        _print_architectures(rows, size)


def _print_architectures(rows: Iterable[ArchitectureCost], size: int) -> None:

    from whereshot.cli._render import make_console, make_table
    from whereshot.learn.cost import CLASSES

    table = make_table()
    table.add_column("model.architecture")
    table.add_column("weights")
    for title in ("parameters", "GFLOPs", "CPU ms"):
        table.add_column(title, justify="right")
    for row in rows:
        table.add_row(
            row.name,
            row.weights,
            f"{row.cost.parameters / 1e6:.2f} M",
            f"{row.cost.gflops:.2f}",
            "-" if row.cpu_milliseconds is None else f"{row.cpu_milliseconds:.1f}",
        )
    console = make_console()
    console.print(table)
    console.print(
        f"\nAt {size} px, with a head for {CLASSES} landmarks; timm/NAME is any other network of "
        "timm, with weights from its hub."
    )
