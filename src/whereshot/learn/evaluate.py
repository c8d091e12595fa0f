"""Evaluation: a bundle or a run and a folder in, every figure with its interval out."""

from __future__ import annotations

import datetime
import os
import platform
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from whereshot.learn.answers import Answers, collect_answers, index_unknown
from whereshot.learn.dataset import PhotoIndex, index_folder
from whereshot.learn.evaluation import Data, Evaluation, Measured
from whereshot.learn.intervals import RESAMPLES
from whereshot.learn.measurements import Figures, reasons
from whereshot.learn.subject import Subject

Report = Callable[[str, int, int], None]
"""Called as report(stage, done, total)."""

_PACKAGES = ("whereshot", "numpy", "Pillow", "simplejpeg")
_ENGINES = {"bundle": ("onnxruntime",), "run": ("torch", "timm")}


def _silent(stage: str, done: int, total: int) -> None:
    """Report nothing."""


def evaluate(
    subject: Subject,
    folder: str | Path,
    *,
    unknown: str | Path | None = None,
    min_probability: float | None = None,
    workers: int | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
    report: Report = _silent,
    path: str = "",
    command: str = "",
) -> Evaluation:
    """Measure a subject on `folder/CLASS/PHOTO`, or on `folder/test` where there is one.

    `unknown` is a folder of photos that show no landmark; `min_probability` takes the place of
    the bundle's own threshold. `path` and `command` are kept for the record. Raises DatasetError
    where there is nothing to measure on, ValueError for a threshold outside [0, 1].
    """
    if min_probability is None:
        min_probability = subject.min_probability
    elif not 0 <= min_probability <= 1:
        raise ValueError(f"min_probability must be in [0, 1], got {min_probability}")
    started = time.monotonic()
    index = index_folder(folder, "test")
    known, left_out = subject.match(index)
    strangers = None if unknown is None else index_unknown(unknown)

    def collect(stage: str, photos: PhotoIndex) -> Answers:
        return collect_answers(
            subject.model,
            photos,
            subject.preprocessing,
            workers=workers,
            report=lambda done, total: report(stage, done, total),
        )

    answers = collect("landmarks", known)
    others = None if strangers is None else collect("no landmarks", strangers)
    seconds = time.monotonic() - started

    report("figures", 0, 1)
    found = Figures(subject, answers, resamples, seed)
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
            min_probability,
            subject.provenance,
        ),
        data=Data(
            str(index.root),
            fingerprint,
            len(answers),
            len(np.unique(answers.labels)),
            left_out,
            reasons(answers.failures, index.root),
            fingerprint == subject.trained_on,
        ),
        accuracy=found.accuracy(),
        uncalibrated=found.calibration(1.0),
        calibrated=found.calibration(subject.temperature),
        geography=found.geography(),
        verdicts=None if min_probability is None else found.verdicts(min_probability),
        open_set=None
        if others is None or strangers is None
        else found.open_set(others, strangers, min_probability),
        histogram=found.histogram(others),
        landmarks=found.rows(),
        confusion=found.cells(),
        mistakes=found.mistakes(index.root),
        environment=_environment(subject, seconds),
        resamples=resamples,
        command=command,
    )
    report("figures", 1, 1)
    return evaluation


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
