"""Runs in, a comparison out: each is read and measured by itself, then they are set together.

A bundle takes part as the run that it was made of, as far as it tells of it.

A run that is unfinished or damaged is a row that says so; the others are compared all the same.
"""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from whereshot.errors import WhereshotError
from whereshot.learn import config
from whereshot.learn.compare.kept import (
    Measured,
    Outcomes,
    kept_outcomes,
    measure_cost,
    measure_outcomes,
    shape_of,
)
from whereshot.learn.compare.pairs import compare_pair
from whereshot.learn.compare.records import Comparison, Pair, RunRow
from whereshot.learn.compare.rows import read_bundle_row, read_row
from whereshot.learn.dataset import index_folder
from whereshot.learn.intervals import RESAMPLES
from whereshot.learn.subject import names_bundle
from whereshot.progress import silent

Report = Callable[[str, int, int], None]
"""Called as report(stage, done, total)."""

_NOT_COMPARED = frozenset({"name", "data.workers"})  # recipe keys that change nothing


def compare_runs(
    folders: Sequence[str | Path],
    *,
    data: str | Path | None = None,
    milliseconds: bool = True,
    fresh: bool = False,
    workers: int | None = None,
    resamples: int = RESAMPLES,
    report: Report = silent,
) -> Comparison:
    """Set training runs, and bundles by name or folder, side by side.

    With `data`, each finished run is measured on `data/test` (or on `data`, if that has the class
    folders), and what is found is kept in the run's folder; a bundle is measured each time.
    Without, the photos are taken on which most of the runs have been measured before.
    `milliseconds` times each network on this CPU; `fresh` measures again what was kept. Raises
    DatasetError where `data` can't be measured on.
    """
    wanted = None if data is None else index_folder(data, "test").fingerprint()
    bundles = [names_bundle(folder) for folder in folders]
    names = _names(folders)
    rows: list[RunRow] = []
    outcomes: list[dict[str, Outcomes]] = []
    costs: dict[str, Measured] = {}  # one network has one cost: noise is no difference
    for name, folder, is_bundle in zip(names, folders, bundles, strict=True):
        row, recipe = read_bundle_row(folder) if is_bundle else read_row(name, Path(folder))
        told = _under(row.name, report)
        kept: dict[str, Outcomes] = {}
        try:
            if row.state == "finished":
                kept = {} if is_bundle else kept_outcomes(Path(folder))
                if data is not None and wanted is not None and (fresh or wanted not in kept):
                    kept[wanted] = measure_outcomes(folder, data, workers=workers, report=told)
            if recipe is not None:
                told("cost", 0, 1)
                row = _measured(row, recipe, costs, milliseconds=milliseconds, fresh=fresh)
                told("cost", 1, 1)
        except (WhereshotError, OSError) as error:
            row = dataclasses.replace(row, problem=str(error))
        rows.append(row)
        outcomes.append(kept)
    fingerprint = wanted or _most_measured(outcomes)
    chosen = [kept.get(fingerprint) if fingerprint else None for kept in outcomes]
    rows = [
        dataclasses.replace(row, test=None if found is None else found.score)
        for row, found in zip(rows, chosen, strict=True)
    ]
    return Comparison(
        tuple(rows),
        _pairs(rows, chosen, resamples),
        _differences(rows),
        next((found.score.folder for found in chosen if found is not None), None),
        fingerprint,
    )


def _measured(
    row: RunRow,
    recipe: config.Recipe,
    costs: dict[str, Measured],
    *,
    milliseconds: bool,
    fresh: bool,
) -> RunRow:
    classes = row.landmarks or 1
    key = json.dumps(shape_of(recipe.model, classes), sort_keys=True)
    if key not in costs:
        costs[key] = measure_cost(
            None if row.kind == "bundle" else Path(row.folder),
            recipe.model,
            classes,
            milliseconds=milliseconds,
            fresh=fresh,
        )
    found = costs[key]
    return dataclasses.replace(
        row,
        parameters=found.cost.parameters,
        gflops=found.cost.gflops,
        cpu_milliseconds=found.cpu_milliseconds,
        processor=None if found.cpu_milliseconds is None else found.processor,
    )


def _names(folders: Sequence[str | Path]) -> list[str]:
    """The last part of each path, or the whole where two have the same."""
    lasts = [Path(folder).resolve().name for folder in folders]
    counts = Counter(lasts)
    return [
        last if counts[last] == 1 else str(folder)
        for last, folder in zip(lasts, folders, strict=True)
    ]


def _under(name: str, report: Report) -> Report:
    """The stages of one run, under its name."""
    return lambda stage, done, total: report(f"{name}: {stage}", done, total)


def _most_measured(outcomes: Sequence[Mapping[str, Outcomes]]) -> str | None:
    """The photos on which most runs were measured; of equals those that were measured last."""
    counts: Counter[str] = Counter()
    last: dict[str, str] = {}
    for kept in outcomes:
        for fingerprint, found in kept.items():
            counts[fingerprint] += 1
            last[fingerprint] = max(last.get(fingerprint, ""), found.created)
    return max(counts, key=lambda each: (counts[each], last[each]), default=None)


def _pairs(
    rows: Sequence[RunRow], chosen: Sequence[Outcomes | None], resamples: int
) -> tuple[Pair, ...]:
    if not chosen or (first := chosen[0]) is None:
        return ()
    pairs = (
        compare_pair((rows[0].name, first), (row.name, other), resamples=resamples)
        for row, other in zip(rows[1:], chosen[1:], strict=True)
        if other is not None
    )
    return tuple(pair for pair in pairs if pair is not None)


def _differences(rows: Sequence[RunRow]) -> dict[str, tuple[Any, ...]]:
    """The recipe keys that have more than one value among the runs that have a recipe."""
    with_recipe = [row for row in rows if row.recipe]
    ignored = set(_NOT_COMPARED)
    if len({row.training_fingerprint for row in with_recipe}) == 1:
        ignored.add("data.train")  # the same photos in two places
    keys = dict.fromkeys(key for row in with_recipe for key in row.recipe)
    return {
        key: tuple(row.recipe.get(key) for row in rows)
        for key in keys
        if key not in ignored and len({repr(row.recipe.get(key)) for row in with_recipe}) > 1
    }
