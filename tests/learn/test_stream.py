from __future__ import annotations

import dataclasses
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_training import tiny_photos, tiny_recipe

from whereshot.errors import DatasetError, RecipeError, RunError
from whereshot.learn.batches import Batches
from whereshot.learn.config import DataConfig
from whereshot.learn.distributed import Team
from whereshot.learn.portions import Portions, read_portions
from whereshot.learn.sets.shard import write_shards
from whereshot.learn.shard_index import open_shards
from whereshot.learn.shards import Shards
from whereshot.learn.stream import Order, StreamedEpoch, shuffled
from whereshot.progress import silent

pytestmark = pytest.mark.usefixtures("one_thread")

SETTINGS = ("optim.batch=8", "data.streams=4", "data.shuffle=12", "data.balance=0")


@pytest.fixture(scope="module")
def pattern(tmp_path_factory: pytest.TempPathFactory) -> str:
    """50 photos of five classes in shards of some ten."""
    root = tmp_path_factory.mktemp("set")
    write_shards(tiny_photos(root, classes=5, each=10), root / "shards", megabytes=0.04)
    assert len(list((root / "shards").glob("*.tar"))) > 3
    return str(root / "shards" / "train-*.tar")


def order_of(shards: Shards, batch: int = 8, **data: object) -> Order:
    chosen = {"streams": 4, "shuffle": 12, "balance": 0.0} | data
    return Order(shards, dataclasses.replace(DataConfig(), **chosen), batch, seed=0)  # type: ignore[arg-type]


def epoch_of(pattern: str, number: int, team: Team, *assignments: str) -> StreamedEpoch:
    recipe = tiny_recipe(pattern, *SETTINGS, "data.validation=0", *assignments)
    epoch = Batches(recipe, read_portions(recipe), team, silent).epoch(number)
    assert isinstance(epoch, StreamedEpoch)
    return epoch


def drawn(order: Order, epoch: int) -> list[list[int]]:
    """The photos of an epoch by stream."""
    return [
        [number for _, wanted in order.parts(epoch, stream) for number in wanted]
        for stream in range(order.data.streams)
    ]


# -- the order -----------------------------------------------------------------------------


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 60), st.integers(1, 70), st.integers(0, 5))
def test_a_shuffled_order_has_all_numbers_and_none_before_it_was_read(
    count: int, window: int, seed: int
) -> None:
    order = shuffled(range(count), window, seed=seed)
    assert sorted(order) == list(range(count))
    assert all(number < turn + window for turn, number in enumerate(order))
    assert order == shuffled(range(count), window, seed=seed)


def test_each_stream_has_its_own_photos_and_a_pass_has_all_but_a_batch(pattern: str) -> None:
    order = order_of(open_shards(pattern))
    assert (order.photos, order.steps) == (50, 6)
    streams = drawn(order, 3)
    assert [len(stream) for stream in streams] == [12] * 4
    flat = [number for stream in streams for number in stream]
    assert len(set(flat)) == 48


def test_epochs_differ_and_depend_on_seed_and_number_alone(pattern: str) -> None:
    shards = open_shards(pattern)
    order = order_of(shards)
    assert drawn(order, 1) == drawn(order_of(shards), 1)
    assert drawn(order, 1) != drawn(order, 2)
    assert drawn(order, 1) != drawn(dataclasses.replace(order, seed=1), 1)


def test_shards_are_read_from_front_to_back_in_an_order_drawn_anew(pattern: str) -> None:
    order = order_of(open_shards(pattern))
    rows = [order.row(number) for number in range(4)]
    assert len({tuple(row.tolist()) for row in rows}) == 4
    for row in rows:
        shards = order.shards.shard[row]
        changes = np.count_nonzero(np.diff(shards)) + 1
        assert changes == len(order.shards.files)
        within = np.diff(row)[np.diff(shards) == 0]
        assert (within == 1).all()


