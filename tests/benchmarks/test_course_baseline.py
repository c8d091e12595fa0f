"""The re-created course recipe: the network that it says, and a run that can be stopped."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
import torch
from tiny_training import tiny_photos

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture
def baseline(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import course_baseline

    yield course_baseline
    sys.modules.pop("course_baseline")
    sys.modules.pop("_table")


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tiny_photos(tmp_path / "photos")
    shutil.copytree(folder / "train", folder / "test")
    return folder


def options(baseline: ModuleType, photos: Path, to: Path, *more: str) -> argparse.Namespace:
    small = {"--width": 0.03, "--size": 32, "--batch": 4, "--workers": 0, "--validation": 0.25}
    flags = [str(part) for pair in small.items() for part in pair]
    return baseline.parse(["--data", str(photos), "--to", str(to), *flags, *more])


def test_the_full_network_is_eight_blocks_of_the_recipes_channels(baseline: ModuleType) -> None:
    with torch.device("meta"):
        network = baseline.CourseNet(50)
    blocks = [layer for layer in network.features if isinstance(layer, baseline.Block)]
    assert [block.convolutions[3].out_channels for block in blocks] == [
        64, 128, 256, 256, 512, 512, 512, 512
    ]  # fmt: skip
    assert all(block.convolutions[i].kernel_size == (3, 3) for block in blocks for i in (0, 3))
    assert sum(isinstance(layer, torch.nn.MaxPool2d) for layer in network.features) == 4


def test_half_the_width_and_size_is_a_sixteenth_of_the_work(baseline: ModuleType) -> None:
    whole = baseline.gflops(baseline.CourseNet(50, 0.25), 64)
    assert baseline.gflops(baseline.CourseNet(50, 0.125), 32) == pytest.approx(whole / 16, rel=0.06)


def test_a_stopped_run_goes_on_to_the_same_network(
    baseline: ModuleType, photos: Path, tmp_path: Path, one_thread: None
) -> None:
    whole = baseline.run(options(baseline, photos, tmp_path / "a", "--epochs", "3"))
    baseline.run(options(baseline, photos, tmp_path / "b", "--epochs", "1"))
    resumed = baseline.run(options(baseline, photos, tmp_path / "b", "--epochs", "3", "--resume"))
    for clock in ("wall_minutes", "cpu_minutes", "photos_per_second"):
        whole.pop(clock), resumed.pop(clock)
    assert resumed == whole
    weights = [torch.load(tmp_path / run / "best.pt")["network"] for run in "ab"]
    assert all(torch.equal(weights[0][key], weights[1][key]) for key in weights[0])
    lines = (tmp_path / "b" / "history.jsonl").read_text().splitlines()
    assert [json.loads(line)["epoch"] for line in lines] == [1, 2, 3]


def test_training_ends_with_its_minutes_and_not_with_its_epochs(
    baseline: ModuleType, photos: Path, tmp_path: Path, one_thread: None
) -> None:
    for clock in ("wall", "cpu"):
        more = ("--minutes", "0.00001", "--clock", clock)
        row = baseline.run(options(baseline, photos, tmp_path / clock, *more))
        assert 0 < row["epochs"] < 1  # the first batch used them up


def test_a_finished_run_is_not_trained_over(
    baseline: ModuleType, photos: Path, tmp_path: Path, one_thread: None
) -> None:
    baseline.run(options(baseline, photos, tmp_path / "a", "--epochs", "1"))
    with pytest.raises(SystemExit, match="--resume"):
        baseline.run(options(baseline, photos, tmp_path / "a", "--epochs", "1"))
    with pytest.raises(SystemExit, match="give the same"):
        baseline.run(options(baseline, photos, tmp_path / "a", "--resume", "--seed", "1"))
