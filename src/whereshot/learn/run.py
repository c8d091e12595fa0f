"""A training run on disk: what it was, what it reached, and its weights.

::

    weights.safetensors   the network, ready to evaluate and export; there when the run is done
    meta.json             recipe, classes, seed, versions, data fingerprint, results
    history.jsonl         one line an epoch
    checkpoint.pt         to go on from; gone when the run is done
    best.safetensors      the best weights so far; gone when the run is done
    tensorboard/          the same figures, the learning rates, the first batch as a picture
"""

from __future__ import annotations

import json
import logging
import os
import platform
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save

from whereshot.errors import RecipeError, RunError
from whereshot.learn import config
from whereshot.learn.files import write_whole
from whereshot.learn.network import LandmarkNet

if sys.platform != "win32":
    import fcntl

logger = logging.getLogger(__name__)

_held: set[int] = set()  # the handles of locked folders

META, WEIGHTS = "meta.json", "weights.safetensors"
CHECKPOINT, BEST = "checkpoint.pt", "best.safetensors"
_SCHEMA = "1"  # the major version that is read here
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
    """Write JSON whole or not at all; RunError where it can't be written."""
    write_whole(path, (json.dumps(value, indent=1) + "\n").encode())


@contextmanager
def hold(folder: Path) -> Generator[None]:
    """Make a run's folder, and keep other processes from training into it meanwhile.

    Raises RunError where it can't be made, or one does so already.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(
            f"'{folder}' can't be made a folder for the run: {error.strerror}. "
            "Choose another one with --to."
        ) from error
    if sys.platform == "win32":  # has no lock that a killed process gives back
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    _let_go_after_forks()
    _held.add(handle)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RunError(
                f"Another process trains into '{folder}' right now. Let it finish, or choose "
                "another folder with --to."
            ) from None
        except OSError:
            logger.debug("no locks on the disk of '%s'", folder)
        yield
    finally:
        _held.discard(handle)
        os.close(handle)  # with the lock


@cache
def _let_go_after_forks() -> None:
    os.register_at_fork(after_in_child=_let_go)


def _let_go() -> None:
    """In processes that read photos: they outlive a killed run by seconds, its lock must not."""
    while _held:
        os.close(_held.pop())


def read_meta(folder: Path) -> dict[str, Any]:
    """The `meta.json` of a run; RunError where there is none or it is damaged."""
    path = folder / META
    try:
        meta = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RunError(
            f"'{folder}' is not a training run: it has no {META}. Make one: whereshot train"
        ) from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise RunError(f"'{path}' is damaged: {error}") from None
    expected = {"schema": str, "recipe": dict, "classes": list, "data": dict, "results": dict}
    for key, kind in expected.items():
        if not isinstance(meta, dict) or not isinstance(meta.get(key), kind):
            raise RunError(f"'{path}' is damaged: it has no '{key}' of the expected kind.")
    if meta["schema"].partition(".")[0] != _SCHEMA:
        raise RunError(
            f"'{path}' has schema {meta['schema']}, expected {_SCHEMA}.x: "
            "it was written by another whereshot. Use that one, or train again."
        )
    return cast(dict[str, Any], meta)


def recipe_of(meta: Mapping[str, Any], folder: Path) -> config.Recipe:
    """The recipe that a run's meta holds; RunError where this whereshot can't read it."""
    try:
        return config.from_dict(meta["recipe"])
    except RecipeError as error:
        raise RunError(f"'{folder / META}' holds a recipe that can't be read: {error}") from None


def is_run(folder: Path) -> bool:
    """Whether a folder looks like a training run."""
    return (folder / META).is_file()


def is_finished(folder: Path) -> bool:
    """Whether a run has its final weights."""
    return is_run(folder) and (folder / WEIGHTS).is_file()


def save_weights(network: LandmarkNet, path: Path) -> None:
    """Save a network's weights as safetensors; RunError where they can't be written."""
    state = {key: value.detach().contiguous().cpu() for key, value in network.state_dict().items()}
    write_whole(path, save(state))


def load_run(folder: str | Path) -> Run:
    """Load a finished run; RunError where it is unfinished, damaged or inconsistent."""
    folder = Path(folder)
    meta = read_meta(folder)
    weights = folder / WEIGHTS
    if not is_finished(folder):
        raise RunError(
            f"'{folder}' has no weights yet. Let it finish: "
            f"whereshot train RECIPE --to '{folder}' --resume"
        )
    recipe = recipe_of(meta, folder)
    classes = tuple(cast(list[str], meta["classes"]))
    network = LandmarkNet(recipe.model, len(classes), load_weights=False)
    try:
        network.load_state_dict(load_file(weights))
    except (RuntimeError, SafetensorError) as error:
        raise RunError(f"'{weights}' does not fit its {META}: {error}") from None
    return Run(folder, recipe, classes, meta, network.eval())
