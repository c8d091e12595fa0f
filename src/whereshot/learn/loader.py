"""Photos of an index as batches of tensors, repeatable whatever the number of workers."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Sequence
from typing import TypeVar, cast

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from whereshot.errors import DatasetError, PhotoError
from whereshot.learn.dataset import PhotoIndex
from whereshot.learn.shards import AnyPhotos
from whereshot.photo import Preprocessing, decode, prepare
from whereshot.records import Photo

logger = logging.getLogger(__name__)

_Photos = TypeVar("_Photos", bound=AnyPhotos)


def seed_of(*parts: int | str) -> int:
    """A 63-bit seed from a few numbers and names, well mixed."""
    text = "\0".join(map(str, parts))
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") >> 1


class TrainPhotos(Dataset[tuple[Tensor, int]]):
    """Random views (3, S, S) uint8 of the photos of an index.

    Each view's randomness comes from seed, epoch and photo alone: the same run gives the same
    views with any number of workers, and after a resume. `cached` are the decoded planes of all
    photos (see `decode_all`), or None to decode each one anew.
    """

    def __init__(
        self,
        index: PhotoIndex,
        augment: Callable[[Tensor], Tensor],
        size: int,
        seed: int,
        cached: Sequence[Tensor] | None = None,
    ) -> None:
        self.index, self.augment, self.size, self.seed = index, augment, size, seed
        self.cached = cached
        self.epoch = 0

    def __len__(self) -> int:
        return len(self.index)

    def __getitem__(self, number: int) -> tuple[Tensor, int]:
        planes = (
            decode_planes(self.index.paths[number], self.size)
            if self.cached is None
            else self.cached[number]
        )
        seed = seed_of(self.seed, self.epoch, number)
        return random_view(planes, self.augment, seed), self.index.labels[number]


def random_view(planes: Tensor, augment: Callable[[Tensor], Tensor], seed: int) -> Tensor:
    """What `augment` makes of planes (3, H, W), its chance decided by the seed alone."""
    with torch.random.fork_rng(devices=[]):
        # This generator alone: torch.manual_seed would reset those of the GPU for good.
        torch.default_generator.manual_seed(seed)
        return augment(planes)


def decode_planes(photo: Photo, size: int) -> Tensor:
    """A photo as planes (3, H, W) uint8, ready for views of up to `size` px."""
    # Crops enlarge: a photo is decoded somewhat larger than the network's side.
    pixels = decode(photo, min_side=round(1.15 * size))
    return torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1)))


def decode_all(
    index: PhotoIndex, size: int, *, on_photo: Callable[[int], object] | None = None
) -> list[Tensor]:
    """Every photo as planes (3, H, W) uint8 in memory, ready for views of up to `size` px.

    About 5 * size^2 bytes a photo: 5,000 photos at 128 px take 0.5 GB.
    """
    planes: list[Tensor] = []
    for path in index.paths:
        planes.append(decode_planes(path, size))
        if on_photo is not None:
            on_photo(len(planes))
    return planes


class EvalPhotos(Dataset[tuple[Tensor, int]]):
    """The photos of an index as inference sees them: (3, S, S) uint8."""

    def __init__(self, index: AnyPhotos, preprocessing: Preprocessing) -> None:
        self.index, self.preprocessing = index, preprocessing

    def __len__(self) -> int:
        return len(self.index)

    def __getitem__(self, number: int) -> tuple[Tensor, int]:
        size = self.preprocessing.size
        pixels = prepare(decode(self.index.source(number), min_side=size), self.preprocessing)
        return torch.from_numpy(pixels.transpose(2, 0, 1).copy()), int(self.index.labels[number])


def eval_loader(
    index: AnyPhotos, preprocessing: Preprocessing, *, batch: int = 32, workers: int = 2
) -> DataLoader[tuple[Tensor, Tensor]]:
    """Batches of (B, 3, S, S) uint8 and labels (B,), in the order of the index."""
    return DataLoader(EvalPhotos(index, preprocessing), batch_size=batch, num_workers=workers)  # type: ignore[return-value]


def draw_epoch(index: PhotoIndex, balance: float, *, seed: int, epoch: int) -> list[int]:
    """The photos of one epoch, as many as there are, in random order.

    With `balance` 0 each photo once; else drawn so that a class of n photos comes
    n^(1 - balance) times as often.
    """
    generator = torch.Generator().manual_seed(seed_of(seed, epoch, "order"))
    if balance == 0:
        return torch.randperm(len(index), generator=generator).tolist()
    counts = index.counts()
    weights = torch.tensor([counts[label] ** -balance for label in index.labels])
    # Every photo keeps its whole number of turns; chance decides on the fraction only, so that an
    # epoch leaves out as few photos as it can.
    turns = weights / weights.sum() * len(index)
    sure = turns.floor().long()
    numbers = torch.repeat_interleave(torch.arange(len(index)), sure)
    rest = len(index) - len(numbers)
    if rest > 0:
        fractions = (turns - sure).clamp(min=1e-9)
        extra = torch.multinomial(fractions, rest, replacement=False, generator=generator)
        numbers = torch.cat([numbers, extra])
    return numbers[torch.randperm(len(numbers), generator=generator)].tolist()


def add_unknown(
    order: Sequence[int], known: int, unknown: int, share: float, *, seed: int, epoch: int
) -> list[int]:
    """Mix photos without a landmark into an epoch, so that they are `share` of it.

    `order` has numbers below `known`; the `unknown` photos have the numbers that follow. Each is
    drawn as often as any other, give or take one.
    """
    wanted = round(len(order) * share / (1 - share))
    generator = torch.Generator().manual_seed(seed_of(seed, epoch, "unknown"))
    rounds = [torch.randperm(unknown, generator=generator) for _ in range(-(-wanted // unknown))]
    drawn = known + torch.cat(rounds)[:wanted] if rounds else torch.empty(0, dtype=torch.long)
    mixed = torch.cat([torch.tensor(order, dtype=torch.long), drawn])
    return mixed[torch.randperm(len(mixed), generator=generator)].tolist()


def drop_unreadable(
    index: _Photos, *, on_photo: Callable[[int], object] | None = None
) -> tuple[_Photos, list[tuple[str, str]]]:
    """Leave out the photos that can't be decoded; return them as (name, reason).

    `on_photo` is called with the number of photos done. Raises DatasetError where none is left.
    """
    kept: list[int] = []
    bad: list[tuple[str, str]] = []
    for number in range(len(index)):
        try:
            decode(index.source(number), min_side=32)
        except PhotoError as error:
            logger.warning("left out: %s", error)
            bad.append((index.name(number), str(error)))
        else:
            kept.append(number)
        if on_photo is not None:
            on_photo(number + 1)
    if not kept:
        raise DatasetError(f"None of the {len(index)} photos of '{index.root}' can be read.")
    return (cast(_Photos, index.subset(kept)) if bad else index), bad
