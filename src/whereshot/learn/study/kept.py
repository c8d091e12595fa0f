"""A study on disk: what a notebook or a program reads of one that was made before."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from whereshot.errors import RunError
from whereshot.learn.compare.records import Score
from whereshot.learn.intervals import Estimate
from whereshot.learn.run import write_json
from whereshot.learn.study.records import SCHEMA, Choice, Study, StudyRow

STUDY = "study.json"


def write_study(study: Study, folder: str | Path) -> None:
    """Write a study into the folder of its networks, whole or not at all."""
    write_json(Path(folder) / STUDY, study.to_dict())


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
