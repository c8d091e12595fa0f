from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
import torch
from tiny_training import tiny_photos, tiny_recipe
from torch.utils.data import get_worker_info

from whereshot.errors import DatasetError, RunError
from whereshot.learn.loader import TrainPhotos
from whereshot.learn.mishaps import told
from whereshot.learn.train import train

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.mark.parametrize("workers", [0, 1])
def test_a_photo_that_vanishes_ends_the_run_which_goes_on_when_it_is_back(
    tmp_path: Path, workers: int
) -> None:
    photos = tiny_photos(tmp_path / "photos")
    recipe = tiny_recipe(photos, f"data.workers={workers}", "schedule.epochs=1")
    victim, aside = photos / "train" / "place_1" / "3.png", tmp_path / "aside.png"

    def report(stage: str, done: int, total: int, figures: dict[str, float]) -> None:
        if stage == "epoch 1 done":
            victim.rename(aside)

    message = (
        rf"could be read before can't be in epoch 2: [^\n]*{victim}[^\n]*Restore it, and go on"
    )
    with pytest.raises(DatasetError, match=message):
        train(recipe, tmp_path / "run", report=report)
    with pytest.raises(RunError, match="was started on other photos"):
        train(recipe, tmp_path / "run", resume=True)
    aside.rename(victim)
    train(recipe, tmp_path / "run", resume=True)
    train(recipe, tmp_path / "whole")
    weights = [(tmp_path / name / "weights.safetensors").read_bytes() for name in ("run", "whole")]
    assert weights[0] == weights[1]


def test_a_worker_that_the_system_ends_is_a_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    get = TrainPhotos.__getitem__

    def killed(self: TrainPhotos, number: int):
        if get_worker_info() is not None and self.epoch == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        return get(self, number)

    monkeypatch.setattr(TrainPhotos, "__getitem__", killed)
    recipe = tiny_recipe(tiny_photos(tmp_path), "data.workers=1", "schedule.epochs=1")
    with pytest.raises(RunError, match=r"was ended in epoch 2.*--set data\.workers=0"):
        train(recipe, tmp_path / "run")
    without = tiny_recipe(tmp_path, "data.workers=0", "schedule.epochs=1")
    train(without, tmp_path / "run", resume=True)
    assert (tmp_path / "run" / "weights.safetensors").is_file()


def test_a_gpu_without_memory_is_told_what_to_lower() -> None:
    with pytest.raises(RunError, match=r"epoch 3\. Lower optim\.batch"), told("epoch 3"):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")


def test_other_errors_stay_what_they_are() -> None:
    for error in (RuntimeError("a bug"), ZeroDivisionError(), RunError("diverged")):
        with pytest.raises(type(error)) as caught, told("epoch 1"):
            raise error
        assert caught.value is error
