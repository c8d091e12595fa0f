"""What a run or a bundle says of itself, as a row of the comparison; nothing is measured here."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import numpy as np

from whereshot.errors import WhereshotError
from whereshot.learn import config
from whereshot.learn import run as runs
from whereshot.learn.compare.records import RunRow
from whereshot.learn.intervals import Estimate, estimate_shares, mean_of
from whereshot.recognize import find_bundle, read_bundle


def read_row(name: str, folder: Path) -> tuple[RunRow, config.Recipe | None]:
    """The row of a run, and its recipe where that can be read; a row says what is wrong."""
    try:
        meta = runs.read_meta(folder)
    except (WhereshotError, OSError) as error:
        return RunRow(name, str(folder), "unreadable", str(error)), None
    history = read_history(folder)
    row = RunRow(
        name,
        str(folder),
        "finished" if runs.is_finished(folder) else "unfinished",
        recipe=_flat(meta["recipe"]),
        landmarks=len(meta["classes"]),
        training_photos=meta["data"].get("training_photos"),
        training_fingerprint=meta["data"].get("fingerprint"),
        epochs=len(history),
        history=history,
    )
    try:
        recipe = runs.recipe_of(meta, folder)
    except WhereshotError as error:
        return dataclasses.replace(row, state="unreadable", problem=str(error)), None
    planned = recipe.schedule.frozen_epochs + recipe.schedule.epochs
    row = dataclasses.replace(
        row,
        recipe=_flat(config.to_dict(recipe)),  # keys that are newer than the run have defaults
        architecture=recipe.model.architecture,
        size=recipe.model.size,
        planned_epochs=planned,
        validation_photos=meta["data"].get("validation_photos"),
    )
    if row.state == "finished":
        return _with_results(row, meta["results"]), recipe
    best = max((each.get("validation_top1", 0.0) for each in history), default=None)
    row = dataclasses.replace(
        row,
        problem=f"unfinished: {len(history)} of {planned} epochs are done",
        validation=_validation(best, row.validation_photos),
    )
    return row, recipe


def read_bundle_row(name_or_folder: str | Path) -> tuple[RunRow, config.Recipe | None]:
    """The row of a bundle, by what it tells of its training; curves stay with the run."""
    try:
        bundle = read_bundle(find_bundle(name_or_folder))
    except (WhereshotError, OSError) as error:
        return RunRow(str(name_or_folder), str(name_or_folder), "unreadable", str(error)), None
    row = RunRow(
        bundle.title, str(bundle.path), "finished", kind="bundle", landmarks=len(bundle.landmarks)
    )
    told = bundle.provenance
    try:
        recipe = config.from_dict(told["recipe"])
        data, results = dict(told["data"]), dict(told["results"])
    except (WhereshotError, AttributeError, KeyError, TypeError, ValueError):
        # A bundle of other makers need not tell how it was made; it is measured all the same.
        return row, None
    row = dataclasses.replace(
        row,
        recipe=_flat(config.to_dict(recipe)),
        architecture=recipe.model.architecture,
        size=recipe.model.size,
        training_photos=data.get("training_photos"),
        training_fingerprint=data.get("fingerprint"),
        validation_photos=data.get("validation_photos"),
        epochs=recipe.schedule.frozen_epochs + recipe.schedule.epochs,
    )
    return _with_results(row, results), recipe


def _with_results(row: RunRow, results: Mapping[str, Any]) -> RunRow:
    seconds = results.get("train_seconds")
    return dataclasses.replace(
        row,
        best_epoch=results.get("best_epoch"),
        train_seconds=None if seconds is None else float(seconds),
        validation=_validation(results.get("validation_top1"), row.validation_photos),
    )


def _validation(top1: float | None, photos: int | None) -> Estimate | None:
    """The share with its interval: for a plain mean, resamples need no more than the count."""
    if top1 is None or not photos:
        return None
    right = np.arange(photos) < round(top1 * photos)
    return estimate_shares({"top1": mean_of(right)}, photos)["top1"]


def read_history(folder: Path) -> tuple[Mapping[str, float], ...]:
    """The rows of `history.jsonl` up to the first that can't be read."""
    rows: list[Mapping[str, float]] = []
    try:
        lines = (folder / "history.jsonl").read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return ()
    for line in lines:
        try:
            row = cast("dict[str, float]", json.loads(line))
            row = {key: float(value) for key, value in row.items()}
        except (ValueError, TypeError, AttributeError):
            break
        if "epoch" not in row:
            break
        rows.append(row)
    return tuple(rows)


def _flat(table: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """A recipe's keys as `section.key`."""
    flat: dict[str, Any] = {}
    for key, value in table.items():
        if isinstance(value, Mapping):
            flat |= _flat(cast("Mapping[str, Any]", value), f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = value
    return flat
