"""The columns of the tables of a comparison, defined once for the terminal and the report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from whereshot.learn.compare.records import Comparison, RunRow
from whereshot.learn.intervals import Estimate


@dataclass(frozen=True, slots=True)
class Column:
    """A title, what a cell says of a run, and the number to sort by (None: it has none)."""

    title: str
    show: Callable[[RunRow], str]
    value: Callable[[RunRow], float | None]


def accuracy_columns(found: Comparison) -> tuple[Column, ...]:
    """What the runs reached; on test photos only where at least one was measured on them."""
    shown = [_estimate("validation top-1", lambda row: row.validation)]
    counts = {row.test.photos for row in found.runs if row.test}
    if len(counts) > 1:  # some runs know fewer of the landmarks
        shown.append(
            Column(
                "test photos",
                lambda row: _number(row.test and row.test.photos),
                lambda row: row.test and row.test.photos,
            )
        )
    if counts:
        shown += [
            _estimate("test top-1", lambda row: row.test and row.test.top1),
            _estimate("test macro", lambda row: row.test and row.test.macro),
            _estimate("test top-5", lambda row: row.test and row.test.top5),
        ]
    return tuple(shown)


def cost_columns() -> tuple[Column, ...]:
    """What the runs cost, in training and afterwards."""
    return (
        Column("network", lambda row: row.architecture or "-", lambda _: None),
        Column("px", lambda row: _number(row.size), lambda row: row.size),
        Column(
            "parameters",
            lambda row: "-" if row.parameters is None else f"{row.parameters / 1e6:.2f} M",
            lambda row: row.parameters,
        ),
        Column("GFLOPs", lambda row: _number(row.gflops, 2), lambda row: row.gflops),
        Column(
            "CPU ms", lambda row: _number(row.cpu_milliseconds, 1), lambda row: row.cpu_milliseconds
        ),
        Column("epochs", _epochs, lambda row: row.epochs),
        Column("train min", lambda row: _number(_minutes(row), 1), _minutes),
    )


def share(estimate: Estimate | None) -> str:
    """A share with its interval, in percent.

    >>> share(Estimate(0.952, 0.939, 0.963)), share(None)
    ('95.2 % (93.9-96.3)', '-')
    """
    if estimate is None:
        return "-"
    return f"{100 * estimate.value:.1f} % ({100 * estimate.low:.1f}-{100 * estimate.high:.1f})"


def points(estimate: Estimate) -> str:
    """A difference of shares with its interval, in percentage points.

    >>> points(Estimate(0.021, -0.004, 0.046))
    '+2.1 (-0.4 to +4.6)'
    """
    low, high = 100 * estimate.low, 100 * estimate.high
    return f"{100 * estimate.value:+.1f} ({low:+.1f} to {high:+.1f})"


def value_of(value: object) -> str:
    """A recipe's value as TOML would spell it, a dash for none.

    >>> value_of(True), value_of(3e-4), value_of(None), value_of("")
    ('true', '0.0003', '-', '""')
    """
    if value is None:
        return "-"
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) or '""'


def _estimate(title: str, pick: Callable[[RunRow], Estimate | None]) -> Column:
    def value(row: RunRow) -> float | None:
        found = pick(row)
        return None if found is None else found.value

    return Column(title, lambda row: share(pick(row)), value)


def _number(value: float | None, digits: int = 0) -> str:
    return "-" if value is None else f"{value:,.{digits}f}"


def _minutes(row: RunRow) -> float | None:
    return None if row.train_seconds is None else row.train_seconds / 60


def _epochs(row: RunRow) -> str:
    whole = row.planned_epochs in (None, row.epochs)
    return str(row.epochs) if whole else f"{row.epochs} of {row.planned_epochs}"
