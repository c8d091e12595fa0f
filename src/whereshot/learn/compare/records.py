"""What a comparison of runs found, as records; `Comparison.to_dict` is the JSON that is printed.

Shares are in [0, 1], differences of shares in [-1, 1].
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from whereshot.learn.intervals import Estimate

SCHEMA = "1.0"
Kind = Literal["run", "bundle"]
State = Literal["finished", "unfinished", "unreadable"]


@dataclass(frozen=True, slots=True)
class Score:
    """The accuracy of a run on the `photos` photos of a folder that have a known landmark."""

    folder: str
    fingerprint: str
    photos: int
    top1: Estimate
    top5: Estimate
    macro: Estimate


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run, or a bundle made of one.

    What is not known of it is None; `problem` says why something is missing.

    `validation` is of the photos that the run held out of its training part: of the kept weights
    where the run is finished, of its best epoch where it is not. `gflops` counts a multiply-add as
    two, `cpu_milliseconds` is a photo's time in ONNX Runtime on one thread of `processor`.
    `recipe` has every key as `section.key`, `history` a row per epoch.
    """

    name: str
    folder: str
    state: State
    problem: str | None = None
    kind: Kind = "run"
    architecture: str | None = None
    size: int | None = None
    landmarks: int | None = None
    training_photos: int | None = None
    training_fingerprint: str | None = None
    epochs: int = 0
    planned_epochs: int | None = None
    best_epoch: int | None = None
    train_seconds: float | None = None
    validation_photos: int | None = None
    validation: Estimate | None = None
    test: Score | None = None
    parameters: int | None = None
    gflops: float | None = None
    cpu_milliseconds: float | None = None
    processor: str | None = None
    recipe: Mapping[str, Any] = field(default_factory=dict[str, Any])
    history: tuple[Mapping[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Pair:
    """Two runs on the same photos: how much better `other` is than `first`.

    `top1` and `macro` are differences with 95 % intervals over resamples of the photos.
    `first_only` photos are right for the first run alone, `other_only` for the other alone;
    `p_value` is McNemar's: the chance of so uneven a split, or a more uneven one, were both runs
    as good.
    """

    first: str
    other: str
    photos: int
    top1: Estimate
    macro: Estimate
    first_only: int
    other_only: int
    p_value: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """Runs in the order that they were given in.

    `differences` has the recipe keys in which they differ, with a value per run (None where a run
    has none). `data` is the folder of test photos, None where no run has been measured on any.
    `pairs` sets the others against the first run, where both were measured on these photos.
    """

    runs: tuple[RunRow, ...]
    pairs: tuple[Pair, ...]
    differences: Mapping[str, tuple[Any, ...]]
    data: str | None
    fingerprint: str | None

    @property
    def has_failures(self) -> bool:
        """Whether a run could not be read, or not be measured where that was asked for."""
        return any(row.problem is not None and row.state != "unfinished" for row in self.runs)

    def to_dict(self) -> dict[str, Any]:
        """Nested plain values, ready for JSON; what is infinite or not a number is None."""
        return {"schema": SCHEMA, **cast("dict[str, Any]", _plain(dataclasses.asdict(self)))}


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        items = cast("Mapping[object, object]", value).items()
        return {str(name): _plain(each) for name, each in items}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(each) for each in cast("Sequence[object]", value)]
    return None if isinstance(value, float) and not math.isfinite(value) else value
