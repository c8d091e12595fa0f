"""Photos as a network meets them: pictures of them, so mind whose they are."""

from __future__ import annotations

import dataclasses
from os import PathLike
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from whereshot.learn.answers import index_unknown
from whereshot.learn.augment import Mixing, TrainPreset
from whereshot.learn.batches import Batches
from whereshot.learn.config import Recipe
from whereshot.learn.contact_sheet import captions_of, contact_sheet
from whereshot.learn.dataset import PhotoIndex, index_folder
from whereshot.learn.distributed import Team
from whereshot.learn.loader import TrainPhotos, seed_of
from whereshot.learn.portions import Portions
from whereshot.photo import Preprocessing, decode, prepare
from whereshot.progress import silent

_SIDE = 240  # px; a contact sheet shows photos smaller


def show_photos(index: PhotoIndex, count: int = 16, *, seed: int = 0) -> Image.Image:
    """One photo of each of `count` landmarks, all drawn by lot, cropped to squares."""
    rng = np.random.default_rng(seed)
    numbers: dict[int, int] = {}
    for number in rng.permutation(len(index)).tolist():
        numbers.setdefault(index.labels[number], number)
    chosen = list(numbers.items())[:count]
    squares = [_square(index.paths[number], Preprocessing(_SIDE)) for _, number in chosen]
    return contact_sheet(_planes(squares), [[index.classes[label]] for label, _ in chosen])


def show_fits(photo: str | PathLike[str], size: int = _SIDE) -> Image.Image:
    """A photo as either `model.fit` makes it a square of `size` px: cropped, squashed."""
    squares = [_square(photo, Preprocessing(size, fit)) for fit in ("crop", "squash")]
    return contact_sheet(_planes(squares), [["crop"], ["squash"]])


def show_views(photo: str | PathLike[str], recipe: Recipe, count: int = 8) -> Image.Image:
    """A photo as inference sees it, then `count` views of it, as training draws them."""
    size, path = recipe.model.size, Path(photo)
    views = TrainPhotos(
        PhotoIndex(path.parent, ("",), (path,), (0,)),
        TrainPreset(recipe.augment, size),
        size,
        seed_of(recipe.seed, "views"),
    )
    shown = [_planes([_square(path, Preprocessing(size, recipe.model.fit))])[0]]
    captions = [["at inference"]]
    for epoch in range(count):
        views.epoch = epoch
        shown.append(views[0][0])
        captions.append([f"in epoch {epoch + 1}"])
    return contact_sheet(torch.stack(shown), captions)


def show_batch(recipe: Recipe, count: int = 16) -> Image.Image:
    """The first photos of an epoch, changed and blended as the recipe says, with their targets.

    The last epoch, when photos have their full size. Which photos a run holds out is not looked
    up here (that reads all of them): some of those shown may be.
    """
    training = index_folder(recipe.data.train, "train")
    unknown = index_unknown(recipe.data.unknown, "train") if recipe.data.unknown else None
    portions = Portions(training, training.subset([]), unknown, {})
    few = dataclasses.replace(
        recipe,
        data=dataclasses.replace(recipe.data, cache=False, workers=0),
        optim=dataclasses.replace(recipe.optim, batch=count),
    )
    last = recipe.schedule.frozen_epochs + recipe.schedule.epochs - 1
    with torch.random.fork_rng(devices=[]):  # a loader draws from it too
        planes, labels = next(iter(Batches(few, portions, Team(), silent).epoch(last)))
        torch.default_generator.manual_seed(seed_of(recipe.seed, "mixing", last))
        mixing = Mixing(recipe.augment, len(training.classes))
        planes, targets = mixing(planes.float(), labels)
    captions = captions_of(targets, training.classes, unknown=unknown is not None)
    return contact_sheet(planes, captions)


def _square(photo: str | PathLike[str], preprocessing: Preprocessing) -> NDArray[np.uint8]:
    """A photo as inference sees it, (S, S, 3)."""
    return prepare(decode(photo, min_side=preprocessing.size), preprocessing)


def _planes(squares: list[NDArray[np.uint8]]) -> Tensor:
    """Squares (S, S, 3) as planes (B, 3, S, S)."""
    return torch.from_numpy(np.stack(squares).transpose(0, 3, 1, 2).copy())
