"""Training: a recipe and a folder in, a run folder out.

Stages in the order of the calls in `train`: index, check and split the photos, build the network,
train its head, train all of it, calibrate on the held-out photos.
"""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from whereshot.errors import DatasetError, RunError
from whereshot.learn import config
from whereshot.learn import run as runs
from whereshot.learn.answers import index_unknown
from whereshot.learn.dataset import PhotoIndex, index_folder, split
from whereshot.learn.duplicates import group_near_duplicates
from whereshot.learn.loader import drop_unreadable
from whereshot.learn.sets.photo_list import read_photo_list
from whereshot.learn.trainer import Report, Trainer

__all__ = ["Report", "train"]

logger = logging.getLogger(__name__)


def _silent(stage: str, done: int, total: int, figures: dict[str, float]) -> None:
    """Report nothing."""


def train(
    recipe: config.Recipe,
    folder: str | Path,
    *,
    resume: bool = False,
    report: Report = _silent,
) -> Path:
    """Train as the recipe says into `folder`, and return it.

    With `resume`, goes on from the folder's checkpoint, or starts where there is no run yet; a
    finished run stays as it is. Without, the folder must not hold a run. Where photos lie and how
    many workers read them may change between the two: neither changes the result.

    Raises RunError, DatasetError or RecipeError.
    """
    folder = Path(folder)
    before = _check_folder(folder, recipe, resume=resume)
    if before is not None and runs.is_finished(folder):
        (folder / runs.CHECKPOINT).unlink(missing_ok=True)
        return folder
    photos = _read_photos(recipe, report)
    if before is not None:
        _check_same_photos(folder, before["data"], photos)
    _warn(recipe, photos)
    # The network before the folder: a recipe that can't be built leaves no run behind.
    trainer = Trainer(recipe, folder, photos.training, photos.held_out, photos.unknown, report)
    meta: dict[str, Any] = {
        "schema": "1.0",
        "recipe": config.to_dict(recipe),
        "classes": list(photos.training.classes),
        "seed": recipe.seed,
        "data": photos.summary,
        **runs.environment(),
        "results": {},
    }
    folder.mkdir(parents=True, exist_ok=True)
    runs.write_json(folder / runs.META, meta)
    meta["results"] = trainer.run()
    runs.write_json(folder / runs.META, meta)
    (folder / runs.BEST).replace(folder / runs.WEIGHTS)
    (folder / runs.CHECKPOINT).unlink(missing_ok=True)
    return folder


def _check_folder(folder: Path, recipe: config.Recipe, *, resume: bool) -> dict[str, Any] | None:
    """The meta of the run that is to go on, or None for a new one."""
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


@dataclass(frozen=True, slots=True)
class _Photos:
    training: PhotoIndex
    held_out: PhotoIndex
    unknown: PhotoIndex | None  # without a landmark, to train on
    summary: dict[str, Any]  # what meta.json keeps of them


def _check_same_photos(folder: Path, before: Mapping[str, Any], photos: _Photos) -> None:
    """Raise RunError where a run would go on with other photos than it was started on."""
    if before["fingerprint"] != photos.summary["fingerprint"]:
        raise RunError(
            f"'{folder}' was started on other photos than those now in '{photos.training.root}'. "
            "Restore them, or choose another folder with --to."
        )
    left_out = before.get("excluded", [])
    if left_out != photos.summary["excluded"]:
        raise RunError(
            f"'{folder}' was started with other photos left out than data.exclude names now "
            f"({len(left_out)} then, {len(photos.summary['excluded'])} now). Restore the list, or "
            "choose another folder with --to."
        )


def _read_photos(recipe: config.Recipe, report: Report) -> _Photos:
    index = index_folder(recipe.data.train, "train")
    # Of all photos: so an evaluation knows them, and a resume compares what is left out by itself.
    fingerprint = index.fingerprint()
    excluded: tuple[str, ...] = ()
    if recipe.data.exclude:
        excluded = read_photo_list(recipe.data.exclude, index)
        index = index.without(excluded)
        report("photos left out by data.exclude", len(excluded), len(excluded), {})
    found = len(index)
    index, unreadable = drop_unreadable(
        index, on_photo=lambda done: report("reading the photos", done, found, {})
    )
    groups, done = None, 0
    if recipe.data.validation > 0:

        def compared() -> None:
            nonlocal done
            done += 1
            report("looking for near-duplicates", done, len(index), {})

        groups = group_near_duplicates(index.paths, on_photo=compared)
    kept, held = split(index, recipe.data.validation, seed=recipe.seed, groups=groups)
    if len(kept) < 2:
        raise DatasetError(f"'{index.root}' has one photo to train on, expected 2 or more.")
    training, held_out = index.subset(kept), index.subset(held)
    summary: dict[str, Any] = {
        "fingerprint": fingerprint,
        "training_photos": len(kept),
        "validation_photos": len(held),
        "validation_paths": [path.relative_to(index.root).as_posix() for path in held_out.paths],
        "training_counts": training.counts(),
        "excluded": list(excluded),
        "unreadable": unreadable,
    }
    unknown = None
    if recipe.data.unknown:
        strangers, bad = drop_unreadable(index_unknown(recipe.data.unknown, "train"))
        kept, held = split(strangers, recipe.data.unknown_validation, seed=recipe.seed)
        unknown = strangers.subset(kept)
        summary["unreadable"] = [*unreadable, *bad]
        summary["unknown_photos"] = len(kept)
        summary["unknown_validation_paths"] = [
            strangers.paths[number].relative_to(strangers.root).as_posix() for number in held
        ]
    return _Photos(training, held_out, unknown, summary)


def _warn(recipe: config.Recipe, photos: _Photos) -> None:
    """Say what is allowed but hardly meant."""
    if len(set(photos.training.labels)) == 1:
        logger.warning(
            "'%s' has photos of one landmark only: a network can learn nothing from it.",
            photos.training.root,
        )
    schedule = recipe.schedule
    if recipe.model.weights == "none" and (schedule.freeze_batch_norm or schedule.frozen_epochs):
        logger.warning(
            "A network without weights has nothing to keep: set schedule.freeze_batch_norm = "
            "false and schedule.frozen_epochs = 0."
        )
