"""What `data check` does beyond looking at files: judge labels, write lists and JSON."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from whereshot.cli._shared import printable

if TYPE_CHECKING:
    from whereshot.learn.sets.features import Embedder
    from whereshot.learn.sets.findings import Finding
    from whereshot.learn.sets.labels import LabelCheck
    from whereshot.learn.sets.survey import ClassFolder, Survey


def load(features: str) -> Embedder:
    """The network whose features judge labels, once everything for that is known to be there."""
    from whereshot.learn.memory import keep_freed_memory
    from whereshot.learn.sets.features import load_embedder
    from whereshot.learn.sets.labels import require_packages

    require_packages()
    keep_freed_memory()
    return load_embedder(features)


def judge(
    survey: Survey,
    identities: Mapping[ClassFolder, str],
    embedder: Embedder,
    certainty: float,
    cache: Path | None,
) -> LabelCheck:
    """Judge the labels, with bars on a terminal."""
    from whereshot.cli._training import show_progress
    from whereshot.learn.sets.labels import check_labels

    with show_progress() as report:
        return check_labels(
            survey,
            identities,
            embedder,
            certainty=certainty,
            cache=cache,
            on_stage=lambda stage, done, total: report(stage, done, total, {}),
        )


def command_line(folder: Path, features: str | None, certainty: float) -> str:
    """The command that finds the same again."""
    words = ["whereshot", "data", "check", str(folder)]
    if features is not None:
        words += ["--labels", "--features", features, "--certainty", f"{certainty:g}"]
    return shlex.join(words)


def write_suspects(judged: LabelCheck, target: Path, command: str) -> None:
    """Write the list that `data.exclude` takes."""
    from whereshot.learn.sets.photo_list import write_photo_list

    about = (
        f"{command}: {len(judged.suspects):,} of {judged.photos:,} labels look wrong.",
        "The most certain first. Look at them, delete the lines of photos to keep, and leave the",
        "others out of training with data.exclude. Paths are relative to the training folder.",
    )
    write_photo_list(
        target,
        [
            (
                each.photo,
                f"{each.likely} {each.likely_probability:.1%}, label {each.label_probability:.1%}",
            )
            for each in judged.suspects
        ],
        [printable(line) for line in about],
    )


def record(
    survey: Survey, findings: Sequence[Finding], judged: LabelCheck | None
) -> dict[str, object]:
    """Everything that was found, ready for JSON."""
    from dataclasses import asdict

    from whereshot.learn.sets import shapes

    errors = sum(finding.severity == "error" for finding in findings)
    return {
        "folder": str(survey.root),
        "photos": len(survey.photos),
        "errors": errors,
        "warnings": len(findings) - errors,
        "findings": [asdict(finding) for finding in findings],
        "sizes": {
            "short_side": shapes.short_sides(survey),
            "aspect": shapes.aspects(survey),
            "detail": shapes.details(survey),
            "exact_squares": shapes.exact_squares(survey),
        },
        "labels": None if judged is None else {**asdict(judged), "folder": str(judged.folder)},
    }
