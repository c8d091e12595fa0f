"""A threshold is chosen on photos without a landmark that training did not see."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from whereshot.errors import DatasetError
from whereshot.learn.bundling import Exported
from whereshot.learn.dataset import PhotoIndex
from whereshot.learn.threshold import HeldOut, choose_threshold, held_out_of


@pytest.fixture
def strangers(tmp_path: Path, paint: Callable[..., Path]) -> Path:
    """Photos without a landmark: one looks like one, surely, and three like nothing."""
    paint(tmp_path / "strangers" / "train" / "0.png", "red")
    for number in range(1, 4):
        paint(tmp_path / "strangers" / "train" / f"{number}.png", "grey")
    return tmp_path / "strangers"


def run_of(unknown: str | Path = "", **data: object) -> Any:
    recipe = SimpleNamespace(data=SimpleNamespace(unknown=str(unknown)))
    meta: Mapping[str, Any] = {"data": data}
    return SimpleNamespace(recipe=recipe, meta=meta)


def names(index: PhotoIndex | None) -> list[str]:
    return [path.name for path in index.paths] if index is not None else []


def test_the_threshold_lets_no_more_unknown_photos_through_than_allowed(
    exported: Exported, colors: PhotoIndex, strangers: Path
) -> None:
    held_out = held_out_of(run_of(), colors, strangers)
    assert held_out is not None
    held_out = HeldOut(held_out.unknown, colors)
    told: list[tuple[int, int]] = []
    strict = choose_threshold(exported, held_out, 0.0, lambda *step: told.append(step))
    assert strict.chosen_for is not None
    assert strict.chosen_for["unknown_named_share"] == 0
    assert strict.min_probability > 0.99
    assert told[-1] == (10, 10)
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    loose = choose_threshold(exported, held_out, 0.25)
    assert loose.min_probability == 0.5
    assert loose.chosen_for == {
        "unknown_photos": 4,
        "unknown_named_share": 0.25,
        "landmark_photos": 6,
        "landmark_right_share": 1.0,
        "landmark_wrong_share": 0.0,
    }


def test_a_run_that_knew_no_strangers_chooses_on_all_that_it_is_given(
    colors: PhotoIndex, strangers: Path
) -> None:
    assert held_out_of(run_of(), colors, None) is None
    found = held_out_of(run_of(validation_paths=["red/1.png"]), colors, strangers)
    assert found is not None
    assert names(found.unknown) == ["0.png", "1.png", "2.png", "3.png"]
    assert names(found.landmarks) == ["1.png"]


def test_a_run_that_trained_on_strangers_chooses_on_those_that_it_held_out(
    colors: PhotoIndex, strangers: Path
) -> None:
    run = run_of(strangers, unknown_validation_paths=["3.png", "1.png"])
    for unknown in (None, strangers, strangers / "train"):
        found = held_out_of(run, colors, unknown)
        assert found is not None
        assert names(found.unknown) == ["1.png", "3.png"]
    (strangers / "train" / "3.png").unlink()
    with pytest.raises(DatasetError, match="lacks 1 of the 2 photos that the run held out"):
        held_out_of(run, colors, None)


def test_a_run_that_held_no_stranger_out_has_nothing_to_choose_on(
    colors: PhotoIndex, strangers: Path
) -> None:
    with pytest.raises(DatasetError, match=r"data\.unknown_validation above 0"):
        held_out_of(run_of(strangers, unknown_validation_paths=[]), colors, None)


def test_strangers_that_were_moved_away_are_asked_for(colors: PhotoIndex, tmp_path: Path) -> None:
    run = run_of(tmp_path / "gone", unknown_validation_paths=["1.png"])
    with pytest.raises(DatasetError, match=r"No folder at '.*gone'.*--unknown DIR"):
        held_out_of(run, colors, None)
