"""Grad-CAM: what a class's logit owes to each cell of any layer. Needs gradients, so a run.

C channels, h x w cells of the layer, S side of the photo in px.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from whereshot.recognize.heatmap import positive_share

if TYPE_CHECKING:
    from torch import nn

    from whereshot.learn.run import Run

LAST = "backbone"
"""The layer that pooling and head follow: here are the network's `features`."""


class Layer(NamedTuple):
    """A layer that gives maps: its name in the network, its channels and cells."""

    name: str
    channels: int
    height: int
    width: int


def grad_cam(
    run: Run, pixels: NDArray[np.uint8], class_number: int, layer: str = LAST
) -> NDArray[np.float32]:
    """The Grad-CAM of one photo for a class, (h, w) in 0..1.

    `pixels` (S, S, 3) uint8 are what `photo.prepare` gives. Each channel of the layer counts by
    the mean gradient of the class's logit in it; what speaks against the class is 0, and the
    largest value is 1. `layer` is a name out of `map_layers`; earlier ones have finer cells that
    know less of classes. Raises ValueError for a layer that is not there or gives no maps, and
    for a class that the run doesn't have.

    Reference: R. R. Selvaraju et al., "Grad-CAM: Visual Explanations from Deep Networks via
    Gradient-based Localization" (ICCV 2017), equations 1 and 2.
    """
    import torch

    if not 0 <= class_number < len(run.classes):
        raise ValueError(f"class_number must be in [0, {len(run.classes)}), got {class_number}")
    modules: dict[str, Any] = dict(run.network.named_modules())
    if layer not in modules:
        known = ", ".join(each.name for each in map_layers(run)[-3:])
        raise ValueError(f"The network has no layer '{layer}'. Its last ones: {known}.")
    seen: list[Any] = []

    def keep(_module: nn.Module, _given: Any, output: Any) -> None:
        seen.append(output)

    hook = modules[layer].register_forward_hook(keep)
    try:
        with torch.enable_grad():
            logits = run.network(_batch(run, pixels)).logits
    finally:
        hook.remove()
    if not (seen and isinstance(seen[-1], torch.Tensor) and seen[-1].ndim == 4):
        shape = tuple(seen[-1].shape) if seen and isinstance(seen[-1], torch.Tensor) else None
        raise ValueError(f"'{layer}' gives {shape or 'no tensor'}, expected maps (1, C, h, w).")
    maps = seen[-1]  # (1, C, h, w)
    (gradient,) = torch.autograd.grad(logits[0, class_number], maps)
    weights = gradient.mean((2, 3), keepdim=True)  # (1, C, 1, 1)
    spoken = (weights * maps).sum(1)[0]
    return positive_share(spoken.detach().float().cpu().numpy())


def map_layers(run: Run) -> tuple[Layer, ...]:
    """The layers of the backbone that give maps, in the order in which they finish."""
    import torch

    found: dict[str, Layer] = {}
    hooks: list[Any] = []

    def note(name: str) -> Any:
        def keep(_module: nn.Module, _given: Any, output: Any) -> None:
            if isinstance(output, torch.Tensor) and output.ndim == 4:
                found.pop(name, None)  # one that runs twice finishes the second time
                found[name] = Layer(name, *(int(side) for side in output.shape[1:]))

        return keep

    modules: dict[str, Any] = dict(run.network.named_modules())
    for name, module in modules.items():
        if name.startswith(LAST):
            hooks.append(module.register_forward_hook(note(name)))
    size = run.recipe.model.size
    try:
        with torch.inference_mode():
            run.network(_batch(run, np.zeros((size, size, 3), np.uint8)))
    finally:
        for hook in hooks:
            hook.remove()
    return tuple(found.values())


def finer_layer(run: Run) -> Layer | None:
    """The layer before the network halves its map for the last time; None where it never does.

    Of those with as many cells, the outermost (a whole stage rather than a part of it) that
    finishes last.
    """
    layers = map_layers(run)
    cells = {each.height * each.width for each in layers}
    last = layers[-1].height * layers[-1].width
    finer = sorted(count for count in cells if count > last)
    if not finer:
        return None
    same = [each for each in layers if each.height * each.width == finer[0]]
    depth = min(each.name.count(".") for each in same)
    return [each for each in same if each.name.count(".") == depth][-1]


def _batch(run: Run, pixels: NDArray[np.uint8]) -> Any:
    """One photo as the network takes it, where the network is."""
    import torch

    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3:
        raise ValueError(f"pixels must be uint8 (S, S, 3), got {pixels.dtype} {pixels.shape}")
    device = next(run.network.parameters()).device
    return torch.from_numpy(np.ascontiguousarray(pixels)[None]).to(device)
