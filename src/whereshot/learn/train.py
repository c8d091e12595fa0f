"""Training: a recipe and a folder in, a run folder out.

Stages in the order of the calls in `train`: index, check and split the photos, build the network,
train its head, train all of it, calibrate on the held-out photos.
"""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from whereshot.errors import RunError
from whereshot.learn import config
from whereshot.learn import run as runs
from whereshot.learn.distributed import join_team
from whereshot.learn.portions import Portions, read_portions
from whereshot.learn.precision import repeatable
from whereshot.learn.trainer import Trainer
from whereshot.progress import Report, silent

__all__ = ["Report", "train"]

logger = logging.getLogger(__name__)


def train(
    recipe: config.Recipe,
    folder: str | Path,
    *,
    resume: bool = False,
    report: Report = silent,
) -> Path:
    """Train as the recipe says into `folder`, and return it.

    With `resume`, goes on from the folder's checkpoint, or starts where there is no run yet; a
    finished run stays as it is. Without, the folder must not hold a run. Where photos lie and how
    many workers read them may change between the two: neither changes the result.

    Under `torchrun` its processes share the work, and the first one alone writes and reports.

    Raises RunError, DatasetError or RecipeError.
    """
    folder = Path(folder)
    with join_team() as team, ExitStack() as held:
        before = team.first(lambda: _check_folder(folder, recipe, resume=resume))
        if before is not None and team.first(lambda: _is_done(folder)):
            return folder
        held.enter_context(repeatable())
        report = report if team.leads else silent
        portions = team.first(lambda: _read_photos(folder, recipe, before, report))
        # The network before the folder: a recipe that can't be built leaves no run behind.
        trainer = Trainer(recipe, folder, portions, report, team)
        meta: dict[str, Any] = {
            "schema": "1.0",
            "recipe": config.to_dict(recipe),
            "classes": list(portions.training.classes),
            "seed": recipe.seed,
            "data": portions.summary,
            **runs.environment(),
            "processes": team.size,
            "results": {},
        }
        team.first(lambda: held.enter_context(runs.hold(folder)))
        team.first(lambda: runs.write_json(folder / runs.META, meta))
        meta["results"] = trainer.run()
        team.first(lambda: _finish(folder, meta))
    return folder


def _is_done(folder: Path) -> bool:
    """Whether a run is finished; clears away what it left if it was killed right after."""
    done = runs.is_finished(folder)
    if done:
        (folder / runs.CHECKPOINT).unlink(missing_ok=True)
    return done


def _finish(folder: Path, meta: Mapping[str, Any]) -> None:
    runs.write_json(folder / runs.META, meta)
    (folder / runs.BEST).replace(folder / runs.WEIGHTS)
    (folder / runs.CHECKPOINT).unlink(missing_ok=True)


def _check_folder(folder: Path, recipe: config.Recipe, *, resume: bool) -> dict[str, Any] | None:
    """The meta of the run that is to go on, or None for a new one."""
    if folder.exists() and not folder.is_dir():
        raise RunError(f"'{folder}' is a file. Expected the path of a folder for the run: --to.")
    if not runs.is_run(folder):
        for name in (runs.WEIGHTS, runs.BEST, runs.CHECKPOINT):
            if (folder / name).exists():
                raise RunError(
                    f"'{folder}' holds '{name}' but no meta.json that says what it is. "
                    "Move it away, or choose another folder with --to."
                )
        return None
    if not resume:
        raise RunError(
            f"'{folder}' already holds a run. Go on with it: whereshot train RECIPE --resume, "
            "or choose another folder with --to."
        )
    before = runs.read_meta(folder)
    if _deciding(runs.recipe_of(before, folder)) != _deciding(recipe):
        raise RunError(
            f"'{folder}' was started with another recipe. Give the same one, "
            "or choose another folder with --to."
        )
    return before


def _deciding(recipe: config.Recipe) -> config.Recipe:
    """The recipe without what can't change the result: where the photos lie, and workers."""
    unknown = "somewhere" if recipe.data.unknown else ""
    exclude = "some" if recipe.data.exclude else ""  # which ones, the photos themselves tell
    data = dataclasses.replace(recipe.data, train="", exclude=exclude, unknown=unknown, workers=0)
    return dataclasses.replace(recipe, data=data)


def _read_photos(
    folder: Path, recipe: config.Recipe, before: Mapping[str, Any] | None, report: Report
) -> Portions:
    portions = read_portions(recipe, report)
    if before is not None:
        _check_same_photos(folder, before["data"], portions, recipe)
    _warn(recipe, portions)
    return portions


def _check_same_photos(
    folder: Path, before: Mapping[str, Any], portions: Portions, recipe: config.Recipe
) -> None:
    """Raise RunError where a run would go on with other photos than it was started on."""
    now = portions.summary
    if before["fingerprint"] != now["fingerprint"]:
        raise RunError(
            f"'{folder}' was started on other photos than those now in '{portions.training.root}'. "
            "Restore them, or choose another folder with --to."
        )
    left_out = before.get("excluded", [])
    if left_out != now["excluded"]:
        raise RunError(
            f"'{folder}' was started with other photos left out than data.exclude names now "
            f"({len(left_out)} then, {len(now['excluded'])} now). Restore the list, or "
            "choose another folder with --to."
        )
    # What was started before these were noted is taken on trust.
    unknown = now.get("unknown_fingerprint")
    if before.get("unknown_fingerprint", unknown) != unknown:
        raise RunError(
            f"'{folder}' was started on other photos without a landmark than those now in "
            f"'{recipe.data.unknown}'. Restore them, or choose another folder with --to."
        )
    for part in ("training_counts", "validation_paths", "unknown_validation_paths"):
        if before.get(part, now.get(part)) != now.get(part):
            raise RunError(
                f"'{folder}' was started when other photos could be read (unreadable now: "
                f"{len(now['unreadable'])}, then: {len(before.get('unreadable', []))}). Restore "
                "them, or choose another folder with --to."
            )


def _warn(recipe: config.Recipe, portions: Portions) -> None:
    """Say what is allowed but hardly meant."""
    if len(set(portions.training.labels)) == 1:
        logger.warning(
            "'%s' has photos of one landmark only: a network can learn nothing from it.",
            portions.training.root,
        )
    schedule = recipe.schedule
    if recipe.model.weights == "none" and (schedule.freeze_batch_norm or schedule.frozen_epochs):
        logger.warning(
            "A network without weights has nothing to keep: set schedule.freeze_batch_norm = "
            "false and schedule.frozen_epochs = 0."
        )
