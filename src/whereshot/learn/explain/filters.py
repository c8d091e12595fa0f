"""The filters of a network's first convolution, as pictures of the colors that they look for.

O filters of C channels, kh x kw pixels each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from whereshot.learn.explain.graph import first_kernels_of
from whereshot.learn.subject import Subject
from whereshot.recognize import Bundle

if TYPE_CHECKING:
    from torch import nn

    from whereshot.learn.network import LandmarkNet


def first_filters(
    network: LandmarkNet | Subject, *, columns: int = 8, scale: int = 12, gap: int = 4
) -> NDArray[np.uint8]:
    """All first filters in a grid on white, uint8 (H, W, 3): a pixel of a filter is `scale` px.

    Raises ValueError for a network whose first convolution does not look at colors.
    """
    pictures = filter_pictures(first_kernels(network))  # (O, kh, kw, 3)
    large = pictures.repeat(scale, axis=1).repeat(scale, axis=2)
    count, height, width = large.shape[:3]
    columns = min(columns, count)
    rows = -(-count // columns)
    grid = np.full((rows * (height + gap) + gap, columns * (width + gap) + gap, 3), 255, np.uint8)
    for number, picture in enumerate(large):
        top = gap + number // columns * (height + gap)
        left = gap + number % columns * (width + gap)
        grid[top : top + height, left : left + width] = picture
    return grid


def filter_pictures(kernels: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Filters (O, 3 or 1, kh, kw) as pictures uint8 (O, kh, kw, 3).

    Grey is a weight of 0, brighter a color that excites, darker one that inhibits. Each filter has
    a scale of its own: what it looks for shows, not how strongly.
    """
    if kernels.ndim != 4 or kernels.shape[1] not in (1, 3):
        raise ValueError(
            "the first convolution does not look at colors: expected weights (O, 3, kh, kw), "
            f"got {kernels.shape}"
        )
    most = np.abs(kernels).max(axis=(1, 2, 3), keepdims=True)
    share = kernels / np.where(most > 0, most, 1)  # in -1..1
    pictures = np.rint(127.5 + 127.5 * share).astype(np.uint8).transpose(0, 2, 3, 1)
    return np.broadcast_to(pictures, (*pictures.shape[:3], 3))


def first_kernels(network: LandmarkNet | Subject) -> NDArray[np.float32]:
    """The weights (O, C, kh, kw) of the convolution that a network applies first.

    Raises ValueError where there is none, MissingExtraError for a bundle without `onnx`.
    """
    if isinstance(network, Subject):
        source = network.source
        if not isinstance(source, Bundle):
            return first_kernels(source.network)
        found = first_kernels_of(source.model_path)
    else:
        found = _first_of(network)
    if found is None:
        raise ValueError("The network has no convolution whose filters could be shown.")
    return found


def _first_of(network: LandmarkNet) -> NDArray[np.float32] | None:
    """The weights of the first convolution to run, which need not be the first by name."""
    import torch
    from torch import nn

    first: list[NDArray[np.float32]] = []

    def keep(module: nn.Module, _given: Any) -> None:
        if not first and isinstance(module, nn.Conv2d):
            first.append(module.weight.detach().float().cpu().numpy().copy())

    hooks = [
        module.register_forward_pre_hook(keep)
        for module in network.modules()
        if isinstance(module, nn.Conv2d)
    ]
    size = network.config.size
    pixels = torch.zeros((1, size, size, 3), dtype=torch.uint8)
    was_training = network.training
    try:
        with torch.inference_mode():
            network.eval()(pixels.to(next(network.parameters()).device))
    finally:
        network.train(was_training)
        for hook in hooks:
            hook.remove()
    return first[0] if first else None
