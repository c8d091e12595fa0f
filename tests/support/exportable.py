"""Runs that nobody trained, with answers as different between photos as those of trained ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from made_photos import scene
from tiny_training import tiny_recipe
from torch import nn

from whereshot.learn import config, run
from whereshot.learn.network import LandmarkNet
from whereshot.photo import Preprocessing, prepare


def awake(network: LandmarkNet, size: int) -> LandmarkNet:
    """Give a fresh network statistics and logits of the size that trained ones have.

    Without, its logits are so small that it would hardly answer to another photo differently.
    """
    preprocessing = Preprocessing(size)
    photos = [prepare(np.array(scene(number)), preprocessing) for number in range(8)]
    pixels = torch.from_numpy(np.stack(photos))
    with torch.no_grad():
        for norm in network.modules():
            if isinstance(norm, nn.BatchNorm1d | nn.BatchNorm2d):
                norm.momentum = None  # the plain average, at once
        network.train()(pixels)
        network.eval()
        factor = 3 / network(pixels).logits.std(0).mean()
        for parameter in network.head.parameters():
            parameter *= factor
    return network


def exportable_run(
    folder: Path,
    photos: str | Path,
    classes: Sequence[str],
    *assignments: str,
    data: Mapping[str, Any] | None = None,
) -> run.Run:
    """A run in `folder`, as if trained on `photos`; `data` is what its meta says of them."""
    recipe = tiny_recipe(photos, *assignments)
    torch.manual_seed(0)
    network = awake(LandmarkNet(recipe.model, len(classes), load_weights=False), recipe.model.size)
    meta = {
        "schema": "1.0",
        "recipe": config.to_dict(recipe),
        "classes": list(classes),
        "seed": recipe.seed,
        "data": {"fingerprint": "0" * 64, **(data or {})},
        **run.environment(),
        "results": {"temperature": 0.7},
    }
    folder.mkdir(parents=True)
    run.write_json(folder / run.META, meta)
    run.save_weights(network, folder / run.WEIGHTS)
    return run.load_run(folder)
