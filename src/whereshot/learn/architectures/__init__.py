"""Every network that can be trained, by name.

`timm/NAME` is any timm backbone. A backbone maps normalized pixels (B, 3, S, S) to a feature map
(B, C, h, w) and says how it wants its pixels normalized.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from torch import Tensor, nn

from whereshot.errors import RecipeError
from whereshot.learn.architectures import mobile, plain, pretrained, residual


class Backbone(Protocol):
    """What `LandmarkNet` needs of a feature extractor."""

    channels: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]

    def __call__(self, x: Tensor) -> Tensor:
        """Map pixels (B, 3, S, S) to features (B, C, h, w)."""
        ...

    def layers(self) -> list[list[nn.Parameter]]:
        """The parameters by depth: stem first, last stage last."""
        ...


_BUILDERS: dict[str, Callable[..., nn.Module]] = {
    "mobile": mobile.build,
    "plain": plain.build,
    "residual": residual.build,
}


def names() -> list[str]:
    """The names of the architectures of our own."""
    return sorted(_BUILDERS)


def build(name: str, *, pretrained_weights: bool, drop_path: float = 0.0) -> nn.Module:
    """Build a backbone by name; raises RecipeError for an unknown one."""
    prefix, slash, timm_name = name.partition("/")
    if slash and prefix == "timm":
        return pretrained.TimmBackbone(
            timm_name, pretrained_weights=pretrained_weights, drop_path=drop_path
        )
    if name not in _BUILDERS:
        known = ", ".join([*names(), "timm/NAME"])
        raise RecipeError(f"Unknown architecture '{name}'. Known: {known}.")
    if pretrained_weights:
        raise RecipeError(f"'{name}' has no pretrained weights: set model.weights = \"none\".")
    return _BUILDERS[name](drop_path=drop_path)
