"""What training does to a photo, as torchvision-v2 presets on uint8 planes.

Landmarks stand upright and their colours change with the light, so the presets vary framing,
light and sharpness, mirror left and right, and never turn a photo upside down.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torchvision.transforms import v2

from whereshot.learn.config import AugmentConfig


def _one_strong_change() -> Sequence[torch.nn.Module]:
    """One of these for each photo, at a random strength: a tame TrivialAugment.

    Unlike TrivialAugmentWide, which turns by up to 135 degrees and inverts light, nothing here
    makes a picture that no camera takes.
    Reference: S. Mueller, F. Hutter, "TrivialAugment" (ICCV 2021).
    """
    smooth = v2.InterpolationMode.BILINEAR
    return [
        v2.Identity(),
        v2.RandomRotation([-20.0, 20.0], interpolation=smooth),
        v2.RandomAffine([0.0, 0.0], shear=[-20.0, 20.0, -20.0, 20.0], interpolation=smooth),
        v2.RandomPerspective(0.3, p=1.0),
        v2.ColorJitter(brightness=0.7),
        v2.ColorJitter(contrast=0.8),
        v2.ColorJitter(saturation=0.9),
        v2.RandomAutocontrast(p=1.0),
        v2.RandomEqualize(p=1.0),
        v2.RandomPosterize(bits=4, p=1.0),
        v2.RandomAdjustSharpness(3.0, p=1.0),
        v2.GaussianBlur(5, sigma=(0.1, 2.0)),
    ]


class TrainPreset:
    """Photo (3, H, W) uint8 to a random view (3, S, S) uint8."""

    def __init__(self, config: AugmentConfig, size: int) -> None:
        steps: list[torch.nn.Module] = [
            # Wide aspect ratios, because a part of the web's photos are squashed to squares.
            v2.RandomResizedCrop(
                size, scale=(config.min_scale, 1.0), ratio=(0.65, 1.55), antialias=True
            ),
            v2.RandomHorizontalFlip(),
        ]
        if config.preset == "light":
            steps += [v2.RandomApply([v2.ColorJitter(0.3, 0.3, 0.3)], p=0.8)]
        else:
            steps += [
                v2.RandomChoice(_one_strong_change()),
                v2.RandomApply([v2.ColorJitter(0.4, 0.4, 0.4)], p=0.5),
                v2.RandomGrayscale(p=0.05),
                v2.RandomErasing(p=0.2, scale=(0.02, 0.15)),
            ]
        self._steps = v2.Compose(steps)

    def __call__(self, photo: Tensor) -> Tensor:
        """Map (3, H, W) uint8 to (3, S, S) uint8."""
        return self._steps(photo)


class Mixing:
    """Labels to distributions; photos of a batch blended: mixup, cutmix, or each half of the time.

    Label K stands for a photo without a landmark, which is to look like every landmark equally.

    References: H. Zhang et al., "mixup" (ICLR 2018); S. Yun et al., "CutMix" (ICCV 2019);
    D. Hendrycks et al., "Deep Anomaly Detection with Outlier Exposure" (ICLR 2019).
    """

    def __init__(self, config: AugmentConfig, classes: int) -> None:
        choices: list[torch.nn.Module] = []
        if config.mixup > 0:
            choices.append(v2.MixUp(alpha=config.mixup, num_classes=classes + 1))
        if config.cutmix > 0:
            choices.append(v2.CutMix(alpha=config.cutmix, num_classes=classes + 1))
        self._choice = v2.RandomChoice(choices) if choices else None
        self._classes = classes

    def __call__(self, planes: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Map planes (B, 3, S, S) and labels (B,) to planes and distributions (B, K)."""
        if self._choice is None:
            targets = torch.nn.functional.one_hot(labels, self._classes + 1).float()
        else:
            planes, targets = self._choice(planes, labels)  # (B, K + 1)
        return planes, targets[:, :-1] + targets[:, -1:] / self._classes
