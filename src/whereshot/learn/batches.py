"""The batches of each epoch, and of each its share for this process."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from torch import Tensor
from torch.utils.data import DataLoader

from whereshot.learn.augment import TrainPreset
from whereshot.learn.config import Recipe
from whereshot.learn.dataset import PhotoIndex
from whereshot.learn.distributed import Team
from whereshot.learn.loader import TrainPhotos, add_unknown, decode_all, draw_epoch, seed_of
from whereshot.learn.portions import Portions
from whereshot.learn.schedule import photo_side
from whereshot.learn.shards import Shards
from whereshot.learn.stream import Order, StreamedEpoch
from whereshot.progress import Report


@dataclass(frozen=True, slots=True)
class Epoch:
    """Batches of planes (B, 3, S, S) uint8 and labels (B,): the shares of one process.

    `photos` is the size of each batch over all processes, `side` that of the photos in px.
    """

    loader: DataLoader[tuple[Tensor, Tensor]]
    photos: int
    side: int
    skipped: int = 0  # all photos were read before the run began

    def __len__(self) -> int:
        return len(self.loader)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        return iter(self.loader)


class Batches:
    """The photos of a recipe as epochs, each drawn anew from the seed and its number."""

    def __init__(self, recipe: Recipe, portions: Portions, team: Team, report: Report) -> None:
        self._recipe, self._portions, self._team = recipe, portions, team
        self._report = report
        self._cached: list[Tensor] | None = None

    def epoch(self, number: int) -> Epoch | StreamedEpoch:
        """The batches of an epoch; photos that don't fill a last one are left out.

        Raises RunError where batches are too small for the processes.
        """
        recipe, training = self._recipe, self._portions.training
        side = photo_side(recipe.schedule, recipe.model.size, number)
        augment = TrainPreset(recipe.augment, side)
        if isinstance(training, Shards):
            self._team.check_batch(recipe.optim.batch)
            order = Order(training, recipe.data, recipe.optim.batch, recipe.seed)
            return StreamedEpoch(order, number, self._team, augment, side=side)
        order = self._order(training, number)
        # Never less than all: a last batch of one photo would upset BatchNorm.
        photos = min(recipe.optim.batch, len(order))
        self._team.check_batch(photos)
        starts = range(0, len(order) - photos + 1, photos)
        unknown = self._portions.unknown
        index = training if unknown is None else training.followed_by(unknown)
        views = TrainPhotos(
            index,
            augment,
            side,
            seed_of(recipe.seed, "views"),
            self._decoded(index) if recipe.data.cache else None,
        )
        views.epoch = number
        mine = self._team.share(photos)
        loader = DataLoader(
            views,
            batch_sampler=[order[start : start + photos][mine] for start in starts],
            num_workers=recipe.data.workers,
        )
        return Epoch(loader, photos, side)  # type: ignore[arg-type]

    def _order(self, training: PhotoIndex, epoch: int) -> list[int]:
        recipe, unknown = self._recipe, self._portions.unknown
        order = draw_epoch(training, recipe.data.balance, seed=recipe.seed, epoch=epoch)
        if unknown is None:
            return order
        return add_unknown(
            order,
            len(training),
            len(unknown),
            recipe.data.unknown_share,
            seed=recipe.seed,
            epoch=epoch,
        )

    def _decoded(self, index: PhotoIndex) -> list[Tensor]:
        if self._cached is None:
            photos = len(index)
            self._cached = decode_all(
                index,
                self._recipe.model.size,
                on_photo=lambda done: self._report("decoding the photos", done, photos, {}),
            )
        return self._cached
