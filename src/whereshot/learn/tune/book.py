"""The search on disk: an Optuna study, which a killed search goes on from.

A trial that was under way when the search was killed is attempted again, under its own number and
with its own values: it then goes on from the checkpoint of its run. For Optuna that is a trial of
its own, so its numbers are not ours: ours stand in the attribute `trial` of each.

Reference: T. Akiba et al., "Optuna: A Next-generation Hyperparameter Optimization Framework"
(KDD 2019).
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import optuna
from optuna.trial import FrozenTrial, Trial, TrialState

from whereshot.errors import RunError
from whereshot.learn import config
from whereshot.learn.loader import seed_of
from whereshot.learn.tune.journal import Journal
from whereshot.learn.tune.records import Goal, is_lower_better
from whereshot.learn.tune.space import Space, Value, from_plain, to_plain, value_in

STUDY = "study.journal"
_PLAN, _TRIAL, _PHOTOS, _PROBLEM = "plan", "trial", "photos", "problem"
_RANDOM_TRIALS = 8  # before the sampler begins to learn from those that are done
_TRIALS_BEFORE_PRUNING = 4
_TRIALS_FOR_IMPORTANCE = 6


class Book:
    """What a search keeps: its plan, and every attempt at a trial."""

    def __init__(self, study: optuna.Study, seed: int) -> None:
        self.study, self._seed = study, seed

    def plan(self) -> dict[str, Any] | None:
        """The plan that the search was started with, None for a new one."""
        return self.study.user_attrs.get(_PLAN)

    def begin(self, plan: Mapping[str, Any], space: Space, recipe: config.Recipe) -> None:
        """Note the plan of a new search; its first trial is the recipe itself, if it is inside."""
        own = {dimension.key: value_in(recipe, dimension.key) for dimension in space}
        inside = all(dimension.holds(own[dimension.key]) for dimension in space)
        if inside and not self.attempts():  # there is one after a kill in the midst of this
            self.study.enqueue_trial(own, user_attrs={_TRIAL: {"number": 1, "values": own}})
        self.study.set_user_attr(_PLAN, dict(plan))

    def check_photos(self, fingerprint: str) -> None:
        """Raise RunError where a trial was trained on other photos than the first one."""
        first = self.study.user_attrs.get(_PHOTOS)
        if first is None:
            self.study.set_user_attr(_PHOTOS, fingerprint)
        elif first != fingerprint:
            raise RunError(
                "The photos are not those that the search began with: its trials can't be "
                "compared with new ones. Restore the photos, or choose another folder with --to."
            )

    def recover(self) -> None:
        """Put the trials back on the list that were under way when the search was stopped."""
        attempts = self.attempts()
        for frozen in self.study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            note = frozen.user_attrs.get(_TRIAL)
            # First on the list, then off the table: a kill in between loses nothing.
            if note is not None and attempts[note["number"]].number == frozen.number:
                values = {**note["values"], **frozen.params}
                self.study.enqueue_trial(values, user_attrs={_TRIAL: note})
            self.study.tell(frozen.number, state=TrialState.FAIL)

    def next(self, space: Space) -> tuple[int, dict[str, Value], Trial]:
        """The number of the next trial, its values, and the attempt at it."""
        number = max(self.attempts(), default=0) + 1
        # Each trial draws from a seed of its own: a search that was stopped goes on as if not.
        self.study.sampler = optuna.samplers.TPESampler(
            seed=seed_of(self._seed, "trial", number) % 2**32, n_startup_trials=_RANDOM_TRIALS
        )
        trial = self.study.ask()
        number = trial.user_attrs.get(_TRIAL, {}).get("number", number)
        values = {dimension.key: dimension.suggest(trial) for dimension in space}
        trial.set_user_attr(_TRIAL, {"number": number, "values": values})
        return number, values, trial

    def fail(self, trial: Trial, problem: str) -> None:
        """Note that a trial came to nothing.

        For Optuna it is pruned: from failed ones its sampler learns nothing, and would go on to
        draw rates at which training diverges.
        """
        trial.set_user_attr(_PROBLEM, problem)
        self.study.tell(trial, state=TrialState.PRUNED)

    def problem(self, frozen: FrozenTrial) -> str | None:
        """Why a trial came to nothing, None where it did not."""
        return frozen.user_attrs.get(_PROBLEM)

    def attempts(self) -> dict[int, FrozenTrial]:
        """The last attempt at each trial, by the trial's number, in order."""
        last: dict[int, FrozenTrial] = {}
        for frozen in self.study.get_trials(deepcopy=False):
            if (note := frozen.user_attrs.get(_TRIAL)) is not None:
                last[note["number"]] = frozen
        return dict(sorted(last.items()))

    def values(self, frozen: FrozenTrial) -> dict[str, Value]:
        """The values of a trial."""
        return cast("dict[str, Value]", frozen.user_attrs[_TRIAL]["values"])

    def importances(self) -> dict[str, float]:
        """How much of the variation of the goal each key explains, largest first.

        Reference: F. Hutter et al., "An Efficient Approach for Assessing Hyperparameter
        Importance" (ICML 2014).
        """
        finished = self.study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
        if len(finished) < _TRIALS_FOR_IMPORTANCE or len({each.value for each in finished}) < 2:
            return {}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # scikit-learn's own deprecations
            evaluator = optuna.importance.FanovaImportanceEvaluator(seed=0)
            return dict(optuna.importance.get_param_importances(self.study, evaluator=evaluator))


def open_book(folder: Path, *, goal: Goal, seed: int, first_prunable: int) -> Book:
    """Open the study of a search, or start one; nothing is pruned before epoch `first_prunable`.

    The folder must be held meanwhile (`run.hold`). Raises RunError where the file is no study.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)  # it tells of each trial otherwise
    path = folder / STUDY
    try:
        study = optuna.create_study(
            storage=optuna.storages.JournalStorage(Journal(path)),
            study_name="whereshot",
            direction="minimize" if is_lower_better(goal) else "maximize",
            pruner=optuna.pruners.MedianPruner(
                n_startup_trials=_TRIALS_BEFORE_PRUNING, n_warmup_steps=first_prunable
            ),
            load_if_exists=True,
        )
    except (ValueError, LookupError, TypeError, AssertionError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise RunError(
            f"'{path}' can't be read as the study of a search: {reason}. Put back the one that "
            "was here, or start over in another folder with --to."
        ) from None
    return Book(study, seed)


def plan_of(recipe: config.Recipe, space: Space, goal: Goal, *, prune: bool) -> dict[str, Any]:
    """What decides a search, as plain values: a resume must bring the same."""
    table = config.to_dict(recipe)
    for key in ("train", "workers"):  # where photos lie may change, and how many read them
        del table["data"][key]
    for key in ("unknown", "exclude"):
        table["data"][key] = bool(table["data"][key])
    plan = {"recipe": table, "space": to_plain(space), "goal": goal, "prune": prune}
    return json.loads(json.dumps(plan))  # as it comes back from the file: no tuples


def space_of(plan: Mapping[str, Any]) -> Space:
    """The space of a plan."""
    return from_plain(plan["space"])
