"""Training views out of TAR shards, read from front to back, the same for any number of processes.

The order of an epoch depends on the recipe alone. Shards are put in a random order and the row of
their photos is cut into `streams` of the same length. Each stream is read from its front to its
end; some photos wait in memory, and one of them is drawn at each turn. Every batch takes the same
number of photos from each stream, in the order of the streams. So who reads a stream does not
matter: processes and their workers share streams out among themselves, each has its own photos,
and the batches are always the same.

An epoch is some batches of a pass through all photos, so a run can stop and go on in its midst.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from whereshot.errors import DatasetError, PhotoError, RunError
from whereshot.learn.config import DataConfig
from whereshot.learn.distributed import Team
from whereshot.learn.loader import decode_planes, random_view, seed_of
from whereshot.learn.shards import ShardReader, Shards

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Order:
    """Which photos of shards come when: batches of `batch`, each pass and stream from the seed."""

    shards: Shards
    data: DataConfig
    batch: int
    seed: int

    def __post_init__(self) -> None:
        streams = self.data.streams
        if self.batch % streams:
            raise RunError(
                f"Batches of {self.batch} photos can't take as many from each of {streams} "
                "streams. Set data.streams to a number that divides optim.batch."
            )
        if self.steps_of_pass < 1:
            raise DatasetError(
                f"The shards '{self.shards.root}' have {self.photos} photos for an epoch, expected "
                f"a batch of {self.batch} or more. Lower optim.batch, or data.balance."
            )

    def _shares(self) -> NDArray[np.float64]:
        """Of each class (K,), the share of its photos that a pass takes: 1 of the smallest."""
        counts = np.array(self.shards.counts(), dtype=np.float64)
        smallest = counts[counts > 0].min()
        return (smallest / counts.clip(min=1)) ** self.data.balance

    @property
    def photos(self) -> int:
        """Photos of a pass: all; with `data.balance` p, parts of n^(1-p) of classes of n photos."""
        taken = float((self._shares() * self.shards.counts()).sum())
        return int(taken + 1e-6)  # sums of fractions fall short of a whole number by a hair

    @property
    def steps_of_pass(self) -> int:
        """Batches of a pass; photos that fill no batch wait for the next pass."""
        return self.photos // self.batch

    @property
    def steps(self) -> int:
        """Batches of an epoch."""
        if not self.data.epoch_photos:
            return self.steps_of_pass
        return max(1, self.data.epoch_photos // self.batch)

    def row(self, number: int) -> NDArray[np.int64]:
        """The photos of a pass in the order of reading: shard after shard, shards in any order."""
        generator = torch.Generator().manual_seed(seed_of(self.seed, number, "shards"))
        files = torch.randperm(len(self.shards.files), generator=generator).tolist()
        ends = np.searchsorted(self.shards.shard, np.arange(len(files) + 1)).tolist()
        row = np.concatenate([np.arange(ends[file], ends[file + 1]) for file in files])
        if self.data.balance == 0:
            return row
        # Systematic sampling along a random order: each photo has just its probability, and all
        # together are as many each time.
        mixed = row[torch.randperm(len(row), generator=generator).numpy()]
        ends = np.cumsum(self._shares()[self.shards.labels[mixed]])
        ends *= self.photos / ends[-1]
        ends[-1] = self.photos
        turns = np.floor(ends + torch.rand(1, generator=generator, dtype=torch.float64).item())
        drawn = np.zeros(len(row), dtype=bool)
        drawn[mixed] = np.diff(turns, prepend=0.0) > 0
        return row[drawn[row]]

    def parts(self, epoch: int, stream: int) -> Iterator[tuple[NDArray[np.int64], list[int]]]:
        """What a stream gives to an epoch, pass by pass: photos as they are read, and as drawn."""
        per_batch, first = self.batch // self.data.streams, epoch * self.steps
        at, end = first, first + self.steps
        while at < end:
            number, start = divmod(at, self.steps_of_pass)
            stop = min(self.steps_of_pass, start + end - at)
            row, streams = self.row(number), self.data.streams
            mine = row[stream * len(row) // streams : (stream + 1) * len(row) // streams]
            drawn = shuffled(
                mine.tolist(),
                max(1, self.data.shuffle // streams),
                seed=seed_of(self.seed, number, "stream", stream),
            )
            yield mine, drawn[start * per_batch : stop * per_batch]
            at += stop - start


def shuffled(numbers: Sequence[int], window: int, *, seed: int) -> list[int]:
    """Numbers in an order that can be had by reading them one by one and keeping `window` of them.

    Which of those that wait comes next is drawn each time.
    """
    generator = torch.Generator().manual_seed(seed)
    waiting, order = list(numbers[:window]), list[int]()
    rest = numbers[window:]
    places: list[int] = torch.randint(window, (len(rest),), generator=generator).tolist()
    for place, number in zip(places, rest, strict=True):
        order.append(waiting[place])
        waiting[place] = number
    last: list[int] = torch.randperm(len(waiting), generator=generator).tolist()
    return order + [waiting[place] for place in last]


def _read(
    shards: Shards, numbers: NDArray[np.int64], wanted: Sequence[int]
) -> Generator[tuple[int, bytes]]:
    """The wanted photos in their order, out of shards that are read in the order of `numbers`."""
    # Of its own: another stream reads elsewhere in the same shards.
    reader, waiting, needed = ShardReader(), dict[int, bytes](), set(wanted)
    unread = iter(numbers.tolist())
    for number in wanted:
        while number not in waiting:
            if (each := next(unread)) in needed:
                waiting[each] = reader.read(shards, each)
        yield number, waiting.pop(number)


@dataclass(frozen=True, slots=True)
class _Share:
    """What a worker gives to one batch: planes, labels, and names of photos it had to pass over."""

    planes: Tensor
    labels: Tensor
    skipped: list[str]


class _Views(IterableDataset[_Share | DatasetError]):
    """Shares of the batches of an epoch, from the streams of one process."""

    def __init__(
        self,
        order: Order,
        epoch: int,
        streams: range,
        augment: Callable[[Tensor], Tensor],
        size: int,
    ) -> None:
        self.order, self.epoch, self.streams = order, epoch, streams
        self.augment, self.size = augment, size
        self.seed = seed_of(order.seed, "views")

    def __iter__(self) -> Iterator[_Share | DatasetError]:
        worker = get_worker_info()
        number, workers = (0, 1) if worker is None else (worker.id, worker.num_workers)
        count, skipped = len(self.streams), list[str]()
        mine = self.streams[number * count // workers : (number + 1) * count // workers]
        streams = [self._views(stream, skipped) for stream in mine]
        per_batch = self.order.batch // self.order.data.streams
        try:
            for _ in range(self.order.steps):
                drawn = [next(stream) for stream in streams for _ in range(per_batch)]
                planes = torch.stack([view for view, _ in drawn])
                yield _Share(planes, torch.tensor([label for _, label in drawn]), skipped[:])
                skipped.clear()
        except DatasetError as error:  # raised here it would reach the other process as a traceback
            yield error

    def _views(self, stream: int, skipped: list[str]) -> Iterator[tuple[Tensor, int]]:
        """Views of a stream without end: where photos are passed over, the first come again."""
        shards, any_good = self.order.shards, True
        while any_good:
            any_good = False
            for numbers, wanted in self.order.parts(self.epoch, stream):
                for number, data in _read(shards, numbers, wanted):
                    try:
                        planes = decode_planes(data, self.size)
                    except PhotoError as error:
                        skipped.append(f"{shards.name(number)}: {error}")
                        continue
                    any_good = True
                    seed = seed_of(self.seed, self.epoch, number)
                    yield random_view(planes, self.augment, seed), int(shards.labels[number])
        raise DatasetError(
            f"None of the photos that a part of '{shards.root}' gives to this epoch can be read. "
            "Check the shards: whereshot data index SHARDS --check"
        )


class StreamedEpoch:
    """Batches of planes (B, 3, S, S) uint8 and labels (B,) out of shards: one process's shares.

    `photos` is the size of each batch over all processes, `side` that of the photos in px,
    `skipped` how many photos this process could not read so far.
    """

    def __init__(
        self,
        order: Order,
        epoch: int,
        team: Team,
        augment: Callable[[Tensor], Tensor],
        *,
        side: int,
    ) -> None:
        streams = order.data.streams
        if streams % team.size:
            raise RunError(
                f"{team.size} processes can't share {streams} streams evenly. Start a number of "
                "them that divides data.streams: the result is the same for each."
            )
        self.photos, self.side, self.skipped = order.batch, side, 0
        mine = range(streams)[team.share(streams)]
        self._steps = order.steps
        self._workers = min(order.data.workers, len(mine))
        self._loader = DataLoader(
            _Views(order, epoch, mine, augment, side),
            batch_size=None,
            num_workers=self._workers,
            collate_fn=_as_it_is,
        )

    def __len__(self) -> int:
        return self._steps

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        shares: list[_Share] = []
        for share in self._loader:  # the workers' in turn
            if isinstance(share, DatasetError):
                raise share
            shares.append(share)
            if len(shares) == max(1, self._workers):
                self._note([name for each in shares for name in each.skipped])
                planes = torch.cat([each.planes for each in shares])
                yield planes, torch.cat([each.labels for each in shares])
                shares = []

    def _note(self, skipped: Sequence[str]) -> None:
        for name in skipped:
            logger.warning("passed over: %s", name)
        self.skipped += len(skipped)


def _as_it_is(share: Any) -> Any:
    return share
