"""What changes from epoch to epoch: the photos' side, and when a run has seen enough."""

from __future__ import annotations

from collections.abc import Sequence

from whereshot.learn.config import ScheduleConfig


def photo_side(schedule: ScheduleConfig, size: int, epoch: int) -> int:
    """The side in px of the photos in an epoch: from `start_size` to `end_size` in steps of 16.

    `size` is the network's, which takes the place of an `end_size` of 0.

    >>> schedule = ScheduleConfig(frozen_epochs=1, epochs=10, start_size=128, grow=0.5)
    >>> [photo_side(schedule, 224, epoch) for epoch in range(8)]
    [128, 128, 144, 160, 176, 192, 224, 224]
    """
    size = schedule.end_size or size
    if not 0 < schedule.start_size < size:
        return size
    growing = max(1.0, schedule.grow * schedule.epochs)
    done = min(1.0, max(0, epoch - schedule.frozen_epochs) / growing)
    grown = schedule.start_size + done * (size - schedule.start_size)
    return size if done >= 1 else int(grown // 16 * 16)


def out_of_patience(schedule: ScheduleConfig, scores: Sequence[float]) -> bool:
    """Whether `patience` epochs in a row brought no better validation score, one score an epoch.

    Equal is not better. The frozen phase is not counted when a second one follows: the head alone
    may stand still long before the whole network begins to learn.
    """
    if schedule.patience == 0 or not scores:
        return False
    best = scores.index(max(scores))
    counted_from = schedule.frozen_epochs - 1 if schedule.epochs else 0
    return len(scores) - 1 - max(best, counted_from) >= schedule.patience
