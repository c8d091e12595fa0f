"""Class activation: which cells of the feature map speak for a class.

C channels, h x w cells, K classes.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from whereshot.recognize.heatmap import positive_share

Floats = NDArray[np.floating]

Head = Callable[[NDArray[np.float32]], Floats]
"""The end of a network: maps features (B, C, h, w) float32 to logits (B, K)."""

_CELLS_AT_ONCE = 32  # 1,280 channels of 9 x 9 cells are 13 MB then


def class_activation(features: Floats, weights: Floats) -> NDArray[np.float32]:
    """The class activation map of a linear head over average pooling, (h, w) in 0..1.

    `features` (C, h, w) is what the network exports of one photo, `weights` (C,) the head's row of
    the class. The logit is the mean of `weights @ features` over all cells: the map shows each
    cell's term, scaled so that the largest is 1. What speaks against the class is 0.

    Reference: B. Zhou et al., "Learning Deep Features for Discriminative Localization" (CVPR
    2016), equation 2.

    >>> class_activation(np.array([[[1.0, 3.0]], [[2.0, 0.0]]]), np.array([1.0, -1.0])).tolist()
    [[0.0, 1.0]]
    """
    if features.ndim != 3 or weights.shape != features.shape[:1]:
        raise ValueError(
            "expected features (C, h, w) of one photo and weights (C,) of one class, got "
            f"{features.shape} and {weights.shape}"
        )
    return positive_share(np.tensordot(weights, features, axes=1))


def head_activation(head: Head, features: Floats, class_number: int) -> NDArray[np.float32]:
    """What the logit of a class loses when a cell falls silent, (h, w) in 0..1.

    For average pooling and a linear head that is the class activation map, to the digit. It needs
    neither: any pooling and any head (generalized mean, embedding, cosine) can be asked so.
    """
    if features.ndim != 3:
        raise ValueError(f"expected features (C, h, w) of one photo, got {features.shape}")
    whole = features.astype(np.float32)[None]  # (1, C, h, w)
    height, width = whole.shape[2:]
    losses: list[Floats] = []
    for start in range(0, height * width, _CELLS_AT_ONCE):
        cells = np.arange(start, min(start + _CELLS_AT_ONCE, height * width))
        silenced = np.repeat(whole, len(cells), axis=0)
        silenced[np.arange(len(cells)), :, cells // width, cells % width] = 0
        losses.append(-head(silenced)[:, class_number])
    spoken = np.concatenate(losses).astype(np.float64) + float(head(whole)[0, class_number])
    return positive_share(spoken.reshape(height, width))
