"""What a study found, as records; `Study.to_dict` is the JSON that is printed and saved.

Shares are in [0, 1].
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from whereshot.learn.compare.records import Score
from whereshot.learn.intervals import Estimate
from whereshot.learn.study.plan import Mode

SCHEMA = "1.0"


@dataclass(frozen=True, slots=True)
class StudyRow:
    """One network. What could not be found out is None; `problem` says why.

    `top1` is of the photos that the run held out of its training part, `test` of the test photos,
    where they were asked for. `gflops` counts a multiply-add as two, `cpu_milliseconds` is a
    photo's time in ONNX Runtime on one thread.
    """

    name: str
    folder: str
    backbone: str
    size: int
    mode: Mode
    words: str
    problem: str | None = None
    top1: Estimate | None = None
    parameters: int | None = None
    gflops: float | None = None
    cpu_milliseconds: float | None = None
    train_seconds: float | None = None
    test: Score | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """The network that the study argues for, and the sentence that says why.

    `best` is the most accurate one; `standard_error` is that of its accuracy.
    """

    name: str
    best: str
    standard_error: float
    why: str


@dataclass(frozen=True, slots=True)
class Study:
    """Networks in the order of the plan.

    `held_out` is the number of photos that accuracies are shares of. `front` names the networks
    that none is both faster and as accurate as, the fastest first. `data` is the folder of the
    photos; `tested` says whether its test part was measured. `recipe` is the base of all recipes.
    """

    rows: tuple[StudyRow, ...]
    front: tuple[str, ...]
    choice: Choice | None
    data: str
    held_out: int
    epochs: int
    tested: bool
    processor: str
    recipe: Mapping[str, Any]
    command: str = ""

    @property
    def has_failures(self) -> bool:
        """Whether there is a network that could not be trained or measured."""
        return any(row.problem is not None for row in self.rows)

    def problems(self) -> dict[str, list[str]]:
        """Each reason that a network failed for, with the names of all that it stopped."""
        reasons: dict[str, list[str]] = {}
        for row in self.rows:
            if row.problem is not None:
                reasons.setdefault(row.problem, []).append(row.name)
        return reasons

    def to_dict(self) -> dict[str, Any]:
        """Nested plain values, ready for JSON."""
        return {"schema": SCHEMA, **dataclasses.asdict(self)}
