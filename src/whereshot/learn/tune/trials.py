"""One trial: an ordinary run, watched from epoch to epoch, stopped where it is hopeless."""

from __future__ import annotations

import math
import re
from pathlib import Path

from optuna.exceptions import TrialPruned
from optuna.trial import Trial

from whereshot.errors import DatasetError, RunError
from whereshot.learn import run as runs
from whereshot.learn.compare.rows import read_history
from whereshot.learn.config import Recipe
from whereshot.learn.train import train
from whereshot.learn.tune.records import FIGURES, GOAL_NAMES, Goal
from whereshot.progress import Report

_EPOCH = re.compile(r"epoch (\d+)( done)?")


def run_trial(
    recipe: Recipe, folder: Path, trial: Trial, *, goal: Goal, prune: bool, report: Report
) -> float:
    """Train a trial's recipe into its folder; returns the goal's value of the weights kept.

    Goes on where an earlier attempt stopped. Raises TrialPruned where Optuna gives the trial up,
    and what `train` raises.
    """
    watch = _Watch(trial, goal, report, prune=prune, epochs=_epochs(recipe))
    watch.catch_up(folder)
    train(recipe, folder, resume=True, report=watch)
    best = runs.read_meta(folder)["results"]["best_epoch"]
    row = next((each for each in read_history(folder) if each["epoch"] == best), {})
    value = row.get(FIGURES[goal], math.nan)
    if not math.isfinite(value):
        raise RunError(f"The {GOAL_NAMES[goal]} of the best epoch is {value}: it can't be ranked.")
    return value


def drop_weights(folder: Path) -> None:
    """Remove the checkpoints of a trial that came to nothing; its history stays."""
    for name in (runs.CHECKPOINT, runs.BEST):
        (folder / name).unlink(missing_ok=True)


class _Watch:
    """Tells Optuna of each epoch, and stops the training when it gives the trial up.

    That happens at the first sign of life after the epoch, not at its end: by then the epoch is
    in the run's history.
    """

    def __init__(
        self, trial: Trial, goal: Goal, report: Report, *, prune: bool, epochs: int
    ) -> None:
        self._trial, self._figure, self._report = trial, FIGURES[goal], report
        self._prune, self._epochs = prune, epochs
        self._hopeless = False

    def catch_up(self, folder: Path) -> None:
        """Tell of the epochs that an earlier attempt has done; raises TrialPruned."""
        for row in read_history(folder):
            if self._figure in row:
                self._tell(int(row["epoch"]), row[self._figure])
        if not runs.is_finished(folder):
            self._raise_if_hopeless()

    def __call__(self, stage: str, done: int, total: int, figures: dict[str, float]) -> None:
        self._raise_if_hopeless()
        match = _EPOCH.fullmatch(stage)
        if match is None:
            self._report(stage, done, total, figures)
            return
        epoch = int(match[1]) - 1
        if match[2]:
            if self._figure not in figures:
                raise DatasetError(
                    "No photos are held out to rank trials by. Set data.validation higher, or add "
                    "photos: a landmark needs two at least."
                )
            self._tell(epoch, figures[self._figure])
        self._report("epochs", epoch + bool(match[2]), self._epochs, figures)

    def _tell(self, epoch: int, value: float) -> None:
        self._trial.report(value, epoch)
        last = epoch + 1 >= self._epochs
        self._hopeless = self._prune and not last and self._trial.should_prune()

    def _raise_if_hopeless(self) -> None:
        if self._hopeless:
            raise TrialPruned


def _epochs(recipe: Recipe) -> int:
    return recipe.schedule.frozen_epochs + recipe.schedule.epochs
