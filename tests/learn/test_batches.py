from __future__ import annotations

from pathlib import Path

import pytest
import torch
from tiny_training import tiny_photos, tiny_recipe

from whereshot.errors import RunError
from whereshot.learn.batches import Batches
from whereshot.learn.distributed import Team
from whereshot.learn.portions import Portions, read_portions
from whereshot.progress import silent

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tiny_photos(tmp_path_factory.mktemp("photos"))
    tiny_photos(root / "things", classes=1, each=5)
    return root


@pytest.fixture(scope="module")
def portions(photos: Path) -> Portions:
    recipe = tiny_recipe(photos, f"data.unknown={photos / 'things'}", "data.unknown_share=0.4")
    return read_portions(recipe)


def batches_of(portions: Portions, team: Team, *assignments: str) -> Batches:
    recipe = tiny_recipe("photos", "data.unknown_share=0.4", *assignments)
    return Batches(recipe, portions, team, silent)


@pytest.mark.parametrize("size", [2, 3])
def test_the_shares_of_all_processes_are_the_batches_of_one(portions: Portions, size: int) -> None:
    settings = ("optim.batch=7", "data.balance=0.5")
    whole = list(batches_of(portions, Team(), *settings).epoch(3))
    shares = [list(batches_of(portions, Team(n, size), *settings).epoch(3)) for n in range(size)]
    assert len(whole) == 20 // 7  # 12 photos, and 8 without a landmark to be two fifths
    for number, (planes, labels) in enumerate(whole):
        parts = [share[number] for share in shares]
        assert torch.equal(torch.cat([part[0] for part in parts]), planes)
        assert torch.equal(torch.cat([part[1] for part in parts]), labels)


def test_batches_have_one_size_and_photos_that_fill_no_batch_wait(portions: Portions) -> None:
    epoch = batches_of(portions, Team(), "optim.batch=9").epoch(0)
    assert (len(epoch), epoch.photos, epoch.side) == (2, 9, 32)
    assert [len(labels) for _, labels in epoch] == [9, 9]
    assert {label for _, labels in epoch for label in labels.tolist()} <= {0, 1, 2, 3}


def test_an_epoch_depends_on_its_number_alone(portions: Portions) -> None:
    batches = batches_of(portions, Team())
    first, again, other = (
        torch.cat([planes for planes, _ in batches.epoch(number)]) for number in (1, 1, 2)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_photos_grow_as_the_schedule_says(portions: Portions) -> None:
    batches = batches_of(portions, Team(), "model.size=64", "schedule.start_size=32")
    assert [batches.epoch(number).side for number in range(4)] == [32, 32, 48, 64]
    planes, _ = next(iter(batches.epoch(2)))
    assert planes.shape == (4, 3, 48, 48)
    assert planes.dtype == torch.uint8


def test_photos_in_memory_are_decoded_once(portions: Portions) -> None:
    said: list[tuple[int, int]] = []
    recipe = tiny_recipe("photos", "data.cache=true", "data.unknown_share=0.4")
    batches = Batches(
        recipe, portions, Team(), lambda stage, done, total, figures: said.append((done, total))
    )
    plain = batches_of(portions, Team())
    for number in (0, 1):
        for (one, _), (other, _) in zip(batches.epoch(number), plain.epoch(number), strict=True):
            assert torch.equal(one, other)
    assert said == [(number + 1, 15) for number in range(15)]


def test_batches_too_small_for_the_processes_are_refused(portions: Portions) -> None:
    with pytest.raises(RunError, match="4 photos is too small for 3 processes"):
        batches_of(portions, Team(0, 3)).epoch(0)
