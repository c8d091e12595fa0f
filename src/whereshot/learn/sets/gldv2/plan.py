"""What a fetch will bring, worked out from the tables before the first photo comes."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from whereshot.errors import DatasetError
from whereshot.learn.dataset import class_key
from whereshot.learn.sets.gldv2.choice import Chosen
from whereshot.learn.sets.gldv2.published import PHOTO_BYTES, SHARD_BYTES, Published, photo_id
from whereshot.learn.sets.gldv2.wanted import Wanted

_FORBIDDEN = '\\/:*?"<>|'  # on one system or another
_LONGEST_NAME_BYTES = 150


@dataclass(frozen=True, slots=True)
class Plan:
    """K landmarks, their class folders, their photos (`wanted.classes` numbers the landmarks).

    `shards` are those that are asked for first, in ascending order. With `limited`, photos that
    turn out to be in other shards are left out.
    """

    published: Published
    landmarks: tuple[Chosen, ...]
    folders: tuple[str, ...]
    wanted: Wanted
    shards: tuple[int, ...]
    limited: bool = False

    @property
    def download_bytes(self) -> int:
        """About what the shards have together."""
        return len(self.shards) * SHARD_BYTES

    @property
    def photo_bytes(self) -> int:
        """About what the photos have together."""
        return len(self.wanted) * PHOTO_BYTES

    def path_of(self, photo: int, number: int) -> str:
        """Where a photo of class `number` goes, relative to the set's folder, with slashes."""
        return f"train/{self.folders[number]}/{photo_id(photo)}.jpg"

    def fingerprint(self) -> str:
        """SHA-256 over folders and photos: the same choice, the same hex."""
        digest = hashlib.sha256("\0".join(self.folders).encode("utf-8", "surrogateescape"))
        digest.update(self.wanted.photos.astype("<u8").tobytes())
        digest.update(self.wanted.classes.astype("<i4").tobytes())
        return digest.hexdigest()


def make_plan(
    published: Published,
    landmarks: Sequence[Chosen],
    wanted: Wanted,
    *,
    min_photos: int = 1,
    max_shards: int | None = None,
    all_shards: bool = False,
) -> Plan:
    """Plan the fetch of the wanted photos, without landmarks that have fewer than `min_photos`.

    `max_shards` takes only so many shards, those with the most wanted photos, and only the photos
    in them. `all_shards` asks for every shard, wherever a photo should be. Raises DatasetError
    where no photo is left.
    """
    expected = published.expected_shards(wanted.photos)
    if max_shards is not None:
        counts = np.bincount(expected, minlength=published.shards)
        best = np.argsort(-counts, kind="stable")[:max_shards]
        in_them = np.isin(expected, best)
        wanted, expected = wanted.subset(in_them), expected[in_them]
    enough = np.array(wanted.per_class(len(landmarks))) >= max(min_photos, 1)
    if not enough.any():
        raise DatasetError(
            f"None of the {len(landmarks):,} landmarks has {max(min_photos, 1):,} photos. "
            "Ask for fewer (--min-photos), or take the photos that nobody cleaned too (--all)."
        )
    kept = enough[wanted.classes]
    renumbered = np.cumsum(enough).astype(np.int32) - 1
    wanted, expected = wanted.subset(kept), expected[kept]
    wanted = Wanted(wanted.photos, renumbered[wanted.classes])
    chosen = tuple(one for one, is_in in zip(landmarks, enough, strict=True) if is_in)
    shards = range(published.shards) if all_shards else np.unique(expected).tolist()
    return Plan(
        published, chosen, name_folders(chosen), wanted, tuple(shards), max_shards is not None
    )


def name_folders(landmarks: Sequence[Chosen]) -> tuple[str, ...]:
    """A class folder for each landmark: `NUMBER.Its_Name`, and no two that training takes for one.

    >>> name_folders([Chosen(47378, "", "Eiffel Tower"), Chosen(9, "", "AC/DC Lane.")])
    ('47378.Eiffel_Tower', '9.AC_DC_Lane')
    """
    names = [_portable(one.name) for one in landmarks]
    taken = Counter(
        class_key(f"{one.landmark}.{name}") for one, name in zip(landmarks, names, strict=True)
    )
    folders: list[str] = []
    for one, name in zip(landmarks, names, strict=True):
        folder = f"{one.landmark}.{name}"
        folders.append(folder if taken[class_key(folder)] == 1 else f"{folder}_{one.landmark}")
    return tuple(folders)


def _portable(name: str) -> str:
    """A name that every file system takes behind a number."""
    letters = ("_" if letter in _FORBIDDEN else letter for letter in name.replace(" ", "_"))
    safe = "".join(letter if letter.isprintable() else "_" for letter in letters)
    cut = safe.encode("utf-8", "replace")[:_LONGEST_NAME_BYTES].decode("utf-8", "ignore")
    return cut.rstrip("._ ") or "unnamed"
