"""Photos without a landmark: how they enter training, and that none decides its own threshold."""

from __future__ import annotations

import json
import math
from collections import Counter
from pathlib import Path

import pytest
import torch
from made_photos import data_set
from tiny_training import meta_of, tiny_recipe

from whereshot.errors import DatasetError
from whereshot.learn.augment import Mixing
from whereshot.learn.config import AugmentConfig
from whereshot.learn.dataset import index_folder
from whereshot.learn.delivery import Photos, deliver
from whereshot.learn.loader import add_unknown
from whereshot.learn.run import load_run
from whereshot.learn.train import train
from whereshot.recognize import read_bundle

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    data_set(tmp_path / "world" / "train", {"Eiffel_Tower": 8, "Stonehenge": 8})
    data_set(tmp_path / "world" / "test", {"Eiffel_Tower": 1, "Stonehenge": 1})
    data_set(tmp_path / "things" / "train", {"cups": 5, "dogs": 5})
    return tmp_path


def test_they_are_to_look_like_every_landmark_equally() -> None:
    planes = torch.zeros(2, 3, 4, 4)
    _, targets = Mixing(AugmentConfig(), 4)(planes, torch.tensor([1, 4]))
    assert targets.tolist() == [[0, 1, 0, 0], [0.25] * 4]


def test_mixed_with_a_landmark_they_leave_it_its_share() -> None:
    torch.manual_seed(0)
    mixing = Mixing(AugmentConfig(mixup=1.0), 4)
    _, targets = mixing(torch.rand(2, 3, 4, 4), torch.tensor([1, 4]))
    assert targets.sum(1).tolist() == pytest.approx([1, 1])
    assert targets[0, 1] > targets[0, 0] > 0


def test_they_are_the_wanted_share_of_an_epoch_each_as_often_as_any_other() -> None:
    order = list(range(60))
    mixed = add_unknown(order, 60, 8, 0.25, seed=1, epoch=2)
    assert sorted(number for number in mixed if number < 60) == order
    turns = Counter(number for number in mixed if number >= 60)
    assert turns.total() == 20
    assert set(turns) == set(range(60, 68))
    assert max(turns.values()) - min(turns.values()) <= 1
    assert mixed == add_unknown(order, 60, 8, 0.25, seed=1, epoch=2)
    assert mixed != add_unknown(order, 60, 8, 0.25, seed=1, epoch=3)


def test_a_share_of_zero_adds_none() -> None:
    assert sorted(add_unknown([0, 1, 2], 3, 8, 0.0, seed=0, epoch=0)) == [0, 1, 2]


def test_they_follow_the_landmarks_and_have_the_label_after_the_last(photos: Path) -> None:
    world = index_folder(photos / "world", "train")
    both = world.followed_by(index_folder(photos / "things", "train"))
    assert both.classes == world.classes
    assert both.labels[: len(world)] == world.labels
    assert set(both.labels[len(world) :]) == {2}


@pytest.mark.slow
def test_a_network_with_an_angular_margin_learns_from_them_too(
    photos: Path, tmp_path: Path
) -> None:
    settings = ["model.head=cosine", "model.margin=0.2", "model.subcenters=2"]
    recipe = tiny_recipe(photos / "world", f"data.unknown={photos / 'things'}", *settings)
    history = train(recipe, tmp_path / "run") / "history.jsonl"
    losses = [json.loads(line)["loss"] for line in history.read_text().splitlines()]
    assert all(map(math.isfinite, losses))


@pytest.mark.slow
def test_a_threshold_is_chosen_on_those_that_training_did_not_see(
    photos: Path, tmp_path: Path
) -> None:
    recipe = tiny_recipe(photos / "world", f"data.unknown={photos / 'things'}")
    folder = train(recipe, tmp_path / "run")
    data = meta_of(folder)["data"]
    assert data["unknown_photos"] + len(data["unknown_validation_paths"]) == 10
    run = load_run(folder)
    deliver(run, tmp_path / "out", photos=Photos(unknown=photos / "things"))
    chosen_for = read_bundle(tmp_path / "out" / "tiny").raw["verdict"]["chosen_for"]
    assert chosen_for["unknown_photos"] == len(data["unknown_validation_paths"])
    (photos / "things" / "train" / data["unknown_validation_paths"][0]).unlink()
    with pytest.raises(DatasetError, match="lacks 1 of the"):
        deliver(run, tmp_path / "again")
