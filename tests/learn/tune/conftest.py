"""Searches without training: a trial's run is written as `train` would write it, in no time."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tiny_training import tiny_recipe

from whereshot.errors import RunError
from whereshot.learn import config
from whereshot.learn.config import Recipe

EPOCHS = 6


class FakeTraining:
    """Writes what `train` writes; the loss is least at optim.lr = 1e-3 and model.dropout = 0.1.

    `diverges` tells recipes whose training does; `interrupt` is called before each epoch.
    """

    def __init__(self) -> None:
        self.trained: list[tuple[str, int]] = []  # folder and epoch of every epoch that was run
        self.diverges: Callable[[Recipe], bool] = lambda _: False
        self.interrupt: Callable[[str, int], None] = lambda *_: None
        self.fingerprint = "f" * 64
        self.held_out = True

    def __call__(
        self, recipe: Recipe, folder: Path, *, resume: bool, report: Callable[..., None]
    ) -> Path:
        assert resume
        if (folder / "weights.safetensors").exists():
            return folder
        folder.mkdir(exist_ok=True)
        meta: dict[str, Any] = {
            "schema": "1.0",
            "recipe": config.to_dict(recipe),
            "classes": ["a", "b"],
            "data": {"fingerprint": self.fingerprint},
            "results": {},
        }
        (folder / "meta.json").write_text(json.dumps(meta))
        path = folder / "history.jsonl"
        rows = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
        (folder / "checkpoint.pt").write_bytes(b"a checkpoint")
        (folder / "best.safetensors").write_bytes(b"weights")
        for epoch in range(len(rows), EPOCHS):
            self.interrupt(folder.name, epoch)
            self.trained.append((folder.name, epoch))
            report(f"epoch {epoch + 1}", 1, 2, {"loss": 1.0})
            if epoch == 1 and self.diverges(recipe):
                raise RunError("Training diverged in epoch 2: the loss became nan.")
            report(f"epoch {epoch + 1}", 2, 2, {"loss": 1.0})
            loss = loss_of(recipe) * (1 + 1 / (1 + epoch))
            figures = {"loss": 1.0}
            if self.held_out:
                figures |= {
                    "validation_loss": loss,
                    "validation_calibrated_loss": loss / 2,
                    "validation_top1": 1 / (1 + loss),
                    "validation_macro": 1 / (2 + loss),
                }
            report(f"epoch {epoch + 1} done", 1, 1, figures)
            rows.append({"epoch": epoch, **figures})
            path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        meta["results"] = {
            "best_epoch": EPOCHS - 1,
            "train_seconds": 60.0,
            "validation_top1": rows[-1]["validation_top1"],
        }
        (folder / "meta.json").write_text(json.dumps(meta))
        (folder / "best.safetensors").rename(folder / "weights.safetensors")
        (folder / "checkpoint.pt").unlink()
        return folder


def loss_of(recipe: Recipe) -> float:
    return 0.2 + abs(math.log10(recipe.optim.lr / 1e-3)) + abs(recipe.model.dropout - 0.1)


@pytest.fixture
def training(monkeypatch: pytest.MonkeyPatch) -> FakeTraining:
    fake = FakeTraining()
    monkeypatch.setattr("whereshot.learn.tune.trials.train", fake)
    # Its forest of trees takes ten times as long as all the rest.
    monkeypatch.setattr("whereshot.learn.tune.book.Book.importances", lambda _: {"optim.lr": 1.0})
    return fake


@pytest.fixture
def recipe() -> Recipe:
    return tiny_recipe(
        "photos", "schedule.frozen_epochs=0", f"schedule.epochs={EPOCHS}", "optim.lr=1e-2"
    )
