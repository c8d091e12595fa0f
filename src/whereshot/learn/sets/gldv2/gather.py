"""All shards of a plan: which are still to be asked, and where a photo is that was not in its own.

A shard's ids are a range. A photo outside the range of the shard that it was expected in is in a
neighbour; one inside that was not there is not published.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from whereshot.errors import FetchError
from whereshot.learn.sets.disk import DiskError, check_space
from whereshot.learn.sets.gldv2.plan import Plan
from whereshot.learn.sets.gldv2.published import PHOTO_BYTES, shard_name
from whereshot.learn.sets.gldv2.shard import ShardNote, fetch_shard, read_note
from whereshot.learn.sets.transfer import OnProgress, Patience

OnShard = Callable[[int, int, str, int, int | None], object]
"""Called with shards that are done, shards that are asked for, the name of the one that comes, its
bytes that came, and all its bytes (None: unknown)."""

_FAILED_IN_A_ROW = 3  # then it is the server, or the network


@dataclass(frozen=True, slots=True)
class Gathered:
    """What came: `found` (N,) says of each wanted photo if it is in its class folder.

    `failed` are the shards that could not be had, with the reason.
    """

    found: NDArray[np.bool_]
    shards: int
    failed: dict[int, FetchError]


def gather(plan: Plan, folder: Path, patience: Patience, on_shard: OnShard) -> Gathered:
    """Fetch what is missing of a plan into `folder`; shards that came earlier are not asked again.

    A damaged shard does not stop the others. Raises FetchError where several in a row can't be
    had, DiskError where the folder can't be written.
    """
    ranges: dict[int, tuple[int, int]] = {}
    failed: dict[int, FetchError] = {}
    found = np.zeros(len(plan.wanted), np.bool_)

    def take(number: int, note: ShardNote) -> None:
        ranges[number] = (note.lowest, note.highest)
        places = (plan.wanted.place_of(int(photo, 16)) for photo in note.kept)
        found[[place for place in places if place is not None]] = True

    for number in range(plan.published.shards):
        if (note := read_note(plan, number, folder)) is not None:
            take(number, note)
    check_space(folder, int((~found).sum()) * PHOTO_BYTES, "what is missing of the set")
    in_a_row = 0
    asked = [number for number in plan.shards if number not in ranges]
    while asked:
        done = len(ranges)
        total = done + len(asked)
        for number in asked:
            on_progress = _reporter(on_shard, done, total, shard_name(number))
            try:
                take(number, fetch_shard(plan, number, folder, patience, on_progress))
                in_a_row = 0
            except DiskError:
                raise
            except FetchError as error:
                failed[number] = error
                in_a_row += 1
                if in_a_row == _FAILED_IN_A_ROW:
                    raise
            done += 1
        asked = _neighbours(plan, found, ranges, failed)
    return Gathered(found, len(ranges), failed)


def _reporter(on_shard: OnShard, done: int, total: int, name: str) -> OnProgress:
    return lambda came, size: on_shard(done, total, name, came, size)


def _neighbours(
    plan: Plan,
    found: NDArray[np.bool_],
    ranges: dict[int, tuple[int, int]],
    failed: dict[int, FetchError],
) -> list[int]:
    """The shards that may hold what was in none of those that came."""
    missing = plan.wanted.photos[~found]
    expected = plan.published.expected_shards(missing)
    asked: set[int] = set()
    for photo, shard in zip(missing.tolist(), expected.tolist(), strict=True):
        number = _where_next(photo, shard, ranges)
        if number is None or number in failed or not 0 <= number < plan.published.shards:
            continue
        if not plan.limited or number in plan.shards:
            asked.add(number)
    return sorted(asked)


def _where_next(photo: int, shard: int, ranges: dict[int, tuple[int, int]]) -> int | None:
    """The shard to look for a photo in, from the expected one on; None if it can't be anywhere."""
    came_from = None
    while shard in ranges:
        lowest, highest = ranges[shard]
        step = -1 if photo < lowest else 1 if photo > highest else 0
        # Between two neighbours, or inside the range of one: it would have been found.
        if step == 0 or shard + step == came_from:
            return None
        came_from, shard = shard, shard + step
    return shard
