"""Which photos a run learns from, which it is checked on, and which it can't use."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

from whereshot.errors import DatasetError, RecipeError
from whereshot.learn.answers import index_unknown
from whereshot.learn.config import Recipe
from whereshot.learn.dataset import PhotoIndex, index_folder, split
from whereshot.learn.duplicates import group_near_duplicates
from whereshot.learn.loader import drop_unreadable
from whereshot.learn.sets.photo_list import read_photo_list
from whereshot.learn.shard_index import open_shards
from whereshot.learn.shards import AnyPhotos, hold_out, is_shards
from whereshot.progress import Report, silent

logger = logging.getLogger(__name__)

_NAMED = 5  # of the landmarks that lack photos, so many are named


@dataclass(frozen=True, slots=True)
class Portions:
    """The photos of a run, all that can be read; `summary` is what its meta keeps of them."""

    training: AnyPhotos
    held_out: AnyPhotos
    unknown: PhotoIndex | None  # without a landmark, to train on
    summary: dict[str, Any]


def read_portions(recipe: Recipe, report: Report = silent) -> Portions:
    """Index, check and split the photos of a recipe.

    Photos that can't be read are left out and listed in the summary. Landmarks without photos,
    or with one, are logged: the first can't be learned, the second can't be checked.

    Raises DatasetError where fewer than two photos are left to train on, RecipeError where it asks
    of shards what they can't do.
    """
    if is_shards(recipe.data.train):
        return _read_shards(recipe, report)
    index = index_folder(recipe.data.train, "train")
    # Of all photos: so an evaluation knows them, and a resume compares what is left out by itself.
    summary: dict[str, Any] = {"fingerprint": index.fingerprint()}
    excluded: tuple[str, ...] = ()
    if recipe.data.exclude:
        excluded = read_photo_list(recipe.data.exclude, index)
        index = index.without(excluded)
        report("photos left out by data.exclude", len(excluded), len(excluded), {})
    if recipe.data.leave_out:
        index = index.without_classes(recipe.data.leave_out)
    found = len(index)
    index, unreadable = drop_unreadable(
        index, on_photo=lambda done: report("reading the photos", done, found, {})
    )
    kept, held = split(
        index, recipe.data.validation, seed=recipe.seed, groups=_groups(recipe, index, report)
    )
    if len(kept) < 2:
        raise DatasetError(f"'{index.root}' has one photo to train on, expected 2 or more.")
    training, held_out = index.subset(kept), index.subset(held)
    _warn_of_small(training, checked=recipe.data.validation > 0)
    summary |= {
        "training_photos": len(kept),
        "validation_photos": len(held),
        "validation_paths": _relative(held_out),
        "training_counts": training.counts(),
        "excluded": list(excluded),
        "unreadable": unreadable,
    }
    unknown = None
    if recipe.data.unknown:
        strangers = index_unknown(recipe.data.unknown, "train")
        summary["unknown_fingerprint"] = strangers.fingerprint()
        strangers, bad = drop_unreadable(strangers)
        kept, held = split(strangers, recipe.data.unknown_validation, seed=recipe.seed)
        unknown = strangers.subset(kept)
        summary["unreadable"] = [*unreadable, *bad]
        summary["unknown_photos"] = len(kept)
        summary["unknown_validation_paths"] = _relative(strangers.subset(held))
    return Portions(training, held_out, unknown, summary)


def _read_shards(recipe: Recipe, report: Report) -> Portions:
    """The photos of TAR shards. Those to train on were checked when the shards were written."""
    data = recipe.data
    asked = {
        "exclude": bool(data.exclude),
        "leave_out": bool(data.leave_out),
        "unknown": bool(data.unknown),
        "cache": data.cache,
    }
    if wrong := [f"data.{key}" for key, used in asked.items() if used]:
        raise RecipeError(
            f"{' and '.join(wrong)} can't be used with shards ('{data.train}'). Leave it out, or "
            "write shards of the photos that are wanted: whereshot data shard DIR TO"
        )
    shards = open_shards(data.train)
    kept, held = hold_out(shards, data.validation, seed=recipe.seed)
    training, held_out = shards.subset(kept), shards.subset(held)
    unreadable: list[tuple[str, str]] = []
    if len(held_out):
        held_out, unreadable = drop_unreadable(
            held_out, on_photo=lambda done: report("reading held-out photos", done, len(held), {})
        )
    _warn_of_small(training, checked=data.validation > 0)
    summary: dict[str, Any] = {
        "fingerprint": shards.fingerprint(),
        "shards": len(shards.files),
        "training_photos": len(training),
        "validation_photos": len(held_out),
        "validation_keys": [key.decode() for key in held_out.keys.tolist()],
        "training_counts": training.counts(),
        "excluded": [],
        "unreadable": unreadable,
    }
    return Portions(training, held_out, None, summary)


def _groups(recipe: Recipe, index: PhotoIndex, report: Report) -> list[int] | None:
    """The groups of near-duplicates, where photos are held out at all."""
    if recipe.data.validation == 0:
        return None
    done = 0

    def compared() -> None:
        nonlocal done
        done += 1
        report("looking for near-duplicates", done, len(index), {})

    return group_near_duplicates(index.paths, on_photo=compared)


def _relative(index: PhotoIndex) -> list[str]:
    return [path.relative_to(index.root).as_posix() for path in index.paths]


def _warn_of_small(training: AnyPhotos, *, checked: bool) -> None:
    """Name the landmarks that can't be learned, or can't be checked."""
    named = list(zip(training.classes, training.counts(), strict=True))
    if empty := [name for name, count in named if count == 0]:
        logger.warning("Without photos, and so never learned: %s.", _shortened(empty))
    single = [name for name, count in named if count == 1]
    if single and checked:
        logger.warning(
            "With one photo to train on and none held out, so that no figure measures them: %s.",
            _shortened(single),
        )


def _shortened(names: list[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
