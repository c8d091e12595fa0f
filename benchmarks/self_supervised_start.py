"""A self-supervised start for a network that starts from nothing: what it gains, what it costs.

    python benchmarks/self_supervised_start.py PHOTOS --to FOLDER [--unlabelled DIR ...]
        [--looking 8] [--recipe recipes/world_scratch.toml] [--set KEY=VALUE ...]

The backbone of the recipe is first trained by VICReg: two random views of one photo shall get
vectors that agree, without all vectors becoming alike or their numbers repeating each other. It
sees the recipe's own training photos and those under `--unlabelled`; held-out photos stay unseen.
Then the recipe runs from that backbone, and is measured on its held-out photos. What it must beat
is the same recipe from nothing, `whereshot train`, with as many minutes in all: both minutes are
printed and written to `results/self_supervised_start.csv`.

Reference: A. Bardes, J. Ponce, Y. LeCun, "VICReg" (ICLR 2022).
"""

from __future__ import annotations

import argparse
import dataclasses
import math
import time
from collections.abc import Mapping
from pathlib import Path
from typing import cast

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own name for it
from _table import ROOT, machine, versions, write_results
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from whereshot.learn import run as runs
from whereshot.learn.answers import index_unknown
from whereshot.learn.architectures import Backbone
from whereshot.learn.augment import TrainPreset
from whereshot.learn.config import Recipe, read_recipe
from whereshot.learn.dataset import PhotoIndex
from whereshot.learn.distributed import Team
from whereshot.learn.loader import decode_planes, random_view, seed_of
from whereshot.learn.memory import keep_freed_memory
from whereshot.learn.network import LandmarkNet
from whereshot.learn.optim import warmup_cosine
from whereshot.learn.portions import Portions, read_portions
from whereshot.learn.precision import choose_device, choose_precision, short_format
from whereshot.learn.trainer import Trainer

WIDTH = 1024  # of the vectors that are compared: wide ones are what VICReg lives from
SAME, SPREAD, APART = 25.0, 25.0, 1.0  # the paper's weights of its three terms
BATCH = 128


class TwoViews(Dataset[tuple[Tensor, Tensor]]):
    """Two random views (3, S, S) uint8 of every photo."""

    def __init__(self, paths: list[Path], recipe: Recipe) -> None:
        size = recipe.model.size
        self.planes = [decode_planes(path, size) for path in paths]
        self.view = TrainPreset(dataclasses.replace(recipe.augment, preset="strong"), size)
        self.seed, self.epoch = recipe.seed, 0

    def __len__(self) -> int:
        return len(self.planes)

    def __getitem__(self, number: int) -> tuple[Tensor, Tensor]:
        first, second = (
            random_view(self.planes[number], self.view, seed_of(self.seed, self.epoch, number, eye))
            for eye in ("left", "right")
        )
        return first, second


class Projector(nn.Sequential):
    """What a backbone's vectors (N, C) are compared by, (N, WIDTH); thrown away afterwards."""

    def __init__(self, channels: int) -> None:
        super().__init__(
            nn.Linear(channels, WIDTH, bias=False),
            nn.BatchNorm1d(WIDTH),
            nn.ReLU(inplace=True),
            nn.Linear(WIDTH, WIDTH, bias=False),
        )


def vicreg_loss(first: Tensor, second: Tensor) -> Tensor:
    """Invariance, variance and covariance of two views' vectors, (N, D) each: the paper's loss."""
    loss = SAME * F.mse_loss(first, second)
    for vectors in (first, second):
        centred = vectors - vectors.mean(0)
        deviation = (centred.var(0) + 1e-4).sqrt()
        loss = loss + SPREAD * F.relu(1 - deviation).mean() / 2
        covariance = centred.T @ centred / (len(vectors) - 1)
        covariance.fill_diagonal_(0)  # the diagonal is the variance's affair
        loss = loss + APART * covariance.square().sum() / vectors.shape[1]
    return loss


