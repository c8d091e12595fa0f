"""A comparison of runs as text for a terminal; imported by the verb when there is one to print."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from whereshot.cli._render import make_console, make_table
from whereshot.cli._shared import printable
from whereshot.learn.compare.columns import (
    Column,
    accuracy_columns,
    cost_columns,
    points,
    value_of,
)
from whereshot.learn.compare.records import Comparison, RunRow
from whereshot.learn.evaluation import amount

_LEVELS = "▁▂▃▄▅▆▇█"
_SPARK_CELLS = 40


def print_comparison(found: Comparison) -> None:
    """Print what runs reached, whether it is luck, what they cost, and in what they differ."""
    console = make_console()
    if found.data is not None:
        photos = max(row.test.photos for row in found.runs if row.test)
        _say(console, f"test: {amount(photos, 'photo')} in {found.data}\n")
    _print_rows(console, found.runs, accuracy_columns(found))
    _print_pairs(console, found)
    console.print()
    _print_rows(console, found.runs, cost_columns())
    _print_curves(console, found.runs)
    _print_differences(console, found)


def sparkline(values: Sequence[float], low: float, high: float, cells: int = _SPARK_CELLS) -> str:
    """Values as a row of blocks, the lowest at `low`, the highest at `high`; at most `cells` wide.

    What is not finite is a space. Of more values than cells, each cell has the last of its share.

    >>> sparkline([0.0, 0.5, 1.0, float("nan")], 0, 1)
    '▁▅█ '
    """
    width = min(cells, len(values))
    shown = [values[(cell + 1) * len(values) // width - 1] for cell in range(width)]
    span = high - low or 1.0

    def level(value: float) -> str:
        if not math.isfinite(value):
            return " "
        steps = len(_LEVELS) - 1
        return _LEVELS[min(steps, max(0, round(steps * (value - low) / span)))]

    return "".join(map(level, shown))


def _print_rows(console: Console, rows: Sequence[RunRow], columns: Sequence[Column]) -> None:
    table = _table("run")
    for column in columns:
        texts = all(column.value(row) is None for row in rows)
        table.add_column(column.title, justify="left" if texts else "right", overflow="fold")
    for row in rows:
        table.add_row(_safe(row.name), *(_safe(column.show(row)) for column in columns))
    console.print(table)


def _print_pairs(console: Console, found: Comparison) -> None:
    if not found.pairs:
        return
    console.print()
    table = _table(f"against {found.pairs[0].first}")
    for title in ("top-1, points", "macro, points", "right, only it : only first", "p"):
        table.add_column(title, justify="right")
    for pair in found.pairs:
        table.add_row(
            _safe(pair.other),
            points(pair.top1),
            points(pair.macro),
            f"{pair.other_only} : {pair.first_only}",
            f"{pair.p_value:.2g}",
        )
    console.print(table)


def _print_curves(console: Console, rows: Sequence[RunRow]) -> None:
    for key, title, form in (
        ("validation_top1", "validation top-1", "{:.1%}"),
        ("loss", "training loss", "{:.3f}"),
    ):
        curves = [(row.name, [each[key] for each in row.history if key in each]) for row in rows]
        known = [value for _, values in curves for value in values if math.isfinite(value)]
        if not known:
            continue
        console.print()
        table = _table(title)
        table.add_column("by epoch", no_wrap=True)
        for name in ("first", "last"):
            table.add_column(name, justify="right")
        for name, values in curves:
            if values:
                blocks = sparkline(values, min(known), max(known))
                first, last = (form.format(values[end]).replace("%", " %") for end in (0, -1))
                table.add_row(_safe(name), blocks, first, last)
        console.print(table)


def _print_differences(console: Console, found: Comparison) -> None:
    if not found.differences:
        return
    console.print()
    table = _table("recipes differ in")
    for row in found.runs:
        table.add_column(_safe(row.name), justify="right", overflow="fold")
    for key, values in found.differences.items():
        table.add_row(_safe(key), *(_safe(value_of(value)) for value in values))
    console.print(table)


def _table(first: str) -> Table:
    table = make_table()
    table.add_column(_safe(first), overflow="fold")
    return table


def _safe(text: str) -> str:
    return escape(printable(text))


def _say(console: Console, text: str) -> None:
    console.print(_safe(text.rstrip("\n")) + "\n" * text.endswith("\n"), soft_wrap=True)