def test_parts_of_a_pass_are_the_pass_and_go_on_into_the_next(pattern: str) -> None:
    shards = open_shards(pattern)
    whole, parts = order_of(shards), order_of(shards, epoch_photos=17)  # two batches of eight
    assert (parts.steps, parts.steps_of_pass) == (2, 6)
    for stream in range(4):
        passes = [drawn(whole, number)[stream] for number in (0, 1)]
        by_parts = [number for epoch in range(6) for number in drawn(parts, epoch)[stream]]
        assert by_parts == passes[0] + passes[1]
    across = order_of(shards, epoch_photos=8 * 4)  # the second goes from one pass into the next
    for stream in range(4):
        first, second = (drawn(whole, number)[stream] for number in (0, 1))
        assert drawn(across, 1)[stream] == first[8:] + second[:4]


def test_balance_thins_the_classes_of_many_photos(tmp_path: Path) -> None:
    root = tiny_photos(tmp_path, classes=3, each=4)
    tiny_photos(tmp_path, classes=1, each=32)  # more of the first
    shards = write_shards(root, tmp_path / "shards").shards
    assert shards.counts() == [32, 4, 4]
    even = order_of(shards, batch=4, balance=1.0)
    half = order_of(shards, batch=4, balance=0.5)
    assert even.photos == 12
    assert half.photos == int(32 * (4 / 32) ** 0.5 + 8)
    seen: Counter[int] = Counter()
    photos: set[int] = set()
    for number in range(60):
        row = even.row(number)
        assert len(row) == len(set(row.tolist())) == 12
        seen.update(shards.labels[row].tolist())
        photos |= set(row.tolist())
    assert (seen[1], seen[2]) == (60 * 4, 60 * 4)
    assert seen[0] == 60 * 4
    assert len(photos) == 40  # of the many it is others each time


# -- batches -------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [2, 4])
def test_the_shares_of_all_processes_are_the_batches_of_one(pattern: str, size: int) -> None:
    whole = list(epoch_of(pattern, 2, Team()))
    shares = [list(epoch_of(pattern, 2, Team(rank, size))) for rank in range(size)]
    assert len(whole) == 6
    for number, (planes, labels) in enumerate(whole):
        parts = [share[number] for share in shares]
        assert torch.equal(torch.cat([part[0] for part in parts]), planes)
        assert torch.equal(torch.cat([part[1] for part in parts]), labels)


@pytest.mark.filterwarnings("ignore:This DataLoader will create")
@pytest.mark.parametrize("workers", [1, 3, 9])
def test_workers_share_streams_and_change_nothing(pattern: str, workers: int) -> None:
    plain = list(epoch_of(pattern, 1, Team()))
    shared = list(epoch_of(pattern, 1, Team(), f"data.workers={workers}"))
    assert len(plain) == len(shared)
    for one, other in zip(plain, shared, strict=True):
        assert torch.equal(one[0], other[0])
        assert torch.equal(one[1], other[1])


def test_views_are_those_that_a_folder_gives_to_the_same_photos(pattern: str) -> None:
    from whereshot.learn.augment import TrainPreset
    from whereshot.learn.loader import decode_planes, random_view, seed_of

    shards = open_shards(pattern)
    [numbers, *_] = drawn(order_of(shards), 0)
    planes, labels = next(iter(epoch_of(pattern, 0, Team())))
    recipe = tiny_recipe(pattern)
    for place, number in enumerate(numbers[:2]):  # a quarter of eight
        seed = seed_of(seed_of(0, "views"), 0, number)
        photo = decode_planes(shards.source(number), 32)
        expected = random_view(photo, TrainPreset(recipe.augment, 32), seed)
        assert torch.equal(planes[place], expected)
        assert labels[place] == shards.labels[number]


def damaged(pattern: str, folder: Path, keep: int = 1000) -> str:
    """A copy of the shards in which the first photos have lost their content."""
    for path in Path(pattern).parent.glob("train*"):
        (folder / path.name).write_bytes(path.read_bytes())
    copy = str(folder / Path(pattern).name)
    shards = open_shards(copy)
    for number in range(0, len(shards), keep):
        path = Path(shards.files[shards.shard[number]].file)
        content = bytearray(path.read_bytes())
        start = int(shards.offset[number])
        content[start : start + int(shards.size[number])] = bytes(int(shards.size[number]))
        path.write_bytes(content)
    return copy


