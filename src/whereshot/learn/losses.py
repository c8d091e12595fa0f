"""What training minimizes. B batch, K classes."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor


def adaptive_margins(counts: Sequence[int], margin: float, exponent: float = 0.25) -> Tensor:
    """An angular margin per class (K,), in radians: `margin` on average.

    It is larger where photos are few: proportional to n^-exponent, as in Q. Ha et al., "Google
    Landmark Recognition 2020 Competition Third Place Solution" (arXiv 2010.05350), equation 2.
    Empty classes get that of one photo.
    """
    weights = torch.tensor([max(count, 1) ** -exponent for count in counts])
    return margin * weights / weights.mean()


def angular_margin(logits: Tensor, labels: Tensor, margins: Tensor, scale: float) -> Tensor:
    """Turn the true class's angle up by its margin: scaled cosines (B, K) to (B, K).

    `labels` (B,) class numbers, `margins` (K,) radians; label K stands for a photo without a
    landmark, whose logits stay as they are: it has no angle to turn. Beyond pi - margin the
    cosine would rise again, so there the penalty goes on linearly, as in J. Deng et al., "ArcFace"
    (CVPR 2019).
    """
    known = (labels < len(margins))[:, None]  # (B, 1)
    own = labels.clamp(max=len(margins) - 1)[:, None]  # (B, 1)
    cosine = (logits / scale).gather(1, own).clamp(-1 + 1e-6, 1 - 1e-6)  # (B, 1)
    margin = margins[own]
    turned = torch.cos(torch.acos(cosine) + margin)
    beyond = cosine - torch.sin(margin) * margin
    target = torch.where(cosine > torch.cos(math.pi - margin), turned, beyond)
    return torch.where(known, logits.scatter(1, own, scale * target), logits)


def soft_cross_entropy(logits: Tensor, targets: Tensor, smoothing: float) -> Tensor:
    """Mean cross-entropy of logits (B, K) against distributions (B, K), smoothed; a scalar."""
    return F.cross_entropy(logits, targets, label_smoothing=smoothing)
