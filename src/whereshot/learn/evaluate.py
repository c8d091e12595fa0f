"""Evaluation: a bundle or a run and a folder in, every figure with its interval out."""

from __future__ import annotations

import datetime
import os
import platform
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from whereshot.learn.answers import (
    Answers,
    collect_answers,
    index_unknown,
    take_apart,
    with_embeddings,
)
from whereshot.learn.dataset import PhotoIndex, index_folder
from whereshot.learn.evaluation import Data, Evaluation, Measured
from whereshot.learn.intervals import RESAMPLES
from whereshot.learn.measurements import Figures, reasons
from whereshot.learn.subject import Subject
from whereshot.progress import silent

Report = Callable[[str, int, int], None]
"""Called as report(stage, done, total)."""

_PACKAGES = ("whereshot", "numpy", "Pillow", "simplejpeg")
_ENGINES = {"bundle": ("onnxruntime",), "run": ("torch", "timm")}


@dataclass(frozen=True, slots=True, eq=False)
class Answered:
    """What a subject answered to the photos of a folder: what figures and explanations come from.

    `index` has all photos of the folder, `answers` those of landmarks that the subject knows;
    `left_out` has the photos per folder of others. `strangers` and `others` are the photos without
    a landmark and the answers to them, None where none were given.
    """

    subject: Subject
    index: PhotoIndex
    left_out: Mapping[str, int]
    answers: Answers
    strangers: PhotoIndex | None
    others: Answers | None
    seconds: float


def evaluate(
    subject: Subject,
    folder: str | Path,
    *,
    unknown: str | Path | None = None,
    min_certainty: float | None = None,
    workers: int | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
    report: Report = silent,
    path: str = "",
    command: str = "",
) -> Evaluation:
    """Measure a subject on `folder/CLASS/PHOTO`, or on `folder/test` where there is one.

    It is `answer` and then `measure`. Raises DatasetError where there is nothing to measure on,
    ValueError for a threshold outside [0, 1].
    """
    _check_threshold(min_certainty)  # before the photos are looked at
    answered = answer(subject, folder, unknown=unknown, workers=workers, report=report)
    return measure(
        answered,
        min_certainty=min_certainty,
        resamples=resamples,
        seed=seed,
        report=report,
        path=path,
        command=command,
    )


def answer(
    subject: Subject,
    folder: str | Path,
    *,
    unknown: str | Path | None = None,
    embeddings: bool = False,
    workers: int | None = None,
    report: Report = silent,
) -> Answered:
    """Show a subject the photos of `folder/CLASS/PHOTO`, or of `folder/test` where there is one.

    `unknown` is a folder of photos that show no landmark. With `embeddings`, those are kept: what
    explanations are made of. Raises DatasetError where there is nothing to look at.
    """
    started = time.monotonic()
    index = index_folder(folder, "test")
    known, left_out = subject.match(index)
    strangers = None if unknown is None else index_unknown(unknown)

    def collect(stage: str, photos: PhotoIndex) -> Answers:
        rows = collect_answers(
            with_embeddings(subject.look) if embeddings else subject.model,
            photos,
            subject.preprocessing,
            workers=workers,
            report=lambda done, total: report(stage, done, total),
        )
        return take_apart(rows, len(subject.ids)) if embeddings else rows

    embeddings = embeddings or subject.judge.needs_embeddings
    answers = collect("landmarks", known)
    others = None if strangers is None else collect("no landmarks", strangers)
    seconds = time.monotonic() - started
    return Answered(subject, index, left_out, answers, strangers, others, seconds)


def measure(
    answered: Answered,
    *,
    min_certainty: float | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
    report: Report = silent,
    path: str = "",
    command: str = "",
) -> Evaluation:
    """Every figure of what a subject answered.

    `min_certainty` takes the place of the bundle's own threshold. `path` and `command` are kept
    for the record. Raises ValueError for a threshold outside [0, 1].
    """
    _check_threshold(min_certainty)
    subject, answers, index = answered.subject, answered.answers, answered.index
    strangers = answered.strangers
    if min_certainty is None:
        min_certainty = subject.min_certainty
    report("figures", 0, 1)
    found = Figures(subject, answers, answered.others, resamples=resamples, seed=seed)
    fingerprint = index.fingerprint()
    evaluation = Evaluation(
        measured=Measured(
            subject.name,
            subject.kind,
            path,
            len(subject.ids),
            subject.preprocessing.size,
            subject.preprocessing.fit,
            subject.temperature,
            min_certainty,
            subject.provenance,
        ),
        data=Data(
            str(index.root),
            fingerprint,
            len(answers),
            len(np.unique(answers.labels)),
            answered.left_out,
            reasons(answers.failures, index.root),
            fingerprint == subject.trained_on,
        ),
        accuracy=found.accuracy(),
        uncalibrated=found.calibration(1.0),
        calibrated=found.calibration(subject.temperature),
        geography=found.geography(),
        verdicts=None if min_certainty is None else found.verdicts(min_certainty),
        coverage=found.coverage(subject.held_out),
        open_set=None if strangers is None else found.open_set(strangers, min_certainty),
        histogram=found.histogram(),
        landmarks=found.rows(),
        confusion=found.cells(),
        mistakes=found.mistakes(index.root),
        environment=_environment(subject, answered.seconds),
        resamples=resamples,
        command=command,
    )
    report("figures", 1, 1)
    return evaluation


def _check_threshold(min_certainty: float | None) -> None:
    if min_certainty is not None and not 0 <= min_certainty <= 1:
        raise ValueError(f"min_certainty must be in [0, 1], got {min_certainty}")


def _environment(subject: Subject, seconds: float) -> dict[str, Any]:
    packages = (*_PACKAGES, *_ENGINES[subject.kind])
    return {
        "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "seconds": round(seconds, 1),
        "versions": {"python": platform.python_version()}
        | {package: _version(package) for package in packages},
        "machine": {
            "system": platform.system(),
            "processor": platform.machine(),
            "cores": os.cpu_count(),
        },
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:  # under another name, such as onnxruntime-gpu
        return None
