"""The photos to fetch, and the landmark of each: 12 bytes a photo, however many there are."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Photos = Iterable[tuple[int, Sequence[int]]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """N photos: their ids (N,) uint64, ascending, and the class of each (N,) int32."""

    photos: NDArray[np.uint64]
    classes: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.photos)

    def class_of(self, photo: int) -> int | None:
        """The class of a photo; None for one that is not wanted."""
        place = self.place_of(photo)
        return None if place is None else int(self.classes[place])

    def place_of(self, photo: int) -> int | None:
        """Where a photo is in the arrays; None for one that is not wanted."""
        place = int(np.searchsorted(self.photos, np.uint64(photo)))
        found = place < len(self.photos) and int(self.photos[place]) == photo
        return place if found else None

    def per_class(self, classes: int) -> list[int]:
        """How many photos each class has."""
        return np.bincount(self.classes, minlength=classes).tolist()

    def subset(self, kept: NDArray[np.bool_]) -> Wanted:
        """The photos where `kept` (N,) is true."""
        return Wanted(self.photos[kept], self.classes[kept])


def collect(photos: Photos, landmarks: Sequence[int]) -> Wanted:
    """The photos of these landmarks; their classes are numbered in this order."""
    numbers = {landmark: number for number, landmark in enumerate(landmarks)}
    ids, classes = array("Q"), array("i")
    for landmark, more in photos:
        number = numbers.get(landmark)
        if number is not None:
            ids.extend(more)
            classes.extend([number] * len(more))
    unsorted = np.frombuffer(ids, np.uint64) if ids else np.empty(0, np.uint64)
    # A photo that is listed twice is one photo, of the landmark that is listed first.
    sorted_ids, first = np.unique(unsorted, return_index=True)
    numbered = np.frombuffer(classes, np.int32) if classes else np.empty(0, np.int32)
    return Wanted(sorted_ids, numbered[first])
