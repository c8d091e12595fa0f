from __future__ import annotations

import logging
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from made_photos import data_set, saved, scene
from torch.utils.data import DataLoader

from whereshot.errors import DatasetError
from whereshot.learn.augment import TrainPreset
from whereshot.learn.config import AugmentConfig
from whereshot.learn.dataset import PhotoIndex, index_folder
from whereshot.learn.loader import (
    EvalPhotos,
    TrainPhotos,
    draw_epoch,
    drop_unreadable,
    eval_loader,
    seed_of,
)
from whereshot.photo import Preprocessing, decode, prepare

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> PhotoIndex:
    return index_folder(data_set(tmp_path_factory.mktemp("photos"), {"a": 3, "b": 2}))


def views(index: PhotoIndex, *, seed: int = 0, epoch: int = 0, preset: str = "light"):
    config = AugmentConfig(preset=preset)  # type: ignore[arg-type]
    photos = TrainPhotos(index, TrainPreset(config, 48), 48, seed)
    photos.epoch = epoch
    return photos


def made(counts: list[int]) -> PhotoIndex:
    labels = tuple(label for label, count in enumerate(counts) for _ in range(count))
    paths = tuple(Path(f"{number}.jpg") for number in range(len(labels)))
    return PhotoIndex(Path(), tuple(f"c{k}" for k in range(len(counts))), paths, labels)


# -- views ---------------------------------------------------------------------------------


def test_a_view_is_a_square_of_planes_with_its_label(index: PhotoIndex) -> None:
    planes, label = views(index)[3]
    assert planes.shape == (3, 48, 48)
    assert planes.dtype == torch.uint8
    assert label == 1


@pytest.mark.parametrize("preset", ["light", "strong"])
def test_a_view_depends_on_seed_epoch_and_photo_alone(index: PhotoIndex, preset: str) -> None:
    first = views(index, preset=preset)[1][0]
    torch.manual_seed(123)
    torch.rand(7)
    assert torch.equal(first, views(index, preset=preset)[1][0])
    assert not torch.equal(first, views(index, preset=preset, epoch=1)[1][0])
    assert not torch.equal(first, views(index, preset=preset, seed=1)[1][0])


def test_a_view_leaves_the_callers_random_numbers_alone(index: PhotoIndex) -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    assert len(views(index)[0]) == 2
    assert torch.equal(torch.rand(3), expected)


def test_views_are_the_same_whatever_the_number_of_workers(index: PhotoIndex) -> None:
    order = [4, 0, 2, 1, 3]

    def epoch(workers: int) -> list[torch.Tensor]:
        loader = DataLoader(views(index, epoch=2), batch_size=2, sampler=order, num_workers=workers)
        return [planes for planes, _ in loader]

    alone, together = epoch(0), epoch(2)
    assert [len(batch) for batch in alone] == [2, 2, 1]
    for one, other in zip(alone, together, strict=True):
        assert torch.equal(one, other)


def test_held_out_photos_are_seen_as_inference_sees_them(index: PhotoIndex) -> None:
    preprocessing = Preprocessing(40, "squash")
    planes, label = EvalPhotos(index, preprocessing)[4]
    expected = prepare(decode(index.paths[4], min_side=40), preprocessing)
    assert np.array_equal(planes.numpy(), expected.transpose(2, 0, 1))
    assert label == 1
    batches = list(eval_loader(index, preprocessing, batch=2, workers=0))
    assert [len(labels) for _, labels in batches] == [2, 2, 1]
    assert torch.cat([labels for _, labels in batches]).tolist() == [0, 0, 0, 1, 1]
    assert torch.equal(batches[2][0][0], planes)


def test_seeds_differ_with_every_part_and_fit_63_bits() -> None:
    seeds = {seed_of(*parts) for parts in [(1, 2), (12,), (1, 2, ""), (2, 1), ("1", "2", "x")]}
    assert len(seeds) == 5
    assert all(0 <= seed < 2**63 for seed in seeds)
    assert seed_of(1, "order") == seed_of(1, "order")


