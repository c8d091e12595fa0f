"""A modern depthwise network, small enough for a phone.

Why it is built so:

- Space and channels are mixed apart: a depthwise convolution looks around, 1x1 convolutions
  combine. A. Howard et al., "MobileNets" (2017).
- Inverted bottlenecks: the shortcut joins the narrow ends, the wide middle does the work.
  M. Sandler et al., "MobileNetV2" (CVPR 2018).
- The early stages fuse expansion and depthwise convolution into one full 3x3 convolution: on large
  maps with few channels that is the faster way. M. Tan, Q. Le, "EfficientNetV2" (ICML 2021).
- The later stages look around twice, before and inside the expansion, the second time 5x5: the
  "extra depthwise" block of D. Qin et al., "MobileNetV4" (ECCV 2024).
- No squeeze-excitation and plain ReLU, as there: both cost a CPU more than they give.
- Of the three networks it has the fewest multiplications, and gains the least per multiplication
  from a CPU in training: depthwise gradients wait for memory. It shines where it runs.
"""

from __future__ import annotations

from torch import Tensor, nn

from whereshot.learn.architectures.blocks import (
    ConvNormAct,
    DropPath,
    StagedBackbone,
    drop_path_rates,
)


class InvertedBottleneck(nn.Module):
    """A branch that is wide in its middle, and a shortcut between its ends if they are alike."""

    def __init__(self, *layers: nn.Module, has_shortcut: bool, drop_path: float) -> None:
        super().__init__()
        # Only where something goes past the branch: else nothing would be left of the photo.
        drop = DropPath(drop_path if has_shortcut else 0.0)
        self.branch = nn.Sequential(*layers, drop)
        self.has_shortcut = has_shortcut

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, H, W) to (B, C', H / stride, W / stride)."""
        return x + self.branch(x) if self.has_shortcut else self.branch(x)


class FusedInvertedBottleneck(InvertedBottleneck):
    """Full 3x3 convolution to `expansion` times the channels, 1x1 back."""

    def __init__(
        self, inputs: int, outputs: int, *, stride: int, expansion: int, drop_path: float
    ) -> None:
        hidden = expansion * inputs
        super().__init__(
            ConvNormAct(inputs, hidden, 3, stride=stride),
            ConvNormAct(hidden, outputs, 1, act=False),
            has_shortcut=stride == 1 and inputs == outputs,
            drop_path=drop_path,
        )


class ExtraDepthwiseBlock(InvertedBottleneck):
    """Depthwise 3x3, 1x1 up, depthwise 5x5, 1x1 down."""

    def __init__(
        self, inputs: int, outputs: int, *, stride: int, expansion: int, drop_path: float
    ) -> None:
        hidden = expansion * inputs
        super().__init__(
            ConvNormAct(inputs, inputs, 3, groups=inputs, act=False),
            ConvNormAct(inputs, hidden, 1),
            ConvNormAct(hidden, hidden, 5, stride=stride, groups=hidden),
            ConvNormAct(hidden, outputs, 1, act=False),
            has_shortcut=stride == 1 and inputs == outputs,
            drop_path=drop_path,
        )


def build(
    *,
    widths: tuple[int, ...] = (32, 48, 96, 192),
    depths: tuple[int, ...] = (1, 2, 4, 2),
    expansion: int = 4,
    drop_path: float = 0.0,
) -> StagedBackbone:
    """Stem and four stages, two fused, two depthwise; the side shrinks 32 times."""
    rates = iter(drop_path_rates(drop_path, sum(depths)))
    stages: list[nn.Module] = []
    inputs = 32
    for number, (width, depth) in enumerate(zip(widths, depths, strict=True)):
        kind = FusedInvertedBottleneck if number < 2 else ExtraDepthwiseBlock
        blocks: list[nn.Module] = []
        for block in range(depth):
            stride = 2 if block == 0 else 1
            blocks.append(
                kind(inputs, width, stride=stride, expansion=expansion, drop_path=next(rates))
            )
            inputs = width
        stages.append(nn.Sequential(*blocks))
    # A wide last map: the head sees few channels else.
    stages[-1] = nn.Sequential(stages[-1], ConvNormAct(inputs, 4 * inputs, 1))
    return StagedBackbone(ConvNormAct(3, 32, stride=2), stages, 4 * inputs)
