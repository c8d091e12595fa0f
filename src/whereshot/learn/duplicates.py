"""Near-duplicates among photos: re-encoded, resized, recolored, slightly cropped, mirrored copies.

Copies of one photo on both sides of a split make a test too easy; copies under two landmarks are
a wrong label. They are found by their perceptual hashes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from whereshot.errors import PhotoError
from whereshot.photo import decode
from whereshot.photo.perceptual import MAX_DISTANCE, THUMBNAIL, PhotoHash, hash_pixels

DECODE_SIDE = 2 * THUMBNAIL  # JPEGs are decoded at the smallest scale that is still this large
WORDS = 4  # uint64 words in a hash: 255 bits and a zero
BLOCK = 1024  # hashes a side of one comparison: 8 MB of distances

Words = NDArray[np.uint64]


def hash_photos(
    paths: Sequence[Path], *, on_photo: Callable[[], object] | None = None
) -> list[PhotoHash | None]:
    """The hash of each photo, in order; None where it can't be read or is a plain surface.

    `on_photo` is called after each photo, in the calling thread.
    """

    def hash_photo(path: Path) -> PhotoHash | None:
        try:
            return hash_pixels(decode(path, min_side=DECODE_SIDE))
        except PhotoError:
            return None

    hashes: list[PhotoHash | None] = []
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:  # decoders release the GIL
        for photo_hash in pool.map(hash_photo, paths):
            hashes.append(photo_hash)
            if on_photo is not None:
                on_photo()
    return hashes


def group_hashes(
    hashes: Sequence[PhotoHash | None], *, max_distance: int = MAX_DISTANCE
) -> list[int]:
    """A group number for each hash: equal for those joined by a chain of near-duplicates.

    Numbers count from 0 in order of first appearance. None is alone in its group.
    """
    if not 0 <= max_distance <= 255:
        raise ValueError(f"max_distance must be in [0, 255] bits, got {max_distance}")
    # Equal hashes are joined first: thousands of copies of one photo would be millions of pairs.
    first_of: dict[PhotoHash, int] = {}
    parents = list(range(len(hashes)))
    for index, photo_hash in enumerate(hashes):
        if photo_hash is not None:
            parents[index] = first_of.setdefault(photo_hash, index)
    positions = list(first_of.values())
    upright = _words([photo_hash.upright for photo_hash in first_of])
    mirrored = _words([photo_hash.mirrored for photo_hash in first_of])
    for a, b in _near_pairs(upright, mirrored, max_distance):
        _join(parents, positions[a], positions[b])
    numbers: dict[int, int] = {}
    return [numbers.setdefault(_root(parents, index), len(numbers)) for index in range(len(hashes))]


def group_near_duplicates(
    paths: Sequence[Path],
    *,
    max_distance: int = MAX_DISTANCE,
    on_photo: Callable[[], object] | None = None,
) -> list[int]:
    """A group number for each photo; near-duplicates, mirrored ones too, share one.

    A photo that can't be read, or that is a plain surface, has a group of its own. Memory stays
    constant apart from one hash a photo; time grows with the square of their number, by about
    10 ns a pair of photos.
    """
    return group_hashes(hash_photos(paths, on_photo=on_photo), max_distance=max_distance)


def _words(hashes: Sequence[int]) -> Words:
    """Hashes as (N, 4) uint64."""
    packed = b"".join(value.to_bytes(8 * WORDS, "big") for value in hashes)
    return np.frombuffer(packed, np.uint64).reshape(-1, WORDS)


def _near_pairs(upright: Words, mirrored: Words, max_distance: int) -> Iterator[tuple[int, int]]:
    """All pairs a < b whose hashes, or hash and mirrored hash, are near.

    Block by block. Half of the bits rule out nearly all pairs: only the rest is compared in full.
    """
    for top in range(0, len(upright), BLOCK):
        for left in range(top, len(upright), BLOCK):
            rows = upright[top : top + BLOCK]
            for other in (upright, mirrored):
                columns = other[left : left + BLOCK]
                half = np.bitwise_count(rows[:, None, 0] ^ columns[None, :, 0])
                half += np.bitwise_count(rows[:, None, 1] ^ columns[None, :, 1])
                a, b = np.nonzero(half <= max_distance)
                rest = np.bitwise_count(rows[a, 2:] ^ columns[b, 2:]).sum(axis=1, dtype=np.int64)
                near = half[a, b] + rest <= max_distance
                if left == top:
                    near &= a < b
                yield from zip((a[near] + top).tolist(), (b[near] + left).tolist(), strict=True)


def _root(parents: list[int], index: int) -> int:
    while parents[index] != index:
        parents[index] = parents[parents[index]]  # halves the way for the next who asks
        index = parents[index]
    return index


def _join(parents: list[int], a: int, b: int) -> None:
    a, b = _root(parents, a), _root(parents, b)
    parents[max(a, b)] = min(a, b)
