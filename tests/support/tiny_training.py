"""A recipe that trains in a second, for tests of what comes before, during and after training."""

from __future__ import annotations

import json
from pathlib import Path

from whereshot.learn.config import Recipe, from_dict, override

TINY = "timm/test_efficientnet"  # 0.1 million parameters; timm has it for tests


def tiny_recipe(photos: str | Path, *assignments: str) -> Recipe:
    """A network without weights, at 32 px, in one process, in float32; changed as told."""
    recipe = from_dict(
        {
            "name": "tiny",
            "precision": "float32",
            "data": {"train": str(photos), "workers": 0, "validation": 0.25, "balance": 0.0},
            "model": {
                "architecture": TINY,
                "weights": "none",
                "size": 32,
                "dropout": 0.0,
            },
            "augment": {"min_scale": 0.8},
            "optim": {"batch": 4, "layer_decay": 1.0},
            "schedule": {"frozen_epochs": 1, "epochs": 2, "freeze_batch_norm": False},
        }
    )
    return override(recipe, assignments)


def results_of(folder: Path) -> dict[str, object]:
    """What a run reached."""
    return json.loads((folder / "meta.json").read_text())["results"]
