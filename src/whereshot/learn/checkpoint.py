"""Where a run stands between two epochs, on disk, so that it can go on from there."""

from __future__ import annotations

import io
import math
import pickle
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import torch

from whereshot.errors import RunError
from whereshot.learn.files import write_whole

# What torch.load raises on a file that is cut off, overwritten or of another kind.
_DAMAGES = (
    RuntimeError,
    EOFError,
    OSError,
    KeyError,
    TypeError,
    ValueError,
    pickle.UnpicklingError,
)


@dataclass(slots=True)
class Progress:
    """What a run has done so far; epochs of both phases count from 0."""

    epoch: int = 0  # epochs done
    best_score: float = -math.inf  # minus the validation loss
    best_epoch: int = -1
    seconds: float = 0.0
    history: list[dict[str, float]] = field(default_factory=list[dict[str, float]])


def save_checkpoint(
    path: Path, progress: Progress, state: Mapping[str, Any], fingerprint: str
) -> None:
    """Write the progress and the learner's state of a run on the data of this fingerprint.

    A run that is killed meanwhile, or has no room left, keeps the checkpoint before. Raises
    RunError where it can't be written.
    """
    content = io.BytesIO()
    torch.save(
        {
            **state,
            "epoch": progress.epoch,
            "best_score": progress.best_score,
            "best_epoch": progress.best_epoch,
            "seconds": progress.seconds,
            "history": progress.history,
            "data": fingerprint,
        },
        content,
    )
    # Not by torch itself: its writer's word for a full disk is "unexpected pos 64 vs 0".
    write_whole(path, content.getvalue())


def read_checkpoint(path: Path, fingerprint: str) -> tuple[Progress, dict[str, Any]] | None:
    """The progress and the learner's state, on the CPU; None where there is no checkpoint.

    Runs no code from the file. Raises RunError where it is damaged, or of another data set.
    """
    if not path.is_file():
        return None
    try:
        content = io.BytesIO(path.read_bytes())
        state = cast(dict[str, Any], torch.load(content, map_location="cpu", weights_only=True))
        progress = Progress(
            state["epoch"],
            state["best_score"],
            state["best_epoch"],
            state["seconds"],
            state["history"],
        )
    except _DAMAGES as error:
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise RunError(
            f"'{path}' is damaged: {reason}. Start over in another folder with --to."
        ) from None
    # One that was written before it kept the fingerprint is told by its shapes alone.
    if state.get("data", fingerprint) != fingerprint:
        raise RunError(
            f"'{path}' is the checkpoint of a run on other photos. Put back the one that was "
            "here, or start over in another folder with --to."
        )
    return progress, state
