"""From a feature map to an embedding, from an embedding to logits.

B batch, C channels, D embedding size, K classes, S sub-centers.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class GeneralizedMean(nn.Module):
    """Pool (B, C, h, w) to (B, C) by a mean of a learned power.

    Reference: F. Radenovic et al., "Fine-tuning CNN Image Retrieval with No Human Annotation"
    (TPAMI 2019), equation 3.
    """

    def __init__(self, power: float = 3.0) -> None:
        super().__init__()
        self.power = nn.Parameter(torch.tensor(power))

    def forward(self, features: Tensor) -> Tensor:
        """Pool (B, C, h, w) to (B, C)."""
        # A floor keeps the gradient of the root finite where a channel is silent everywhere.
        return features.clamp(min=1e-4).pow(self.power).mean((2, 3)).pow(1 / self.power)


class AveragePool(nn.Module):
    """Pool (B, C, h, w) to (B, C) by the mean."""

    def forward(self, features: Tensor) -> Tensor:
        """Pool (B, C, h, w) to (B, C)."""
        return features.mean((2, 3))


class SoftmaxHead(nn.Module):
    """A linear layer (B, D) to (B, K)."""

    def __init__(self, dimension: int, classes: int, dropout: float) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.linear = nn.Linear(dimension, classes)
        nn.init.normal_(self.linear.weight, std=0.01)
        nn.init.zeros_(self.linear.bias)

    def forward(self, embedding: Tensor) -> Tensor:
        """Map (B, D) to logits (B, K)."""
        return self.linear(self.dropout(embedding))


class CosineHead(nn.Module):
    """Scaled cosine to the nearest of S centers per class: (B, D) to (B, K).

    Reference: J. Deng et al., "Sub-center ArcFace" (ECCV 2020). The angular margin is the loss's
    business (`losses.angular_margin`): at inference there is none.
    """

    def __init__(
        self, dimension: int, classes: int, *, subcenters: int, scale: float, dropout: float
    ) -> None:
        super().__init__()
        self.classes, self.subcenters, self.scale = classes, subcenters, scale
        self.dropout = nn.Dropout(dropout)
        self.centers = nn.Parameter(torch.empty(subcenters * classes, dimension))
        nn.init.xavier_uniform_(self.centers)

    def forward(self, embedding: Tensor) -> Tensor:
        """Map (B, D) to scaled cosines (B, K) in [-scale, scale]."""
        return self._cosines(embedding, self.centers)

    def logits_of(self, embedding: Tensor, chosen: Tensor) -> Tensor:
        """The columns `chosen` (n,) of `forward`, computed without the others: (B, n).

        The gradient of `centers` is sparse then: it has rows of the chosen classes alone.
        """
        first = torch.arange(self.subcenters, device=chosen.device) * self.classes
        rows = (first[:, None] + chosen).flatten()  # (S * n,)
        return self._cosines(embedding, F.embedding(rows, self.centers, sparse=True))

    def _cosines(self, embedding: Tensor, centers: Tensor) -> Tensor:
        direction = F.normalize(self.dropout(embedding))
        cosine = direction @ F.normalize(centers).T  # (B, S * n)
        return self.scale * cosine.unflatten(1, (self.subcenters, -1)).amax(1)
