"""Where a run stands between two epochs, on disk, so that it can go on from there."""

from __future__ import annotations

import io
import math
import pickle
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import torch
from torch.optim.swa_utils import AveragedModel

from whereshot.errors import RunError
from whereshot.learn.network import LandmarkNet

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
    path: Path,
    progress: Progress,
    network: LandmarkNet,
    optimizer: torch.optim.Optimizer,
    average: AveragedModel | None,
) -> None:
    """Write a checkpoint beside its place, then put it there.

    So a run that is killed meanwhile keeps the one before.
    """
    state = {
        "network": network.state_dict(),
        "average": average.state_dict() if average is not None else None,
        "optimizer": optimizer.state_dict(),
        "epoch": progress.epoch,
        "best_score": progress.best_score,
        "best_epoch": progress.best_epoch,
        "seconds": progress.seconds,
        "history": progress.history,
    }
    temporary = path.with_name(path.name + ".part")
    torch.save(state, temporary)
    temporary.replace(path)


def read_checkpoint(path: Path, device: torch.device) -> tuple[Progress, dict[str, Any]]:
    """The progress, and the states of `network`, `average` and `optimizer`.

    Runs no code from the file. Raises RunError where it is damaged.
    """
    content = io.BytesIO(path.read_bytes())
    try:
        state = cast(dict[str, Any], torch.load(content, map_location=device, weights_only=True))
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
    return progress, state
