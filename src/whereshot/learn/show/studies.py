"""A backbone study as a table."""

from __future__ import annotations

from whereshot.learn.compare.columns import share
from whereshot.learn.show.table import Table
from whereshot.learn.study.records import Study


def study_table(study: Study) -> Table:
    """The networks of a study, a row each; * marks those that no other beats."""
    rows = tuple(
        (
            row.words + (" *" if row.name in study.front else ""),
            share(row.top1),
            _number(row.cpu_milliseconds),
            _number(None if row.gflops is None else row.gflops, 2),
            _number(None if row.train_seconds is None else row.train_seconds / 60),
        )
        for row in study.rows
    )
    return Table(("network", "top-1, held out", "CPU ms", "GFLOPs", "train min"), rows)


def _number(value: float | None, digits: int = 1) -> str:
    return "-" if value is None else f"{value:.{digits}f}"
