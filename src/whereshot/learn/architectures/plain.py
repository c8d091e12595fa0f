"""A plain stack of convolutions: where to begin, and what to compare with.

Why it is built so:

- Only 3x3 convolutions, more channels as the side shrinks, laid out as VGG-11 is: K. Simonyan,
  A. Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition" (ICLR 2015).
- BatchNorm after each, without which eight layers hardly begin to learn: S. Ioffe, C. Szegedy (ICML
  2015). VGG itself had none and was grown layer by layer.
- No fully connected layers of 4,096 units: nearly all of VGG's weights lay there. The mean over the
  last map goes straight to the head, after M. Lin et al., "Network In Network" (ICLR 2014).
- No shortcuts: what they are worth shows beside `residual`, which has as many weights.
"""

from __future__ import annotations

from torch import nn

from whereshot.errors import RecipeError
from whereshot.learn.architectures.blocks import ConvNormAct, StagedBackbone


def build(
    *,
    widths: tuple[int, ...] = (32, 64, 128, 192, 256),
    depths: tuple[int, ...] = (1, 1, 2, 2, 2),
    drop_path: float = 0.0,
) -> StagedBackbone:
    """Five stages of one or two convolutions and a max-pooling; the side shrinks 32 times."""
    if drop_path > 0:
        raise RecipeError(
            f"'plain' has no residual branches to drop, got model.drop_path = {drop_path}. "
            "Set it to 0."
        )
    stages: list[nn.Module] = []
    inputs = 3
    for width, depth in zip(widths, depths, strict=True):
        layers: list[nn.Module] = []
        for _ in range(depth):
            layers.append(ConvNormAct(inputs, width))
            inputs = width
        # A side of 5 leaves 3, not 2: nothing at the rim is dropped.
        stages.append(nn.Sequential(*layers, nn.MaxPool2d(2, ceil_mode=True)))
    return StagedBackbone(stages[0], stages[1:], widths[-1])
