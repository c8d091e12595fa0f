"""What the networks of our own are made of.

B batch, C channels, H, W. Everything keeps the names and meanings of the papers it comes from.
"""

from __future__ import annotations

import math
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

# Photos of the world, whoever trains on them: ImageNet's statistics of RGB in 0..1.
MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)


class ConvNormAct(nn.Sequential):
    """Convolution without bias, BatchNorm, and ReLU unless `act` is False; `same` padding.

    Reference: S. Ioffe, C. Szegedy, "Batch Normalization" (ICML 2015).
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int = 3,
        *,
        stride: int = 1,
        groups: int = 1,
        act: bool = True,
    ) -> None:
        layers: list[nn.Module] = [
            nn.Conv2d(
                inputs, outputs, kernel, stride, padding=kernel // 2, groups=groups, bias=False
            ),
            nn.BatchNorm2d(outputs),
        ]
        if act:
            layers.append(nn.ReLU(inplace=True))
        super().__init__(*layers)

    @property
    def norm(self) -> nn.BatchNorm2d:
        """The BatchNorm after the convolution."""
        return cast(nn.BatchNorm2d, self[1])


class BlurPool(nn.Module):
    """Halve the side after a fixed 3x3 blur, so that a shifted photo gives the same answer.

    Reference: R. Zhang, "Making Convolutional Networks Shift-Invariant Again" (ICML 2019).
    """

    kernel: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        row = torch.tensor([0.25, 0.5, 0.25])
        kernel = torch.outer(row, row).expand(channels, 1, 3, 3)
        self.register_buffer("kernel", kernel.clone(), persistent=False)
        self.channels = channels

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, H, W) to (B, C, ceil(H / 2), ceil(W / 2))."""
        # Outside autocast on purpose: see `precision.keep_depthwise_in_float32`.
        padded = F.pad(x.float(), (1, 1, 1, 1), mode="replicate")
        with torch.autocast(x.device.type, enabled=False):
            return F.conv2d(padded, self.kernel, stride=2, groups=self.channels).to(x.dtype)


class SqueezeExcite(nn.Module):
    """Weigh each channel by what the whole photo shows.

    Reference: J. Hu et al., "Squeeze-and-Excitation Networks" (CVPR 2018).
    """

    def __init__(self, channels: int, reduction: int = 8) -> None:
        super().__init__()
        hidden = max(8, channels // reduction)
        self.reduce = nn.Conv2d(channels, hidden, 1)
        self.expand = nn.Conv2d(hidden, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, H, W) to (B, C, H, W)."""
        weights = F.relu(self.reduce(x.mean((2, 3), keepdim=True)))
        return x * torch.sigmoid(self.expand(weights))


class DropPath(nn.Module):
    """Leave a residual branch out of a photo's way, with a probability, in training only.

    Reference: G. Huang et al., "Deep Networks with Stochastic Depth" (ECCV 2016).
    """

    def __init__(self, probability: float) -> None:
        super().__init__()
        self.probability = probability

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, H, W) to (B, C, H, W)."""
        if not self.training or self.probability == 0:
            return x
        keep = 1 - self.probability
        mask = torch.rand(len(x), 1, 1, 1, device=x.device) < keep
        return x * (mask / keep).to(x.dtype)


def drop_path_rates(last: float, depth: int) -> list[float]:
    """Rates that rise linearly from 0 at the first block to `last` at the last one."""
    return [last * number / max(1, depth - 1) for number in range(depth)]


def init_convolutions(network: nn.Module) -> None:
    """Draw convolution weights so that ReLU layers neither blow up nor fade.

    Reference: K. He et al., "Delving Deep into Rectifiers" (ICCV 2015), counting outputs.
    """
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            fan_out = module.out_channels * math.prod(module.kernel_size) // module.groups
            nn.init.normal_(module.weight, std=math.sqrt(2 / fan_out))
            if module.bias is not None:
                nn.init.zeros_(module.bias)


class StagedBackbone(nn.Module):
    """A stem and stages, one after the other: what all our networks are at their outside."""

    mean = MEAN
    std = STD

    def __init__(self, stem: nn.Module, stages: list[nn.Module], channels: int) -> None:
        super().__init__()
        self.stem = stem
        self.stages = nn.ModuleList(stages)
        self.channels = channels
        init_convolutions(self)

    def forward(self, x: Tensor) -> Tensor:
        """Map normalized pixels (B, 3, S, S) to features (B, C, h, w)."""
        x = self.stem(x)
        for stage in self.stages:
            x = stage(x)
        return x

    def layers(self) -> list[list[nn.Parameter]]:
        """The parameters by depth: stem first, last stage last."""
        return [list(part.parameters()) for part in (self.stem, *self.stages)]
