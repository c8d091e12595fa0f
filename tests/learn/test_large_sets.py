"""What becomes of a run of very many landmarks, or of one that was trained on shards."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import torch
from exportable import exportable_run
from torch import nn

from whereshot.errors import ExportError
from whereshot.learn.config import override
from whereshot.learn.delivery import deliver
from whereshot.learn.export import export_onnx
from whereshot.learn.run import Run

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return exportable_run(tmp_path / "tiny", "photos", ("Petra", "Stonehenge"))


def test_a_network_that_no_onnx_file_can_hold_is_refused_before_the_work(
    run: Run, tmp_path: Path
) -> None:
    # Of no storage: a million landmarks with 600 numbers each.
    run.network.head = nn.Linear(600, 1_000_000, device="meta")
    with pytest.raises(ExportError, match=r"2\.4 GB of weights.*--format exported"):
        export_onnx(run, tmp_path / "a.onnx")
    assert not (tmp_path / "a.onnx").exists()


def test_an_export_of_a_run_on_shards_asks_for_photos_in_folders(run: Run, tmp_path: Path) -> None:
    recipe = override(run.recipe, ["data.train=shards/train-{000000..000009}.tar"])
    with pytest.raises(ExportError, match=r"trained on shards .*Say where there are some: --data"):
        deliver(dataclasses.replace(run, recipe=recipe), tmp_path / "export")


def test_the_head_of_a_sampled_run_answers_with_all_its_classes(tmp_path: Path) -> None:
    sampled = exportable_run(
        tmp_path / "a",
        "photos",
        ("Petra", "Stonehenge"),
        "model.head=cosine",
        "model.class_share=0.5",
    )
    pixels = torch.zeros(1, 32, 32, 3, dtype=torch.uint8)
    with torch.inference_mode():
        assert sampled.network(pixels).logits.shape == (1, 2)
