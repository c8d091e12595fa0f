"""Where in a photo a landmark is seen: what speaks for it, cell by cell of the feature map.

A network's pooled features are its embedding, so the features of one cell are an embedding of what
stands there, and can be compared with a landmark's prototypes. That needs neither gradients nor
the head's weights, and works for landmarks that were enrolled and that the head doesn't know.

C channels, D embedding size, h x w cells, P prototypes.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from whereshot.photo import Box
from whereshot.recognize.prototypes import Prototypes
from whereshot.recognize.region import outline
from whereshot.records import Landmark, Region

Floats = NDArray[np.floating]

_LEAST_LENGTH = 0.1  # of what is a prototype's own, to be told from rounding
_NOTHING = 1e-6


@dataclass(frozen=True, slots=True)
class Heatmap:
    """How much each part of a photo speaks for a landmark.

    `values` (h, w) float32 are cells in [0, 1]: 1 is the hottest, 0 speaks for it no more than for
    others. They cover `box`, the part of the photo that the network looks at, in px of the upright
    photo at its full size `width` x `height`.
    """

    values: NDArray[np.float32] = field(repr=False, compare=False)
    box: Box
    width: int
    height: int
    landmark: Landmark

    @property
    def region(self) -> Region | None:
        """The polygon around the hottest place, in px of the photo; None where nothing is hot."""
        found = outline(self.values)
        if found is None:
            return None
        left, top, right, bottom = self.box
        return tuple((left + x * (right - left), top + y * (bottom - top)) for x, y in found)


class Locator:
    """Finds landmarks in feature maps, by their prototypes.

    What all landmarks have in common, being buildings or mountains in daylight, is the mean of
    their prototypes. Only what a prototype has beyond that tells its landmark from others.
    """

    def __init__(self, prototypes: Prototypes) -> None:
        self._prototypes = prototypes
        self._common = _direction_of_all(prototypes)

    def find(self, features: Floats, embedding: Floats, landmark: int) -> NDArray[np.float32]:
        """How much each cell speaks for a landmark, (h, w) in 0..1.

        `features` (C, h, w) and `embedding` (D,) are the network's of one photo, `landmark` is the
        landmark's number in the landmark set. The evidence of a cell is the cosine of its features
        with the prototype, less what all prototypes share. Of several prototypes the one nearest
        to the photo counts: the castle by night where it is night.

        Where cells can't be compared, since the landmark has no prototype or the network embeds
        its pooled features once more (D is not C), it is how strongly the cell is active at all.
        """
        if features.ndim != 3:
            raise ValueError(f"features must be (C, h, w) of one photo, got {features.shape}")
        maps = features.astype(np.float32)
        strength = np.sqrt(np.square(maps).sum(axis=0))  # (h, w)
        own = self._prototypes.vectors[self._prototypes.owner == landmark]
        if not len(own) or own.shape[1] != len(maps):
            return positive_share(strength)
        nearest = own[int((own @ embedding).argmax())]
        spoken = np.tensordot(self._beyond_common(nearest), maps, axes=1)
        return positive_share(spoken / np.maximum(strength, _NOTHING))

    def _beyond_common(self, prototype: Floats) -> Floats:
        beyond = prototype - float(prototype @ self._common) * self._common
        # A landmark that is alone in its set has everything in common with the set.
        return beyond if float(np.linalg.norm(beyond)) > _LEAST_LENGTH else prototype


def positive_share(values: Floats) -> NDArray[np.float32]:
    """Values scaled so that the largest is 1; negative ones are 0, and so are all if none is not.

    >>> positive_share(np.array([-1.0, 1.0, 4.0])).tolist()
    [0.0, 0.25, 1.0]
    """
    most = float(values.max())
    if not most > 0:
        return np.zeros(values.shape, np.float32)
    return (np.maximum(values, 0) / most).astype(np.float32)


def _direction_of_all(prototypes: Prototypes) -> Floats:
    """The mean of the landmarks' mean prototypes, with length 1: (D,), zeros if there are none.

    Each landmark counts once, however many prototypes it has.
    """
    vectors, owner = prototypes.vectors, prototypes.owner
    weights = (1 / np.bincount(owner)[owner]).astype(np.float32)  # (P,)
    total = weights @ vectors
    return total / max(float(np.linalg.norm(total)), _NOTHING)
