"""How the train set of Google Landmarks v2 is published: its tables, its shards, its photo ids.

Facts from the publisher's repository, github.com/cvdfoundation/google-landmark (version 2.1): the
names of all files, 500 shards of about 1 GB, a photo at a/b/c/abc....jpg of its shard.

Which photo is in which shard is not written down there. A photo's id is 16 hexadecimal digits, and
the shards hold the ids in ascending order, each about a 500th of all: whoever looks at them finds
0000... in the first and b0b2... in number 345. So an id tells its shard, but for a neighbour's
width at the borders; what a shard turns out to hold tells the rest.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BASE_URL = "https://s3.amazonaws.com/google-landmark"
SHARDS = 500
PHOTOS = 4_132_914
SHARD_BYTES = 1_000_000_000
"""About what a shard has; the exact size is known when it is asked for."""

PHOTO_BYTES = SHARD_BYTES * SHARDS // PHOTOS
"""About what a photo has."""

_PHOTO_NAME = re.compile(r"(?:\./)?([0-9a-f])/([0-9a-f])/([0-9a-f])/(\1\2\3[0-9a-f]{13})\.jpg")
_PHOTO_ID = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class Published:
    """The set at a URL: the publisher's, or a mirror's of the same layout."""

    base_url: str = BASE_URL
    shards: int = SHARDS

    def table_url(self, name: str) -> str:
        """Where a table such as `train.csv` is."""
        return f"{self.base_url.rstrip('/')}/metadata/{name}"

    def shard_url(self, number: int) -> str:
        """Where a shard is."""
        return f"{self.base_url.rstrip('/')}/train/{shard_name(number)}"

    def md5_url(self, number: int) -> str:
        """Where the MD5 of a shard is."""
        return f"{self.base_url.rstrip('/')}/md5sum/train/md5.images_{number:03d}.txt"

    def expected_shard(self, photo: int) -> int:
        """The shard that an id should be in, were all of them equally wide.

        >>> Published().expected_shard(0xB0B202C05C722F59)
        345
        """
        return (photo >> 32) * self.shards >> 32

    def expected_shards(self, photos: NDArray[np.uint64]) -> NDArray[np.int32]:
        """The same for many ids (N,)."""
        thirty_two = np.uint64(32)
        return ((photos >> thirty_two) * np.uint64(self.shards) >> thirty_two).astype(np.int32)


def shard_name(number: int) -> str:
    """What a shard is called.

    >>> shard_name(7)
    'images_007.tar'
    """
    return f"images_{number:03d}.tar"


def parse_photo_id(text: str) -> int | None:
    """An id as a number, for it takes a tenth of the memory; None for anything else."""
    return int(text, 16) if _PHOTO_ID.fullmatch(text) else None


def photo_id(number: int) -> str:
    """The id that a number stands for.

    >>> photo_id(0x19B859B575233)
    '00019b859b575233'
    """
    return f"{number:016x}"


def photo_in_shard(name: str) -> int | None:
    """The photo that a file of a shard is; None for what is no photo at its place.

    >>> photo_id(photo_in_shard("b/0/b/b0b202c05c722f59.jpg"))
    'b0b202c05c722f59'
    >>> photo_in_shard("../b/0/b/b0b202c05c722f59.jpg")
    """
    found = _PHOTO_NAME.fullmatch(name)
    return int(found[4], 16) if found else None
