"""The search: trial after trial until there are enough of them, or time is up.

The folder of a search has::

    study.journal  what Optuna knows: the search goes on from it after a kill
    trial-0001/    a run per trial; one that was pruned or failed has no weights
    best.toml      the recipe of the best trial so far, for `whereshot train`
    report.html    the trials, what mattered, curves
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path

import tomli_w
from optuna.exceptions import TrialPruned
from optuna.trial import FrozenTrial, TrialState

from whereshot.errors import RecipeError, RunError
from whereshot.learn import config
from whereshot.learn import run as runs
from whereshot.learn.compare.rows import read_history
from whereshot.learn.files import write_whole
from whereshot.learn.tune.book import STUDY, Book, open_book, plan_of, space_of
from whereshot.learn.tune.page import render_search
from whereshot.learn.tune.records import FIGURES, GOAL_NAMES, Goal, Search, State, TrialRow
from whereshot.learn.tune.space import Space, check_space, default_space, with_values
from whereshot.learn.tune.trials import drop_weights, run_trial
from whereshot.progress import Report, silent

BEST, REPORT = "best.toml", "report.html"
_FAILURES = 10  # of all trials, until the search gives up
_STATES: Mapping[TrialState, State] = {
    TrialState.COMPLETE: "finished",
    TrialState.PRUNED: "pruned",
    TrialState.RUNNING: "stopped",
    TrialState.WAITING: "stopped",
}


def tune(
    recipe: config.Recipe,
    folder: str | Path,
    *,
    space: Space | None = None,
    trials: int | None = 20,
    minutes: float | None = None,
    goal: Goal = "loss",
    prune: bool = True,
    resume: bool = False,
    report: Report = silent,
    on_trial: Callable[[TrialRow], None] | None = None,
) -> Search:
    """Search for better values of a recipe, and return what was found.

    Goes on until there are `trials` trials in the folder, those of before it was resumed
    included, and begins none after `minutes` of this call; None is no limit, but one of them must
    be given. `space` is by default that of `default_space`, or the one that a resumed search was
    started with. A trial whose training diverges, or whose network can't be built, is a failed
    trial; where the first ten all are, the search gives up. `on_trial` is told of each trial.

    Raises RunError, DatasetError or RecipeError.
    """
    if trials is None and minutes is None:
        raise RecipeError("A search needs an end: give a number of trials, or of minutes.")
    if recipe.data.validation <= 0:
        raise RecipeError(
            "Trials are ranked by photos held out of training: set data.validation above 0."
        )
    folder = Path(folder)
    _check_folder(folder, resume=resume)
    started = time.monotonic()
    epochs = recipe.schedule.frozen_epochs + recipe.schedule.epochs
    # A cosine schedule decides late: before a third of it, the loss says little of where it ends.
    warm_up = max(1, epochs // 3)
    with runs.hold(folder):
        book = open_book(folder, goal=goal, seed=recipe.seed, first_prunable=warm_up)
        space = _agree(book, recipe, space, goal, prune=prune, folder=folder)
        book.recover()
        found = None
        while not _is_over(book, trials, minutes, started):
            number = _attempt(book, recipe, folder, space, goal, prune=prune, report=report)
            found = _found(book, recipe, folder, space, goal)
            _write(found, recipe, folder)
            if on_trial is not None:
                on_trial(next(row for row in found.trials if row.number == number))
            _check_hope(found)
        if found is None:  # there was nothing left to do
            found = _found(book, recipe, folder, space, goal)
            _write(found, recipe, folder)
        return found


def _attempt(
    book: Book,
    recipe: config.Recipe,
    folder: Path,
    space: Space,
    goal: Goal,
    *,
    prune: bool,
    report: Report,
) -> int:
    """Run the next trial, note what came of it, and return its number."""
    number, values, trial = book.next(space)
    run = folder / _name(number)

    def told(what: str, done: int, total: int, figures: dict[str, float]) -> None:
        stage = f"trial {number}" if what == "epochs" else f"trial {number}: {what}"
        report(stage, done, total, figures)

    try:
        chosen = with_values(recipe, values)
        value = run_trial(chosen, run, trial, goal=goal, prune=prune, report=told)
    except TrialPruned:
        book.study.tell(trial, state=TrialState.PRUNED)
        drop_weights(run)
    except (RunError, RecipeError) as error:
        if isinstance(error.__cause__, OSError):
            raise  # a full disk is no fault of the trial's values
        book.fail(trial, str(error))
        drop_weights(run)
    else:
        book.check_photos(runs.read_meta(run)["data"]["fingerprint"])
        book.study.tell(trial, value)
    return number


def _name(number: int) -> str:
    return f"trial-{number:04d}"


def _check_folder(folder: Path, *, resume: bool) -> None:
    if runs.is_run(folder):
        raise RunError(f"'{folder}' holds a training run. Choose another folder with --to.")
    if (folder / STUDY).exists() and not resume:
        raise RunError(
            f"'{folder}' already holds a search. Go on with it: whereshot tune RECIPE --resume, "
            "or choose another folder with --to."
        )


def _agree(
    book: Book,
    recipe: config.Recipe,
    space: Space | None,
    goal: Goal,
    *,
    prune: bool,
    folder: Path,
) -> Space:
    """The space to search; RunError where a search goes on with another plan than it began with."""
    before = book.plan()
    if before is None:
        space = default_space(recipe) if space is None else space
        check_space(space, recipe)
        book.begin(plan_of(recipe, space, goal, prune=prune), space, recipe)
        return space
    space = space_of(before) if space is None else space
    now = plan_of(recipe, space, goal, prune=prune)
    for part, name in (("recipe", "recipe"), ("space", "--search"), ("goal", "--goal")):
        if before[part] != now[part]:
            raise RunError(
                f"'{folder}' was started with another {name}: its trials can't be compared with "
                "new ones. Give the same, or choose another folder with --to."
            )
    return space


def _is_over(book: Book, trials: int | None, minutes: float | None, started: float) -> bool:
    ended = sum(each.state.is_finished() for each in book.attempts().values())
    if trials is not None and ended >= trials:
        return True
    return minutes is not None and time.monotonic() - started >= 60 * minutes


def _check_hope(found: Search) -> None:
    if len(found.trials) >= _FAILURES and all(row.state == "failed" for row in found.trials):
        last = found.trials[-1]
        raise RunError(
            f"All of the first {len(found.trials)} trials failed, the last one so: {last.problem} "
            "Search elsewhere (--search) in another folder (--to)."
        )


def _found(book: Book, recipe: config.Recipe, folder: Path, space: Space, goal: Goal) -> Search:
    rows = tuple(
        _row(book, number, frozen, folder, goal) for number, frozen in book.attempts().items()
    )
    return Search(recipe.name, str(folder), goal, space, rows, book.importances())


def _row(book: Book, number: int, frozen: FrozenTrial, folder: Path, goal: Goal) -> TrialRow:
    name, problem = _name(number), book.problem(frozen)
    history, figure = read_history(folder / name), FIGURES[goal]
    results = runs.read_meta(folder / name)["results"] if runs.is_run(folder / name) else {}
    tops = [row["validation_top1"] for row in history if "validation_top1" in row]
    return TrialRow(
        number,
        name,
        "failed" if problem is not None else _STATES[frozen.state],
        book.values(frozen),
        frozen.value if frozen.state is TrialState.COMPLETE else None,
        results.get("validation_top1", tops[-1] if tops else None),
        len(history),
        results.get("train_seconds"),
        tuple(row[figure] for row in history if figure in row),
        problem,
    )


def _write(found: Search, recipe: config.Recipe, folder: Path) -> None:
    write_whole(folder / REPORT, render_search(found).encode())
    best = found.best
    if best is None:
        return
    chosen = config.to_dict(with_values(recipe, best.values))
    head = (
        f"# The best of {len(found.trials)} trials: {best.folder}, "
        f"{GOAL_NAMES[found.goal]} {best.value:.4g}.\n# Found by: whereshot tune\n\n"
    )
    write_whole(folder / BEST, (head + tomli_w.dumps(chosen)).encode())
