"""The threshold between a name and `unknown`, chosen on photos that training did not see.

Its price is stated with it: how many photos without a landmark it lets through, and how many
photos of landmarks it leaves unnamed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from whereshot.errors import DatasetError
from whereshot.learn.answers import index_unknown
from whereshot.learn.bundling import Exported, Report, silent
from whereshot.learn.dataset import PhotoIndex
from whereshot.learn.run import Run

DEFAULT_MIN_PROBABILITY = 0.5


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Photos that training did not see: without a landmark, and of landmarks.

    The first decide about a threshold; on the second, if there are any, is measured its price.
    """

    unknown: PhotoIndex
    landmarks: PhotoIndex | None = None


@dataclass(frozen=True, slots=True)
class Threshold:
    """The least probability that makes a verdict, and the error rates that it was chosen for."""

    min_probability: float = DEFAULT_MIN_PROBABILITY
    chosen_for: Mapping[str, Any] | None = None


def held_out_of(run: Run, training: PhotoIndex, unknown: Path | None) -> HeldOut | None:
    """What a run can choose its threshold on; None where there are no photos without a landmark.

    `unknown` is a folder of those (`train` in it, or as it is), by default the recipe's. Of a run
    that trained on them, those that it held out count; of another run all do.
    """
    if unknown is None:
        if not run.recipe.data.unknown:
            return None
        unknown = Path(run.recipe.data.unknown)
        if not unknown.is_dir():
            raise DatasetError(
                f"No folder at '{unknown}', where the run had its photos without a landmark; the "
                "bundle's threshold is chosen on those it did not see. Say where: --unknown DIR"
            )
    return HeldOut(_unseen(run, index_unknown(unknown, "train")), _validation(run, training))


def choose_threshold(
    exported: Exported, held_out: HeldOut, max_false_share: float, report: Report = silent
) -> Threshold:
    """The least probability at which at most `max_false_share` of the unknown photos are named.

    Never below one half.
    """
    total = len(held_out.unknown) + len(held_out.landmarks or ())

    def after(before: int) -> Report:
        return lambda done, _: report(before + done, total)

    false = np.sort(exported.probabilities(held_out.unknown, after(0))[0].max(axis=1))
    allowed = int(max_false_share * len(false))
    first_too_many = false[-1 - allowed] if allowed < len(false) else 0.0
    threshold = max(DEFAULT_MIN_PROBABILITY, float(np.nextafter(first_too_many, 1)))
    figures: dict[str, Any] = {
        "unknown_photos": len(false),
        "unknown_named_share": round(float((false >= threshold).mean()), 5),
    }
    if held_out.landmarks is not None:
        table, labels = exported.probabilities(held_out.landmarks, after(len(held_out.unknown)))
        named = table.max(axis=1) >= threshold
        right = table.argmax(axis=1) == labels
        figures |= {
            "landmark_photos": len(labels),
            "landmark_right_share": round(float((named & right).mean()), 5),
            "landmark_wrong_share": round(float((named & ~right).mean()), 5),
        }
    return Threshold(threshold, figures)


def _unseen(run: Run, unknown: PhotoIndex) -> PhotoIndex:
    """The photos without a landmark that the run did not train on; all, if it trained on none."""
    held = run.meta["data"].get("unknown_validation_paths")
    if held is None:
        return unknown
    if not held:
        raise DatasetError(
            f"The run trained on all photos of '{unknown.root}', so no threshold can be chosen on "
            "them. Train with some of them held out: data.unknown_validation above 0."
        )
    return _those(unknown, set(held))


def _validation(run: Run, training: PhotoIndex) -> PhotoIndex | None:
    """The photos that the run kept for validation, None where it kept none."""
    held = set(run.meta["data"].get("validation_paths", []))
    return _those(training, held) if held else None


def _those(index: PhotoIndex, wanted: set[str]) -> PhotoIndex:
    numbers = [
        number
        for number, path in enumerate(index.paths)
        if path.relative_to(index.root).as_posix() in wanted
    ]
    if len(numbers) != len(wanted):
        raise DatasetError(
            f"'{index.root}' lacks {len(wanted) - len(numbers)} of the {len(wanted)} photos that "
            "the run held out. Give the photos that it was trained with: --data, --unknown."
        )
    return index.subset(numbers)