@pytest.mark.parametrize("workers", [0, 2])
def test_photos_that_can_not_be_read_are_passed_over_and_reported(
    pattern: str, tmp_path: Path, workers: int, caplog: pytest.LogCaptureFixture
) -> None:
    copy = damaged(pattern, tmp_path, keep=7)
    epoch = epoch_of(copy, 0, Team(), f"data.workers={workers}")
    batches = list(epoch)
    assert [len(labels) for _, labels in batches] == [8] * 6
    assert epoch.skipped >= 7
    assert caplog.text.count("passed over: ") == epoch.skipped
    assert "train-00000" in caplog.text
    shares = [list(epoch_of(copy, 0, Team(rank, 2))) for rank in range(2)]
    for number, (planes, _) in enumerate(batches):
        assert torch.equal(torch.cat([share[number][0] for share in shares]), planes)


@pytest.mark.parametrize("workers", [0, 2])
def test_shards_without_a_readable_photo_end_the_run_in_words(
    pattern: str, tmp_path: Path, workers: int
) -> None:
    copy, few = damaged(pattern, tmp_path, keep=1), ("optim.batch=4", f"data.workers={workers}")
    with pytest.raises(DatasetError, match=r"^None of the photos that a part of .*can be read"):
        list(epoch_of(copy, 0, Team(), f"data.workers={workers}"))
    (tmp_path / "one").mkdir()
    copy = damaged(pattern, tmp_path / "one")
    names = copy.replace("*", "{000000..000001}")
    (tmp_path / "one" / "train-000001.tar").unlink()
    with pytest.raises(DatasetError, match=r"^The shard .* can't be read: .*Put it back"):
        list(epoch_of(names, 0, Team(), *few))


# -- what is refused -----------------------------------------------------------------------


def test_what_does_not_fit_is_said_before_the_first_batch(pattern: str) -> None:
    with pytest.raises(RunError, match=r"3 processes can't share 4 streams evenly"):
        epoch_of(pattern, 0, Team(0, 3), "optim.batch=12")
    with pytest.raises(RunError, match=r"6 photos can't take as many from each of 4 streams"):
        epoch_of(pattern, 0, Team(), "optim.batch=6")
    with pytest.raises(DatasetError, match=r"have 50 photos for an epoch, expected a batch of 64"):
        epoch_of(pattern, 0, Team(), "optim.batch=64")


@pytest.mark.parametrize("key", ["exclude=list.txt", "unknown=photos", "cache=true"])
def test_what_shards_can_not_do_is_refused(pattern: str, key: str) -> None:
    recipe = tiny_recipe(pattern, f"data.{key}")
    with pytest.raises(RecipeError, match=rf"data\.{key.split('=')[0]} can't be used with shards"):
        read_portions(recipe)


def test_held_out_photos_are_no_training_photos_and_bad_ones_are_left_out(
    pattern: str, tmp_path: Path
) -> None:
    portions: Portions = read_portions(tiny_recipe(pattern, "data.validation=0.2"))
    training, held_out = portions.training, portions.held_out
    assert isinstance(training, Shards)
    assert isinstance(held_out, Shards)
    assert held_out.counts() == [2] * 5
    assert not set(training.keys.tolist()) & set(held_out.keys.tolist())
    assert portions.summary["validation_keys"] == [key.decode() for key in held_out.keys.tolist()]
    worse = read_portions(tiny_recipe(damaged(pattern, tmp_path, keep=1), "data.validation=0"))
    assert len(worse.held_out) == 0
    with pytest.raises(DatasetError, match=r"None of the 10 photos"):
        read_portions(tiny_recipe(str(tmp_path / "train-*.tar"), "data.validation=0.2"))
