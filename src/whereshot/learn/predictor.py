"""The whole way from a photo to probabilities in one TorchScript module: fit, network, softmax.

Nothing of whereshot, Pillow or torchvision is needed to run it: the resampling is written here,
in torch, and gives the very pixels that `photo.prepare` gives.
"""

from __future__ import annotations

import PIL
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from whereshot.learn.run import Run


class Predictor(nn.Module):
    """A photo of any size to probabilities; what it needs besides the network it holds itself.

    `network` is a scripted or traced module: float planes (B, 3, S, S) in 0..255 to logits (B, K).
    The attributes can be read from the file: `class_names` in output order, `size` in pixels,
    `squash` (else the centre is cropped), `temperature`.
    """

    def __init__(self, network: nn.Module, run: Run) -> None:
        super().__init__()
        self.network = network
        self.size = run.recipe.model.size
        self.squash = run.recipe.model.fit == "squash"
        self.temperature = run.temperature
        self.class_names = list(run.classes)
        # From 13.0 on, Pillow takes the columns of tall photos first. Each pass rounds, so the
        # order is to be that of the Pillow that the network was trained and measured with.
        self.columns_first = int(PIL.__version__.partition(".")[0]) >= 13

    def forward(self, photos: Tensor) -> Tensor:
        """Map RGB photos (B, 3, H, W) to calibrated probabilities (B, K).

        uint8 in 0..255, or floats in 0..1 as `torchvision.transforms.ToTensor` gives them.
        """
        with torch.no_grad():
            return F.softmax(self.logits(photos) / self.temperature, dim=1)

    @torch.jit.export
    def logits(self, photos: Tensor) -> Tensor:
        """Map RGB photos (B, 3, H, W) to logits (B, K)."""
        with torch.no_grad():
            return self.network(self.fit(photos).float())

    @torch.jit.export
    def fit(self, photos: Tensor) -> Tensor:
        """Map RGB photos (B, 3, H, W) to uint8 planes (B, 3, S, S), as `photo.prepare` does."""
        planes = self._bytes(photos)
        height, width = planes.shape[-2], planes.shape[-1]
        side = min(height, width)
        rows, columns = (height, width) if self.squash else (side, side)
        tall = height > self.size and height - self.size > 2 * (width - self.size)
        if self.columns_first and tall:
            planes = self._resample(planes.transpose(-1, -2), rows).transpose(-1, -2)
            return self._resample(planes, columns)
        planes = self._resample(planes, columns)
        return self._resample(planes.transpose(-1, -2), rows).transpose(-1, -2).contiguous()

    def _bytes(self, photos: Tensor) -> Tensor:
        if photos.dim() != 4 or photos.shape[1] != 3 or photos.numel() == 0:
            raise ValueError(
                "photos must have the shape (B, 3, H, W), got {}".format(photos.shape)  # noqa: UP032
            )
        if photos.dtype == torch.uint8:
            return photos
        # Not trusting the type alone: floats in 0..255 would come out as noise, surely named.
        # NaN, which compares false with everything, is refused as well.
        is_unit = (
            photos.is_floating_point() and 0 <= float(photos.min()) <= float(photos.max()) <= 1
        )
        if not is_unit:
            raise ValueError("photos must be uint8 in 0..255, or floats in 0..1")
        return (photos * 255).round().to(torch.uint8)

    def _resample(self, planes: Tensor, side: int) -> Tensor:
        """Resample the central `side` of the last axis, uint8 (..., L), to (..., S).

        Bicubic with antialias, bit for bit as Pillow does it: weights in units of 2^-22, and the
        pixels around the box count as well. Reference: R. Keys, "Cubic Convolution Interpolation
        for Digital Image Processing", IEEE TASSP 29 (1981), with a = -0.5.
        """
        one = 1 << 22
        length = planes.shape[-1]
        start = (length - side) / 2
        scale = side / self.size
        reach = max(scale, 1.0)
        parts: list[Tensor] = []
        # A block of outputs at a time: each sees a small stretch of the photo only, and one matrix
        # product over all of it would take ten times as long on 12 megapixels.
        block = 16
        for first in range(0, self.size, block):
            last = min(first + block, self.size) - 1
            low = max(0, int(start + (first + 0.5) * scale - 2 * reach))
            high = min(length, int(start + (last + 0.5) * scale + 2 * reach) + 1)
            outputs = torch.arange(first, last + 1, dtype=torch.float64, device=planes.device)
            inputs = torch.arange(low, high, dtype=torch.float64, device=planes.device)
            centers = start + (outputs + 0.5) * scale
            weights = _cubic((inputs[:, None] + 0.5 - centers[None, :]) / reach)
            weights = weights / weights.sum(0)
            weights = torch.sign(weights) * torch.floor(weights.abs() * one + 0.5)
            sums = torch.matmul(planes[..., low:high].double(), weights)
            parts.append(torch.floor(sums / one + 0.5).clamp(0, 255).to(torch.uint8))
        return torch.cat(parts, -1)


def _cubic(x: Tensor) -> Tensor:
    x = x.abs()
    near = (1.5 * x - 2.5) * x * x + 1
    far = ((2.5 - 0.5 * x) * x - 4) * x + 2
    return torch.where(x < 1, near, torch.where(x < 2, far, torch.zeros_like(x)))
