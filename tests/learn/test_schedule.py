from __future__ import annotations

import pytest

from whereshot.learn.config import ScheduleConfig
from whereshot.learn.schedule import out_of_patience, photo_side


def test_photos_have_full_size_when_no_start_size_is_given() -> None:
    schedule = ScheduleConfig(frozen_epochs=2, epochs=3)
    assert {photo_side(schedule, 224, epoch) for epoch in range(5)} == {224}


@pytest.mark.parametrize("start_size", [224, 300])
def test_a_start_size_that_is_not_smaller_changes_nothing(start_size: int) -> None:
    schedule = ScheduleConfig(start_size=start_size)
    assert photo_side(schedule, 224, 0) == 224


def test_photos_grow_in_steps_of_16_px_and_reach_full_size_in_time() -> None:
    schedule = ScheduleConfig(frozen_epochs=1, epochs=10, start_size=128, grow=0.6)
    sides = [photo_side(schedule, 250, epoch) for epoch in range(11)]
    assert sides[:2] == [128, 128]  # the frozen phase does not grow
    assert sides == sorted(sides)
    assert all(side % 16 == 0 for side in sides if side != 250)
    assert sides.index(250) == 1 + 6


def test_training_may_end_below_the_size_of_the_network() -> None:
    schedule = ScheduleConfig(frozen_epochs=0, epochs=4, start_size=96, end_size=128, grow=0.5)
    assert [photo_side(schedule, 160, epoch) for epoch in range(4)] == [96, 112, 128, 128]
    assert photo_side(ScheduleConfig(end_size=128), 160, 0) == 128


def test_a_probe_without_a_second_phase_keeps_the_start_size() -> None:
    schedule = ScheduleConfig(frozen_epochs=3, epochs=0, start_size=64)
    assert [photo_side(schedule, 128, epoch) for epoch in range(3)] == [64, 64, 64]


def test_without_patience_a_run_never_stops_early() -> None:
    schedule = ScheduleConfig(frozen_epochs=0, epochs=99, patience=0)
    assert not out_of_patience(schedule, [0.9] + [0.1] * 90)


def test_patience_ends_after_that_many_epochs_without_a_better_score() -> None:
    schedule = ScheduleConfig(frozen_epochs=0, epochs=99, patience=2)
    assert not out_of_patience(schedule, [])
    assert not out_of_patience(schedule, [0.5])
    assert not out_of_patience(schedule, [0.5, 0.4])
    assert out_of_patience(schedule, [0.5, 0.4, 0.3])
    assert not out_of_patience(schedule, [0.5, 0.4, 0.6])


def test_an_equal_score_is_not_a_better_one() -> None:
    schedule = ScheduleConfig(frozen_epochs=0, epochs=99, patience=2)
    assert out_of_patience(schedule, [1.0, 1.0, 1.0])


def test_patience_does_not_run_out_while_the_backbone_is_frozen() -> None:
    schedule = ScheduleConfig(frozen_epochs=3, epochs=9, patience=1)
    assert not out_of_patience(schedule, [0.5, 0.4, 0.3])
    assert out_of_patience(schedule, [0.5, 0.4, 0.3, 0.2])
    assert not out_of_patience(schedule, [0.5, 0.4, 0.3, 0.6])


def test_patience_counts_from_the_start_when_there_is_but_one_phase() -> None:
    schedule = ScheduleConfig(frozen_epochs=9, epochs=0, patience=2)
    assert out_of_patience(schedule, [0.5, 0.4, 0.3])
