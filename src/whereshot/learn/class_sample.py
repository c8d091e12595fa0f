"""Which classes a batch is compared with, where there are too many to compare with all.

The classes of its own photos always, and others drawn by chance: then memory and time of a step
grow with the sample, not with all classes. K classes, n of them drawn.

References: X. An et al., "Partial FC: Training 10 Million Identities on a Single Machine" (ICCV
workshops 2021), "Killing Two Birds with One Stone: Efficient and Robust Training of Face
Recognition CNNs by Partial FC" (CVPR 2022).
"""

from __future__ import annotations

import torch
from torch import Tensor


def draw_classes(labels: Tensor, classes: int, share: float, *, seed: int) -> Tensor:
    """The numbers (n,) of `share` of the K classes, rising: all of `labels`, the rest by chance.

    n is more than that where the batch itself has more classes. Label K, a photo without a
    landmark, is of no class. The same seed draws the same others, on any device.
    """
    own = labels[labels < classes].unique().cpu()
    keys = torch.rand(classes, generator=torch.Generator().manual_seed(seed))  # in [0, 1)
    keys[own] = 2.0
    count = max(1, round(share * classes), len(own))
    return keys.topk(count).indices.sort().values.to(labels.device)


def places_in(chosen: Tensor, labels: Tensor) -> Tensor:
    """Where labels (B,) stand among the chosen classes (n,); label K becomes n.

    >>> places_in(torch.tensor([2, 5, 7]), torch.tensor([7, 2, 9])).tolist()  # 9 classes
    [2, 0, 3]
    """
    return torch.searchsorted(chosen, labels)