def look_at_photos(
    recipe: Recipe, portions: Portions, unlabelled: list[Path], epochs: int
) -> tuple[dict[str, Tensor], int]:
    """Weights of a backbone that has seen the photos without their labels, and how many photos."""
    training = portions.training
    if not isinstance(training, PhotoIndex):
        raise SystemExit(f"'{recipe.data.train}' holds shards, expected folders of photos.")
    paths = list(training.paths)
    for folder in unlabelled:
        paths += index_unknown(str(folder), "train").paths
    photos = TwoViews(paths, recipe)
    torch.manual_seed(seed_of(recipe.seed, "weights"))
    device, precision = choose_device(), choose_precision(recipe.precision)
    network = LandmarkNet(recipe.model, len(training.classes)).to(device)
    projector = Projector(cast(Backbone, network.backbone).channels).to(device)
    learned = [*network.backbone.parameters(), *projector.parameters()]
    optimizer = torch.optim.AdamW(learned, lr=recipe.optim.lr, weight_decay=1e-4)
    if len(photos) < BATCH:
        raise SystemExit(f"{len(photos)} photos to look at, expected {BATCH} or more.")
    loader = DataLoader(photos, batch_size=BATCH, shuffle=True, drop_last=True)
    short = short_format(precision)
    for epoch in range(epochs):
        photos.epoch, total, started = epoch, 0.0, time.monotonic()
        for step, views in enumerate(loader):
            share = warmup_cosine(epoch * len(loader) + step, epochs * len(loader), 0.1)
            for group in optimizer.param_groups:
                group["lr"] = recipe.optim.lr * share
            planes = torch.cat(views).to(device).float()
            planes = planes.contiguous(memory_format=torch.channels_last)
            with torch.autocast(device.type, short, enabled=short is not None):
                vectors = network.vector_of(planes)
            first, second = projector(vectors.float()).chunk(2)
            loss = vicreg_loss(first, second)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item()
            if not math.isfinite(total):
                raise SystemExit(f"VICReg diverged in epoch {epoch + 1}: lower optim.lr.")
        seconds = time.monotonic() - started
        print(f"looking, epoch {epoch + 1}: loss {total / len(loader):.2f}, {seconds:.0f} s")
    return network.backbone.state_dict(), len(paths)


def report(stage: str, _done: int, _total: int, figures: Mapping[str, float]) -> None:
    """A line an epoch."""
    if stage.endswith("done"):
        print(stage, "  ".join(f"{name} {value:.4g}" for name, value in figures.items()))


def main() -> None:
    """Look, train, measure, print, and write `results/self_supervised_start.csv`."""
    parser = argparse.ArgumentParser(
        description="Does a self-supervised start help a network that starts from nothing?"
    )
    parser.add_argument("photos", type=Path)
    parser.add_argument("--to", type=Path, required=True)
    parser.add_argument("--unlabelled", type=Path, nargs="*", default=[])
    parser.add_argument("--looking", type=int, default=8, help="epochs of VICReg")
    parser.add_argument("--recipe", type=Path, default=ROOT / "recipes" / "world_scratch.toml")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    options = parser.parse_args()
    keep_freed_memory()
    recipe = read_recipe(options.recipe, [f"data.train={options.photos}", *options.set])
    portions = read_portions(recipe)
    options.to.mkdir(parents=True)
    started = time.monotonic()
    backbone, seen = look_at_photos(recipe, portions, options.unlabelled, options.looking)
    looking = (time.monotonic() - started) / 60

    trainer = Trainer(recipe, options.to, portions, report, Team())
    trainer.learner.network.backbone.load_state_dict(backbone)
    results = trainer.run()
    row: dict[str, object] = {
        "photos_looked_at": seen,
        "epochs_of_looking": options.looking,
        "minutes_of_looking": round(looking, 1),
        "minutes_of_training": round(results["train_seconds"] / 60, 1),
        "held_out_photos": len(portions.held_out),
        "held_out_top1": round(results["validation_top1"], 4),
    }
    print("  ".join(f"{name} {value}" for name, value in row.items()))
    about = {**machine(), "recipe": options.recipe.name, "versions": versions("torch")}
    print(f"written: {write_results('self_supervised_start', [row], about).relative_to(ROOT)}")
    (options.to / runs.CHECKPOINT).unlink(missing_ok=True)


if __name__ == "__main__":
    main()
