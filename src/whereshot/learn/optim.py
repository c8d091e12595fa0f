"""Parameter groups, learning rates over time, and the average of weights."""

from __future__ import annotations

import math
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from whereshot.learn.architectures import Backbone
from whereshot.learn.config import OptimConfig
from whereshot.learn.network import LandmarkNet

BATCH_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm)


def set_frozen(network: LandmarkNet, *, backbone: bool, stages: int = -1) -> None:
    """Freeze the whole backbone, or its stem and first `stages` stages (-1: nothing)."""
    for depth, parameters in enumerate(cast(Backbone, network.backbone).layers()):
        for parameter in parameters:
            parameter.requires_grad_(not backbone and depth > stages)


def set_mode(network: LandmarkNet, *, backbone_trains: bool, freeze_batch_norm: bool) -> None:
    """Training mode for the parts that train; frozen BatchNorm keeps its statistics.

    BatchNorm is frozen by `freeze_batch_norm`, and always in stages that `set_frozen` has frozen.
    """
    network.train()
    if not backbone_trains:
        network.backbone.eval()
        return
    for module in network.backbone.modules():
        if isinstance(module, BATCH_NORMS):
            own = list(module.parameters(recurse=False))
            frozen = bool(own) and not any(parameter.requires_grad for parameter in own)
            # ImageNet's statistics come from a million photos; small batches only blur them.
            module.train(not (freeze_batch_norm or frozen))


def parameter_groups(network: LandmarkNet, config: OptimConfig) -> list[dict[str, Any]]:
    """Groups for AdamW: the head at `head_lr`, each backbone layer below at `layer_decay` more.

    Biases, norms and gains (one-dimensional parameters) have no weight decay. `part` of a group is
    `head` or `backbone`.
    """
    layers = cast(Backbone, network.backbone).layers()
    head = [p for name, p in network.named_parameters() if not name.startswith("backbone.")]
    leveled = [("head", head, config.head_lr)] + [
        ("backbone", parameters, config.lr * config.layer_decay ** (len(layers) - 1 - depth))
        for depth, parameters in enumerate(layers)
    ]
    groups: list[dict[str, Any]] = []
    for part, parameters, lr in leveled:
        trained = [parameter for parameter in parameters if parameter.requires_grad]
        for decayed in (True, False):
            members = [p for p in trained if (p.ndim > 1) == decayed]
            if members:
                decay = config.weight_decay if decayed else 0.0
                rates = {"lr": lr, "peak_lr": lr, "weight_decay": decay}
                groups.append({"params": members, "part": part, **rates})
    return groups


def set_learning_rates(optimizer: torch.optim.Optimizer, share: float) -> None:
    """Set each group to this share of its peak."""
    for group in optimizer.param_groups:
        group["lr"] = group["peak_lr"] * share


def warmup_cosine(step: int, steps: int, warmup: float) -> float:
    """The share of the peak at a step: linear up over `warmup` of the steps, then half a cosine.

    >>> [round(warmup_cosine(step, 10, 0.2), 2) for step in (0, 1, 2, 6, 9)]
    [0.5, 1.0, 1.0, 0.5, 0.04]
    """
    rising = max(1, round(warmup * steps))
    if step < rising:
        return (step + 1) / rising
    return 0.5 * (1 + math.cos(math.pi * (step - rising) / max(1, steps - rising)))


def average_of(network: LandmarkNet, decay: float) -> AveragedModel:
    """An exponential moving average of weights and buffers that starts fast and slows to `decay`.

    After the first update it is the network itself; update n + 1 moves it by 1 - min(decay,
    (1 + n) / (10 + n)) of the way. Source: the schedule of TensorFlow's ExponentialMovingAverage.
    """

    def blend(average: Tensor, current: Tensor, updates: Tensor | int) -> Tensor:
        number = int(updates)
        if not average.is_floating_point():
            return current
        return torch.lerp(average, current, 1 - min(decay, (1 + number) / (10 + number)))

    return AveragedModel(network, avg_fn=blend, use_buffers=True)
