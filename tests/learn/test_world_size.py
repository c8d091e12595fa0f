"""A run that goes on with another number of processes than it was begun with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from several_processes import script, torchrun
from tiny_training import history_of, meta_of, on_one_thread, tiny_photos, tiny_recipe

from whereshot.learn.sets.shard import write_shards
from whereshot.learn.train import train

pytestmark = [pytest.mark.usefixtures("one_thread"), pytest.mark.slow]

# No BatchNorm, and no chance that differs between processes. A head whose classes are drawn.
COMMON = (
    "model.architecture=timm/test_convnext",
    "model.head=cosine",
    "model.subcenters=2",
    "model.margin=0.1",
    "model.class_share=0.6",
    "schedule.freeze_batch_norm=true",
    "schedule.frozen_epochs=1",
    "schedule.epochs=3",
    "optim.batch=4",
    "optim.accumulate=2",
    "optim.ema=0.5",
)
KINDS = {
    "folder": ("data.balance=0.5",),
    # Two epochs are a pass: the run stops in the midst of one.
    "shards": ("data.streams=4", "data.shuffle=8", "data.epoch_photos=12", "data.balance=0"),
}

Started = Callable[[str], tuple[str, Path]]


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Where photos lie, as a recipe names them: the same 40 in folders and in shards."""
    root = tmp_path_factory.mktemp("photos")
    tiny_photos(root, classes=5, each=8)
    write_shards(root, root / "shards", megabytes=0.05)
    return {"folder": str(root), "shards": str(root / "shards" / "train-*.tar")}


@pytest.fixture(scope="module")
def alone(
    tmp_path_factory: pytest.TempPathFactory, photos: dict[str, str]
) -> Iterator[dict[str, Path]]:
    """Of each kind, the run that one process does without a stop."""
    root = tmp_path_factory.mktemp("alone")
    with on_one_thread():
        yield {
            kind: train(tiny_recipe(photos[kind], *COMMON, *settings), root / kind)
            for kind, settings in KINDS.items()
        }


def program(folder: Path, photos: str, kind: str, *, until: str) -> Path:
    """What trains `kind` as one of several processes, and is stopped when it says `until`."""
    body = f"""
import torch
from tiny_training import tiny_recipe
from whereshot.learn.train import train

torch.set_num_threads(1)

class Stopped(Exception):
    pass

def report(stage, done, total, figures):
    if stage == {until!r} and done == 1:
        raise Stopped

recipe = tiny_recipe({photos!r}, *{(*COMMON, *KINDS[kind])!r})
train(recipe, {str(folder / "run")!r}, resume=True, report=report)
"""
    return script(folder, body)


def assert_the_same_result(folder: Path, alone: Path) -> None:
    here, there = (load_file(each / "weights.safetensors") for each in (folder, alone))
    for name, value in there.items():
        # Numbers are added up in another order, and Adam's first steps enlarge what that changes.
        assert torch.allclose(here[name], value, atol=5e-5), name
    assert len(history_of(folder)) == 4
    for one, other in zip(history_of(folder), history_of(alone), strict=True):
        assert one == pytest.approx(other, abs=2e-3)
    assert meta_of(folder)["data"] == meta_of(alone)["data"]


@pytest.mark.parametrize("kind", KINDS)
def test_begun_by_two_and_finished_by_one_it_is_the_run_of_one(
    kind: str, photos: dict[str, str], alone: dict[str, Path], tmp_path: Path
) -> None:
    begun = torchrun(program(tmp_path, photos[kind], kind, until="epoch 4"))
    assert begun.returncode == 1
    assert "Stopped" in begun.stderr, begun.stderr
    assert len(history_of(tmp_path / "run")) == 3
    assert meta_of(tmp_path / "run")["processes"] == 2
    # Three epochs of two processes are those of one already.
    for two, one in zip(history_of(tmp_path / "run"), history_of(alone[kind])[:3], strict=True):
        assert two == pytest.approx(one, abs=2e-3)
    recipe = tiny_recipe(photos[kind], *COMMON, *KINDS[kind])
    train(recipe, tmp_path / "run", resume=True)
    assert meta_of(tmp_path / "run")["processes"] == 1
    assert_the_same_result(tmp_path / "run", alone[kind])


@pytest.mark.parametrize("kind", KINDS)
def test_begun_by_one_and_finished_by_two_it_is_the_run_of_one(
    kind: str, photos: dict[str, str], alone: dict[str, Path], tmp_path: Path
) -> None:
    class Stopped(Exception):  # noqa: N818 - not an error
        pass

    def report(stage: str, done: int, total: int, figures: dict[str, float]) -> None:
        if (stage, done) == ("epoch 3", 1):
            raise Stopped

    recipe = tiny_recipe(photos[kind], *COMMON, *KINDS[kind])
    with pytest.raises(Stopped):
        train(recipe, tmp_path / "run", report=report)
    assert len(history_of(tmp_path / "run")) == 2
    finished = torchrun(program(tmp_path, photos[kind], kind, until="never"))
    assert finished.returncode == 0, finished.stderr
    assert_the_same_result(tmp_path / "run", alone[kind])
