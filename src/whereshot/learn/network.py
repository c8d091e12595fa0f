"""The network that is trained and shipped: pixels in, logits, embedding and features out.

B batch, S side in px, C channels, D embedding size, K classes.
"""

from __future__ import annotations

from typing import NamedTuple, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from whereshot.learn import architectures
from whereshot.learn.config import ModelConfig
from whereshot.learn.heads import AveragePool, CosineHead, GeneralizedMean, SoftmaxHead


class Outputs(NamedTuple):
    """What the network says of a batch."""

    logits: Tensor  # (B, K), uncalibrated
    embedding: Tensor  # (B, D), L2-normalized
    features: Tensor  # (B, C, h, w)


class LandmarkNet(nn.Module):
    """Backbone, pooling, embedding, head; normalization is its first layer.

    So whatever is exported takes the uint8 pixels that `photo.prepare` gives, and training and
    inference can't normalize in two ways.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, config: ModelConfig, classes: int, *, load_weights: bool = True) -> None:
        super().__init__()
        self.config = config
        self.backbone = architectures.build(
            config.architecture,
            pretrained_weights=load_weights and config.weights == "imagenet",
            drop_path=config.drop_path,
        )
        backbone = cast(architectures.Backbone, self.backbone)
        channels = backbone.channels
        self.register_buffer("mean", 255 * torch.tensor(backbone.mean).view(1, 3, 1, 1))
        self.register_buffer("std", 255 * torch.tensor(backbone.std).view(1, 3, 1, 1))
        self.pool = GeneralizedMean() if config.pool == "gem" else AveragePool()
        dimension = config.embedding or channels
        self.neck = (
            nn.Sequential(nn.Linear(channels, dimension, bias=False), nn.BatchNorm1d(dimension))
            if config.embedding
            else nn.Identity()
        )
        self.head: nn.Module
        if config.head == "softmax":
            self.head = SoftmaxHead(dimension, classes, config.dropout)
        else:
            self.head = CosineHead(
                dimension,
                classes,
                subcenters=config.subcenters,
                scale=config.scale,
                dropout=config.dropout,
            )

    def forward(self, pixels: Tensor) -> Outputs:
        """Map uint8 pixels (B, S, S, 3), RGB in 0..255, to outputs."""
        return self.from_planes(pixels.permute(0, 3, 1, 2).float())

    def from_planes(self, planes: Tensor) -> Outputs:
        """Map float pixels (B, 3, S, S), RGB in 0..255, to outputs: what augmentation gives."""
        vector, features = self._look_at(planes)
        with torch.autocast(planes.device.type, enabled=False):
            return Outputs(self.head(vector), F.normalize(vector), features)

    def vector_of(self, planes: Tensor) -> Tensor:
        """Map float pixels (B, 3, S, S) to what the head takes, (B, D): not normalized."""
        return self._look_at(planes)[0]

    def _look_at(self, planes: Tensor) -> tuple[Tensor, Tensor]:
        features = self.backbone((planes - self.mean) / self.std)
        # Pooling and head in full precision: they cost nothing, and cosines need the digits.
        with torch.autocast(planes.device.type, enabled=False):
            features = features.float()
            return self.neck(self.pool(features)), features
