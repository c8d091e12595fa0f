"""The study itself: train what is missing, measure all, choose.

A network that can't be trained is a row that says why; the others go on.
"""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

from whereshot.errors import DatasetError, MissingExtraError, RecipeError, RunError
from whereshot.learn import architectures, config
from whereshot.learn import run as runs
from whereshot.learn.architectures import Backbone
from whereshot.learn.compare.records import RunRow
from whereshot.learn.compare.table import compare_runs
from whereshot.learn.dataset import find_part, index_folder
from whereshot.learn.study.choice import choose, pareto_front
from whereshot.learn.study.plan import EPOCHS, FROZEN_STAGES, Cell
from whereshot.learn.study.records import Study, StudyRow
from whereshot.learn.train import train
from whereshot.progress import silent
from whereshot.recognize.machine import processor_name

logger = logging.getLogger(__name__)

Report = Callable[[int, str, str, int, int, dict[str, float]], None]
"""Called as report(networks done, name, stage, done, total, figures)."""

_FAILURES = (RunError, RecipeError, MissingExtraError)  # of one network; others are of all of them


def conduct_study(
    base: config.Recipe,
    plan: Sequence[Cell],
    folder: str | Path,
    *,
    epochs: int = EPOCHS,
    test: bool = False,
    report: Report = silent,
    command: str = "",
) -> Study:
    """Train each network of a plan into `folder/NAME`, measure and compare all of them.

    Runs that are finished are taken as they are, one that was stopped goes on. Accuracy is of the
    held-out photos; with `test` the test part is measured too, once, after everything is trained:
    the choice never sees it. `base` and `epochs` are kept for the record.

    Raises DatasetError for photos that can't be trained on, or tested on where that is asked for.
    """
    folder = Path(folder)
    data = Path(base.data.train)
    fingerprint = _check_photos(data, test=test)
    folder.mkdir(parents=True, exist_ok=True)
    problems: dict[str, str] = {}
    new = {cell.name for cell in plan if not runs.is_finished(folder / cell.name)}
    backbones = _Backbones()
    for number, cell in enumerate(plan):
        problem = backbones.problem_of(cell) if cell.name in new else None
        problem = problem or _train(cell, number, folder, fingerprint, report)
        if problem is not None:
            problems[cell.name] = problem
    trained = [cell for cell in plan if cell.name not in problems]
    # Times are told apart only if they were taken side by side: one new network, and all are timed.
    fresh = any(cell.name in new for cell in trained)
    found = _measure(trained, folder, data, test=test, fresh=fresh, report=report)
    rows = tuple(_row(cell, folder, problems.get(cell.name), found.get(cell.name)) for cell in plan)
    held_out = next((row.validation_photos or 0 for row in found.values()), 0)
    return Study(
        rows,
        tuple(row.name for row in pareto_front(rows)),
        choose(rows, held_out),
        str(data),
        held_out,
        epochs,
        test,
        next((row.processor for row in found.values() if row.processor), processor_name()),
        config.to_dict(base),
        command,
    )


def _check_photos(data: Path, *, test: bool) -> str:
    """Fail before hours of training; returns the fingerprint of the photos to train on."""
    fingerprint = index_folder(data, "train").fingerprint()
    if test:
        if find_part(data, "test") == data:
            raise DatasetError(
                f"'{data}' has no 'test' to measure. Expected '{data / 'test'}' with one folder of "
                "photos per landmark; without --test, accuracy is of photos held out of training."
            )
        index_folder(data, "test")
    return fingerprint


class _Backbones:
    """What can be built, found out once for each backbone and before any photo is read.

    So a hub that is out of reach costs seconds, and not that for every size and mode.
    """

    def __init__(self) -> None:
        self._found: dict[str, int | str] = {}  # depth, or why it can't be built

    def problem_of(self, cell: Cell) -> str | None:
        """Why a network can't be trained as asked, or None."""
        if cell.backbone not in self._found:
            self._found[cell.backbone] = self._build(cell)
        found = self._found[cell.backbone]
        if isinstance(found, str):
            return found
        if cell.mode == "partial" and found <= FROZEN_STAGES + 1:
            return (
                f"'{cell.backbone}' has a stem and {found - 1} stages: with {FROZEN_STAGES} of "
                "them frozen none is left to train. Study it with --modes frozen,full."
            )
        return None

    @staticmethod
    def _build(cell: Cell) -> int | str:
        model = cell.recipe.model
        try:
            backbone = architectures.build(
                cell.backbone,
                pretrained_weights=model.weights == "imagenet",
                drop_path=model.drop_path,
            )
        except _FAILURES as error:
            return str(error)
        return len(cast(Backbone, backbone).layers())


def _train(cell: Cell, number: int, folder: Path, fingerprint: str, report: Report) -> str | None:
    """Train one network, or what is left of it; returns what went wrong."""
    place = folder / cell.name

    def told(stage: str, done: int, total: int, figures: dict[str, float]) -> None:
        report(number, cell.name, stage, done, total, figures)

    try:
        train(cell.recipe, place, resume=True, report=told)
        if runs.read_meta(place)["data"].get("fingerprint") != fingerprint:
            return (
                f"'{place}' was trained on other photos than those now in "
                f"'{cell.recipe.data.train}'. Choose another folder with --to."
            )
    except _FAILURES as error:
        return str(error)
    except RuntimeError as error:  # torch's own: a size that this network can't take, no memory
        logger.debug("'%s' failed", cell.name, exc_info=True)
        reason = (str(error).strip().splitlines() or [""])[0][:120]
        return f"can't be trained ({type(error).__name__}: {reason}). Leave it out of the study."
    return None


def _measure(
    trained: Sequence[Cell], folder: Path, data: Path, *, test: bool, fresh: bool, report: Report
) -> dict[str, RunRow]:
    """Accuracy and cost of each network, by name."""
    if not trained:
        return {}
    places = [folder / cell.name for cell in trained]

    def told(stage: str, done: int, total: int) -> None:
        report(len(trained), "measuring", stage, done, total, {})

    told("times on the CPU", 0, 1)
    rows = compare_runs(places, fresh=fresh).runs
    told("times on the CPU", 1, 1)
    if not test:
        # What another study may have measured on the test part is not for this one.
        return {row.name: dataclasses.replace(row, test=None) for row in rows}
    rows = compare_runs(places, data=data, report=told).runs
    return {row.name: row for row in rows}


def _row(cell: Cell, folder: Path, problem: str | None, found: RunRow | None) -> StudyRow:
    row = StudyRow(
        cell.name,
        str(folder / cell.name),
        cell.backbone,
        cell.size,
        cell.mode,
        cell.words,
        problem,
    )
    if found is None:
        return row
    return dataclasses.replace(
        row,
        problem=found.problem,
        top1=found.validation,
        parameters=found.parameters,
        gflops=found.gflops,
        cpu_milliseconds=found.cpu_milliseconds,
        train_seconds=found.train_seconds,
        test=found.test,
    )
