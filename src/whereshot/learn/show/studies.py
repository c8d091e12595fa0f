"""A backbone study that was made before, read back and shown."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from whereshot.errors import RunError
from whereshot.learn.compare.columns import share
from whereshot.learn.compare.records import Score
from whereshot.learn.intervals import Estimate
from whereshot.learn.show.table import Table
from whereshot.learn.study.records import SCHEMA, Choice, Study, StudyRow

STUDY = "study.json"


def read_study(folder: str | Path) -> Study:
    """The study that `whereshot study --to FOLDER` wrote there.

    Raises RunError where there is none, or it is damaged or of another schema.
    """
    path = Path(folder) / STUDY
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RunError(
            f"'{folder}' has no {STUDY}. Make one: whereshot study --data DIR --to '{folder}'"
        ) from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise RunError(f"'{path}' is damaged: {error}") from None
    try:
        return _study(found)
    except (KeyError, TypeError, AttributeError) as error:
        raise RunError(
            f"'{path}' is damaged, or of another schema than {SCHEMA}: {error}"
        ) from None


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


def _study(found: Mapping[str, Any]) -> Study:
    fields = {key: value for key, value in found.items() if key != "schema"}
    fields["rows"] = tuple(_row(row) for row in found["rows"])
    fields["front"] = tuple(found["front"])
    choice = cast("dict[str, Any] | None", found["choice"])
    fields["choice"] = None if choice is None else Choice(**choice)
    return Study(**fields)


def _row(row: Mapping[str, Any]) -> StudyRow:
    fields = dict(row)
    if row["top1"] is not None:
        fields["top1"] = Estimate(**row["top1"])
    if row["test"] is not None:
        test = dict(row["test"])
        test |= {name: Estimate(**test[name]) for name in ("top1", "top5", "macro")}
        fields["test"] = Score(**test)
    return StudyRow(**fields)


def _number(value: float | None, digits: int = 1) -> str:
    return "-" if value is None else f"{value:.{digits}f}"
