"""A residual network for a few thousand photos and a CPU.

Why it is built so:

- Basic blocks, two full 3x3 convolutions around a shortcut: of the layouts that were timed here,
  the one with the most arithmetic per second on a CPU, and shallow enough to learn in an hour.
  K. He et al., "Deep Residual Learning for Image Recognition" (CVPR 2016).
- Small convolutions as a stem, and shortcuts that average where the side halves, so that no pixel
  is skipped. T. He et al., "Bag of Tricks for Image Classification" (CVPR 2019): ResNet-D.
- A blur before each halving: tourists frame the same tower a few pixels to the left.
  R. Zhang, "Making Convolutional Networks Shift-Invariant Again" (ICML 2019).
- Squeeze-excitation at the end of each branch of the later stages: channels weighed by the whole
  photo, a sight of all of it. On the large maps of the early stages it took a fifth of the time.
  J. Hu et al., "Squeeze-and-Excitation Networks" (CVPR 2018).
- Widths are multiples of 32, the lanes of a CPU's short numbers: 32-96-192-256 channels ran 1.5
  times as fast as 48-96-192-256.
- Each branch begins switched off (the gain of its last norm is 0): the network starts shallow and
  grows deep as it learns. P. Goyal et al., "Accurate, Large Minibatch SGD" (2017).
"""

from __future__ import annotations

from torch import Tensor, nn

from whereshot.learn.architectures.blocks import (
    BlurPool,
    ConvNormAct,
    DropPath,
    SqueezeExcite,
    StagedBackbone,
    drop_path_rates,
)


class BasicBlock(nn.Module):
    """Two 3x3 convolutions around a shortcut; `halve` halves the side, `excite` weighs channels."""

    def __init__(
        self, inputs: int, outputs: int, *, halve: bool, excite: bool, drop_path: float
    ) -> None:
        super().__init__()
        last = ConvNormAct(outputs, outputs, act=False)
        # The branch begins switched off.
        nn.init.zeros_(last.norm.weight)
        self.branch = nn.Sequential(
            BlurPool(inputs) if halve else nn.Identity(),
            ConvNormAct(inputs, outputs),
            last,
            SqueezeExcite(outputs) if excite else nn.Identity(),
            DropPath(drop_path),
        )
        shortcut: list[nn.Module] = []
        if halve:
            shortcut.append(nn.AvgPool2d(2, ceil_mode=True, count_include_pad=False))
        if inputs != outputs:
            shortcut.append(ConvNormAct(inputs, outputs, 1, act=False))
        self.shortcut = nn.Sequential(*shortcut)
        self.act = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, H, W) to (B, C', H, W), or to half the side."""
        return self.act(self.shortcut(x) + self.branch(x))


def build(
    *,
    widths: tuple[int, ...] = (32, 96, 192, 256),
    depths: tuple[int, ...] = (1, 2, 2, 1),
    drop_path: float = 0.0,
) -> StagedBackbone:
    """Stem and four stages; the side shrinks 32 times."""
    stem = nn.Sequential(
        ConvNormAct(3, 32, stride=2),
        ConvNormAct(32, widths[0]),
        BlurPool(widths[0]),
    )
    rates = iter(drop_path_rates(drop_path, sum(depths)))
    stages: list[nn.Module] = []
    inputs = widths[0]
    for number, (width, depth) in enumerate(zip(widths, depths, strict=True)):
        blocks: list[nn.Module] = []
        for block in range(depth):
            blocks.append(
                BasicBlock(
                    inputs,
                    width,
                    halve=number > 0 and block == 0,
                    excite=number >= 2,
                    drop_path=next(rates),
                )
            )
            inputs = width
        stages.append(nn.Sequential(*blocks))
    return StagedBackbone(stem, stages, widths[-1])
