"""Photos and recipes that train in a second, for tests of what comes before, during and after."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from made_photos import saved, scene

from whereshot.learn.config import Recipe, from_dict, override

TINY = "timm/test_efficientnet"  # 0.1 million parameters; timm has it for tests


TINY_RECIPE = f"""
name = "tiny"
precision = "float32"
[data]
train = "nowhere"
validation = 0.25
workers = 0
[model]
architecture = "{TINY}"
weights = "none"
size = 32
[optim]
batch = 8
[schedule]
frozen_epochs = 0
epochs = 1
freeze_batch_norm = false
"""  # for the command line, which reads recipes from files


@contextmanager
def on_one_thread() -> Iterator[None]:
    """Torch on one thread: tiny networks are faster so, and their sums are repeatable."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def tiny_photos(root: Path, classes: int = 3, each: int = 6) -> Path:
    """Class folders of small photos, all different, in `root/train`."""
    for label in range(classes):
        for number in range(each):
            picture = scene(100 * label + number, (64, 48))
            saved(picture, root / "train" / f"place_{label}" / f"{number}.png")
    return root


def tiny_recipe(photos: str | Path, *assignments: str) -> Recipe:
    """A network without weights, at 32 px, in one process, in float32; changed as told."""
    recipe = from_dict(
        {
            "name": "tiny",
            "precision": "float32",
            "data": {"train": str(photos), "workers": 0, "validation": 0.25, "balance": 0.0},
            "model": {"architecture": TINY, "weights": "none", "size": 32, "dropout": 0.0},
            "augment": {"min_scale": 0.8},
            "optim": {"batch": 4, "layer_decay": 1.0},
            "schedule": {"frozen_epochs": 1, "epochs": 2, "freeze_batch_norm": False},
        }
    )
    return override(recipe, assignments)


def meta_of(folder: Path) -> dict[str, Any]:
    """What a run says of itself."""
    return json.loads((folder / "meta.json").read_text())


def history_of(folder: Path) -> list[dict[str, float]]:
    """What a run reached, epoch by epoch."""
    return [json.loads(line) for line in (folder / "history.jsonl").read_text().splitlines()]