# -- the order of an epoch -----------------------------------------------------------------


def test_without_balance_an_epoch_has_each_photo_once_in_random_order() -> None:
    order = draw_epoch(made([30, 10]), 0.0, seed=0, epoch=0)
    assert sorted(order) == list(range(40))
    assert order != sorted(order)
    assert order == draw_epoch(made([30, 10]), 0.0, seed=0, epoch=0)
    assert order != draw_epoch(made([30, 10]), 0.0, seed=0, epoch=1)
    assert order != draw_epoch(made([30, 10]), 0.0, seed=1, epoch=0)


def test_with_full_balance_small_classes_come_as_often_as_large_ones() -> None:
    index = made([60, 30, 10, 20])  # 30 photos a class
    order = draw_epoch(index, 1.0, seed=0, epoch=0)
    drawn = Counter(index.labels[number] for number in order)
    assert len(order) == 120
    assert drawn[2] == 30  # 3 whole turns for each of its 10 photos
    assert all(abs(drawn[label] - 30) <= 8 for label in range(4))
    turns = Counter(order)
    assert all(turns[number] == 3 for number in range(90, 100))
    assert max(turns[number] for number in range(60)) == 1


@given(
    st.lists(st.integers(0, 40), min_size=1, max_size=8).filter(any),
    st.floats(0, 1),
    st.integers(0, 99),
)
@settings(max_examples=50)
def test_every_photo_has_its_whole_turns_and_at_most_one_more(
    counts: list[int], balance: float, epoch: int
) -> None:
    index = made(counts)
    order = draw_epoch(index, balance, seed=0, epoch=epoch)
    assert len(order) == len(index)
    weights = np.array([counts[label] ** -balance for label in index.labels])
    expected = weights / weights.sum() * len(index)
    turns = np.bincount(order, minlength=len(index))
    assert (turns >= np.floor(expected - 1e-4)).all()
    assert (turns <= np.ceil(expected + 1e-4)).all()


def test_over_many_epochs_a_class_comes_as_often_as_the_balance_says() -> None:
    index = made([64, 16, 4])
    drawn = Counter(
        index.labels[number]
        for epoch in range(100)
        for number in draw_epoch(index, 0.5, seed=0, epoch=epoch)
    )
    shares = np.array([drawn[label] for label in range(3)]) / drawn.total()
    # 64^0.5 : 16^0.5 : 4^0.5
    assert shares == pytest.approx(np.array([8, 4, 2]) / 14, abs=0.02)


# -- photos that can't be read -------------------------------------------------------------


def test_unreadable_photos_are_left_out_and_reported(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    saved(scene(1), tmp_path / "a" / "1.jpg")
    (tmp_path / "a" / "2.jpg").write_bytes((tmp_path / "a" / "1.jpg").read_bytes()[:900])
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "3.jpg").write_bytes(b"")
    saved(scene(2), tmp_path / "b" / "4.png")
    seen: list[int] = []
    with caplog.at_level(logging.WARNING):
        kept, bad = drop_unreadable(index_folder(tmp_path), on_photo=seen.append)
    assert [path.name for path in kept.paths] == ["1.jpg", "4.png"]
    assert kept.labels == (0, 1)
    assert [Path(path).name for path, _ in bad] == ["2.jpg", "3.jpg"]
    assert all(path in reason for path, reason in bad)
    assert caplog.text.count("left out:") == 2
    assert seen == [1, 2, 3, 4]


def test_a_class_that_loses_its_last_photo_keeps_its_number(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "1.jpg").write_bytes(b"no photo")
    saved(scene(1), tmp_path / "b" / "2.jpg")
    kept, _ = drop_unreadable(index_folder(tmp_path))
    assert kept.classes == ("a", "b")
    assert kept.counts() == [0, 1]


def test_a_folder_where_nothing_can_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "1.jpg").write_bytes(b"no photo")
    with pytest.raises(DatasetError, match="None of the 1 photos"):
        drop_unreadable(index_folder(tmp_path))
