"""Runs of untrained networks, on disk as a training leaves them: made in no time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tiny_training import tiny_recipe


def untrained_run(
    folder: Path,
    classes: Sequence[str],
    *assignments: str,
    seed: int = 0,
    temperature: float = 1.0,
    fingerprint: str | None = None,
) -> Path:
    """Save a network with random weights as a finished run; the recipe is changed as told."""
    import torch

    from whereshot.learn import config
    from whereshot.learn import run as runs
    from whereshot.learn.network import LandmarkNet

    folder.mkdir(parents=True)
    recipe = tiny_recipe("photos", *assignments)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = LandmarkNet(recipe.model, len(classes), load_weights=False)
    runs.save_weights(network, folder / "weights.safetensors")
    meta = {
        "schema": "1.0",
        "recipe": config.to_dict(recipe),
        "classes": list(classes),
        "data": {} if fingerprint is None else {"fingerprint": fingerprint},
        "results": {"temperature": temperature},
        **runs.environment(),
    }
    runs.write_json(folder / "meta.json", meta)
    return folder
