"""What was measured of a run once, kept beside it: the next comparison reads instead of measuring.

::

    evaluations/FINGERPRINT.json   photos, which of them the run is right on, the whole evaluation
    cost.json                      parameters, operations, milliseconds and the processor's name

A file that is damaged, of other weights or of another processor is as good as none.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import onnxruntime

from whereshot.errors import RunError
from whereshot.learn import run as runs
from whereshot.learn.compare.records import Score
from whereshot.learn.config import ModelConfig
from whereshot.learn.cost import Cost, cpu_milliseconds, network_cost
from whereshot.learn.evaluate import Answered, answer, measure
from whereshot.learn.evaluation import Evaluation
from whereshot.learn.intervals import Estimate
from whereshot.learn.measurements import relative
from whereshot.learn.subject import load_subject
from whereshot.recognize.machine import processor_name

logger = logging.getLogger(__name__)

EVALUATIONS, COST = "evaluations", "cost.json"
_SCHEMA = "1.0"
_NAME_DIGITS = 16  # of the fingerprint, in a file's name


@dataclass(frozen=True, slots=True)
class Outcomes:
    """A run's answers to N photos: which are right, and the score that this comes to.

    `photos` are paths in the data's folder, `landmarks` the ids of what they show. `created` is
    when they were measured, ISO 8601.
    """

    photos: tuple[str, ...]
    landmarks: tuple[str, ...]
    right: tuple[bool, ...]
    score: Score
    created: str


@dataclass(frozen=True, slots=True)
class Measured:
    """The cost of a run's network; the time is None where it was not asked for."""

    cost: Cost
    cpu_milliseconds: float | None
    processor: str


def measure_outcomes(
    subject: str | Path,
    data: str | Path,
    *,
    workers: int | None = None,
    report: Callable[[str, int, int], None],
) -> Outcomes:
    """Evaluate a finished run or a bundle on `data/test`; what was found of a run is kept.

    A bundle is what others made and verify: nothing is written into its folder. Raises RunError or
    BundleError for what can't be loaded, DatasetError for photos that it knows nothing of.
    """
    answered = answer(load_subject(subject), data, workers=workers, report=report)
    found = measure(answered, report=report, path=str(subject))
    if answered.subject.kind == "bundle":
        return _outcomes(_record(answered, found))
    return keep_outcomes(Path(subject), answered, found)


def keep_outcomes(folder: Path, answered: Answered, found: Evaluation) -> Outcomes:
    """Keep what a run answered, and what was found of it, for the comparisons to come."""
    record = {"weights": _digest(folder), **_record(answered, found)}
    path = folder / EVALUATIONS / f"{found.data.fingerprint[:_NAME_DIGITS]}.json"
    _keep(path, record)
    return _outcomes(record)


def _record(answered: Answered, found: Evaluation) -> dict[str, Any]:
    answers, subject = answered.answers, answered.subject
    labels, right = answers.labels.tolist(), answers.logits.argmax(axis=1) == answers.labels
    return {
        "schema": _SCHEMA,
        "photos": [relative(path, answered.index.root) for path in answers.paths],
        "landmarks": [subject.ids[label] for label in labels],
        "right": right.tolist(),
        "evaluation": found.to_dict(),
    }


def kept_outcomes(folder: Path) -> dict[str, Outcomes]:
    """What was measured of a run before, by the fingerprint of the photos."""
    found: dict[str, Outcomes] = {}
    paths = sorted((folder / EVALUATIONS).glob("*.json"))
    digest = _digest(folder) if paths else ""
    for path in paths:
        record = _read(path)
        if record.get("weights") != digest:
            continue
        try:
            outcomes = _outcomes(record)
        except (KeyError, TypeError, ValueError):
            continue  # cut off, or not ours
        found[outcomes.score.fingerprint] = outcomes
    return found


def measure_cost(
    folder: Path | None,
    model: ModelConfig,
    classes: int,
    *,
    milliseconds: bool,
    fresh: bool = False,
) -> Measured:
    """The cost of a run's network, from what was kept of it as far as that goes.

    Without `milliseconds` nothing is timed, but a time that was kept is told. `folder` is the
    run's, None where nothing is to be kept.
    """
    processor = f"{processor_name()}, ONNX Runtime {onnxruntime.__version__}"
    shape = shape_of(model, classes)
    kept = None if fresh or folder is None else _kept_cost(folder, shape, processor)
    if kept is not None and (kept.cpu_milliseconds is not None or not milliseconds):
        return kept
    found = Measured(
        network_cost(model, classes=classes) if kept is None else kept.cost,
        cpu_milliseconds(model, classes=classes) if milliseconds else None,
        processor,
    )
    record = {
        "schema": _SCHEMA,
        "network": shape,
        **dataclasses.asdict(found.cost),
        "cpu_milliseconds": found.cpu_milliseconds,
        "processor": processor,
    }
    if folder is not None:
        _keep(folder / COST, record)
    return found


def shape_of(model: ModelConfig, classes: int) -> dict[str, Any]:
    """What decides the cost of a network: neither its weights nor how it was trained do."""
    keys = ("architecture", "size", "pool", "embedding", "head", "subcenters")
    return {key: getattr(model, key) for key in keys} | {"classes": classes}


def _kept_cost(folder: Path, shape: Mapping[str, Any], processor: str) -> Measured | None:
    record = _read(folder / COST)
    if record.get("schema") != _SCHEMA or record.get("network") != shape:
        return None
    try:
        cost = Cost(int(record["parameters"]), float(record["gflops"]))
        time = record["cpu_milliseconds"] if record["processor"] == processor else None
        return Measured(cost, None if time is None else float(time), processor)
    except (KeyError, TypeError, ValueError):
        return None


def _outcomes(record: Mapping[str, Any]) -> Outcomes:
    evaluation = record["evaluation"]
    accuracy, data = evaluation["accuracy"], evaluation["data"]
    score = Score(
        folder=str(data["folder"]),
        fingerprint=str(data["fingerprint"]),
        photos=int(data["photos"]),
        **{name: Estimate(**accuracy[name]) for name in ("top1", "top5", "macro")},
    )
    outcomes = Outcomes(
        tuple(record["photos"]),
        tuple(record["landmarks"]),
        tuple(record["right"]),
        score,
        str(evaluation["environment"]["created"]),
    )
    if {len(outcomes.photos), len(outcomes.landmarks), len(outcomes.right)} != {score.photos}:
        raise ValueError("the photos are not those that were counted")
    return outcomes


def _digest(folder: Path) -> str:
    with (folder / runs.WEIGHTS).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read(path: Path) -> dict[str, Any]:
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return cast("dict[str, Any]", record) if isinstance(record, dict) else {}


def _keep(path: Path, record: Mapping[str, Any]) -> None:
    try:
        path.parent.mkdir(exist_ok=True)
        runs.write_json(path, record)
    except (OSError, RunError) as error:  # a run that can't be written to is compared all the same
        logger.warning("'%s' can't be kept: %s", path, error)
