"""What a search found, as records; `Search.to_dict` is the JSON that is printed."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from whereshot.learn.tune.space import Space, Value, to_plain

SCHEMA = "1.0"
State = Literal["finished", "pruned", "failed", "stopped"]
Goal = Literal["loss", "top1", "macro"]
"""What trials are ranked by, on the photos that each run holds out of training."""
FIGURES: Mapping[Goal, str] = {
    "loss": "validation_calibrated_loss",
    "top1": "validation_top1",
    "macro": "validation_macro",
}
"""The figure of a run's history that a goal stands for.

The loss is that after calibration: before it, mixing of photos would look bad whatever it does.
"""
GOAL_NAMES: Mapping[Goal, str] = {
    "loss": "calibrated loss",
    "top1": "top-1",
    "macro": "macro top-1",
}


@dataclass(frozen=True, slots=True)
class TrialRow:
    """One trial: a run in `folder`, numbered from 1, with the recipe's `values` in place.

    `value` is the goal's at the epoch whose weights are kept, None where the trial did not get
    there; `curve` is the goal's by epoch. A trial that was pruned was worse than most others at
    the same epoch; one that is stopped goes on when the search does. `problem` says why one failed.
    """

    number: int
    folder: str
    state: State
    values: Mapping[str, Value]
    value: float | None
    top1: float | None
    epochs: int
    train_seconds: float | None
    curve: tuple[float, ...]
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Search:
    """A search as far as it is: its trials in order, the best of them, what mattered.

    `importances` has the share of the variation of the goal that each key explains by itself
    (fANOVA); it is empty while there are too few finished trials to say.
    """

    name: str
    folder: str
    goal: Goal
    space: Space
    trials: tuple[TrialRow, ...]
    importances: Mapping[str, float]

    @property
    def best(self) -> TrialRow | None:
        """The finished trial with the best value, the first of equals; None while there is none."""
        finished = [row for row in self.trials if row.state == "finished" and row.value is not None]
        sign = 1 if is_lower_better(self.goal) else -1
        return min(finished, key=lambda row: sign * (row.value or 0.0), default=None)

    def ranked(self) -> list[TrialRow]:
        """Finished trials, best first, then the others in order."""
        sign = 1 if is_lower_better(self.goal) else -1

        def place(row: TrialRow) -> tuple[bool, float, int]:
            unfinished = row.state != "finished" or row.value is None
            return unfinished, 0.0 if unfinished else sign * (row.value or 0.0), row.number

        return sorted(self.trials, key=place)

    def to_dict(self) -> dict[str, Any]:
        """Nested plain values, ready for JSON; what is infinite or not a number is None."""
        best = self.best
        return {
            "schema": SCHEMA,
            "name": self.name,
            "folder": self.folder,
            "goal": self.goal,
            "space": to_plain(self.space),
            "best": None if best is None else best.number,
            "trials": [
                dataclasses.asdict(row) | {"curve": [_finite(value) for value in row.curve]}
                for row in self.trials
            ],
            "importances": dict(self.importances),
        }


def is_lower_better(goal: Goal) -> bool:
    """Whether the goal is a loss."""
    return goal == "loss"


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
