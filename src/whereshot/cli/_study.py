"""A study in a terminal: its progress, its table and its answer."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from rich.markup import escape

from whereshot.cli._render import make_console, make_table
from whereshot.cli._shared import print_error, printable
from whereshot.cli._training import show_progress
from whereshot.learn.intervals import Estimate
from whereshot.learn.study.conduct import Report
from whereshot.learn.study.plan import short_name
from whereshot.learn.study.records import Study


@contextmanager
def show_study_progress(networks: int) -> Generator[Report]:
    """Yield a report function: on a terminal a bar of networks and one of the stage, else lines."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    console = Console(stderr=True)
    if not console.is_terminal:
        with show_progress() as lines:

            def line(
                number: int, name: str, stage: str, done: int, total: int, figures: dict[str, float]
            ) -> None:
                shown = f"{min(number + 1, networks)}/{networks} {name}: {stage}"
                lines(shown, done, total, figures)

            yield line
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[figures]}"),
    )
    with Progress(*columns, console=console) as bars:
        whole = bars.add_task("networks", total=networks, figures="")
        part = bars.add_task("", total=None, figures="")

        def bar(
            number: int, name: str, stage: str, done: int, total: int, figures: dict[str, float]
        ) -> None:
            shown = "  ".join(f"{key} {value:.4g}" for key, value in figures.items())
            bars.update(whole, completed=number)
            bars.update(
                part,
                description=f"{escape(name)}: {stage}",
                completed=done,
                total=total,
                figures=shown,  # type: ignore[arg-type]
            )

        yield bar


def print_study(study: Study) -> None:
    """Print the table and the choice to stdout, what failed to stderr."""
    console = make_console()
    table = make_table()
    table.add_column("network")
    table.add_column("px", justify="right")
    table.add_column("mode")
    for column in ("held-out top-1", *(["test top-1"] if study.tested else [])):
        table.add_column(column, justify="right")
    for column in ("ms", "M params", "GFLOPs", "train min"):
        table.add_column(column, justify="right")
    table.add_column("")
    for row in study.rows:
        chosen = study.choice is not None and row.name == study.choice.name
        on_front = row.name in study.front
        mark = "the choice" if chosen else "front" if on_front else ""
        table.add_row(
            escape(printable(short_name(row.backbone))),
            str(row.size),
            row.mode,
            _share(row.top1),
            *([_share(row.test.top1 if row.test else None)] if study.tested else []),
            _number(row.cpu_milliseconds, ".1f"),
            _number(row.parameters and row.parameters / 1e6, ".2f"),
            _number(row.gflops, ".2f"),
            _number(row.train_seconds and row.train_seconds / 60, ".1f"),
            "failed" if row.problem else mark,
            style="bold" if on_front else "",
        )
    console.print(table)
    if study.choice is not None:
        console.print(f"\n{escape(study.choice.why)}", soft_wrap=True)
    if study.tested:
        console.print(
            "The test photos were measured once, when everything was trained; nothing was chosen "
            "by them.",
            style="dim",
            soft_wrap=True,
        )


def print_failures(study: Study) -> None:
    """One line on stderr for each reason, with the networks that it stopped."""
    for reason, names in study.problems().items():
        print_error(f"{', '.join(names)}: {reason}")


def _share(estimate: Estimate | None) -> str:
    if estimate is None:
        return "-"
    return f"{100 * estimate.value:.1f} % ({100 * estimate.low:.1f} to {100 * estimate.high:.1f})"


def _number(value: float | None, form: str) -> str:
    return "-" if value is None else f"{value:{form}}"
