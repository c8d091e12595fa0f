"""A training run on disk: what it was, what it reached, and its weights.

    weights.safetensors   the network, ready to evaluate and export
    meta.json             recipe, classes, seed, versions, data fingerprint, results
    history.jsonl         one line an epoch
    checkpoint.pt         to go on from; gone when the run is done
    tensorboard/
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from whereshot.errors import RunError
from whereshot.learn import config
from whereshot.learn.network import LandmarkNet

_VERSIONS_OF = ("whereshot", "torch", "torchvision", "timm", "numpy", "Pillow")


@dataclass(frozen=True, slots=True)
class Run:
    """A finished run: its recipe, its classes (folder names, in output order), its network."""

    folder: Path
    recipe: config.Recipe
    classes: tuple[str, ...]
    meta: Mapping[str, Any]
    network: LandmarkNet  # in eval mode, on the CPU

    @property
    def temperature(self) -> float:
        """What logits are divided by so that probabilities are honest."""
        return float(self.meta["results"].get("temperature", 1.0))


def environment() -> dict[str, Any]:
    """What the figures of a run depend on: versions and machine."""
    return {
        "versions": {"python": platform.python_version()}
        | {package: version(package) for package in _VERSIONS_OF},
        "machine": {
            "system": platform.system(),
            "processor": platform.machine(),
            "cores": os.cpu_count(),
            "threads": torch.get_num_threads(),
            "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        },
    }


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Write JSON beside its place, then put it there: a reader never sees half of it."""
    temporary = path.with_name(path.name + ".part")
    temporary.write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")
    temporary.replace(path)


def read_meta(folder: Path) -> dict[str, Any]:
    """The `meta.json` of a run; RunError where there is none."""
    path = folder / "meta.json"
    try:
        return cast(dict[str, Any], json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise RunError(
            f"'{folder}' is not a training run: it has no meta.json. Make one: whereshot train"
        ) from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise RunError(f"'{path}' is damaged: {error}") from None


def is_run(folder: Path) -> bool:
    """Whether a folder looks like a training run."""
    return (folder / "meta.json").is_file()


def save_weights(network: LandmarkNet, path: Path) -> None:
    """Save a network's weights as safetensors."""
    temporary = path.with_name(path.name + ".part")
    state = {key: value.detach().contiguous().cpu() for key, value in network.state_dict().items()}
    save_file(state, temporary)
    temporary.replace(path)


def load_run(folder: str | Path) -> Run:
    """Load a finished run; RunError where it is unfinished, damaged or inconsistent."""
    folder = Path(folder)
    meta = read_meta(folder)
    weights = folder / "weights.safetensors"
    if not weights.is_file():
        raise RunError(
            f"'{folder}' has no weights yet. Let it finish: whereshot train --resume {folder}"
        )
    recipe = config.from_dict(meta["recipe"])
    classes = tuple(cast(list[str], meta["classes"]))
    network = LandmarkNet(recipe.model, len(classes), load_weights=False)
    try:
        network.load_state_dict(load_file(weights))
    except (RuntimeError, SafetensorError) as error:
        raise RunError(f"'{weights}' does not fit its meta.json: {error}") from None
    return Run(folder, recipe, classes, meta, network.eval())
