"""Photos in TAR shards, as webdataset reads them: what is known of them, and the reading.

Training knows every photo's class without opening a shard, and where in it a photo begins, from an
index (`learn.shard_index`). About 40 bytes a photo are in memory, whatever the photos' own size.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from whereshot.errors import DatasetError, MissingExtraError
from whereshot.learn.dataset import PhotoIndex

_CHUNK = 1 << 20
COLUMNS = ("keys", "labels", "shard", "offset", "size")


@dataclass(frozen=True, slots=True)
class ShardFile:
    """One shard: its path or URL, and what its index says of it."""

    file: str
    photos: int
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, eq=False)
class Shards:
    """N photos of K classes in shards, sorted by shard and place; the like of a `PhotoIndex`.

    Arrays (N,): `keys` bytes, `labels` class numbers, `shard` numbers of `files`, and where in it
    the photo begins (`offset`) and how long it is (`size`), in bytes.
    """

    root: str
    classes: tuple[str, ...]
    files: tuple[ShardFile, ...]
    keys: NDArray[np.bytes_]
    labels: NDArray[np.int32]
    shard: NDArray[np.int32]
    offset: NDArray[np.int64]
    size: NDArray[np.int64]
    reader: ShardReader = field(default_factory=lambda: ShardReader())

    def __len__(self) -> int:
        return len(self.labels)

    def counts(self) -> list[int]:
        """Photos per class, in the order of `classes`."""
        return np.bincount(self.labels, minlength=len(self.classes)).tolist()

    def subset(self, numbers: Sequence[int] | NDArray[np.integer]) -> Shards:
        """The photos with these numbers, of the same classes."""
        rows = np.asarray(numbers, dtype=np.int64)
        columns = (getattr(self, name)[rows] for name in COLUMNS)
        return Shards(self.root, self.classes, self.files, *columns)

    def source(self, number: int) -> bytes:
        """The encoded bytes of a photo; going forward costs least. Raises DatasetError."""
        return self.reader.read(self, number)

    def name(self, number: int) -> str:
        """What messages call a photo."""
        return f"{self.files[self.shard[number]].file}#{self.keys[number].decode()}"

    def fingerprint(self) -> str:
        """SHA-256 over class names and the shards' hashes: the same data, the same hex."""
        digest = hashlib.sha256("\0".join(self.classes).encode("utf-8", "surrogateescape"))
        for shard in self.files:
            digest.update(f"\n{PurePosixPath(shard.file).name}\0{shard.sha256}".encode())
        return digest.hexdigest()


AnyPhotos = PhotoIndex | Shards
"""Photos to learn from or to be checked on, wherever they lie."""


class ShardReader:
    """Reads photos out of shards and keeps the last one open.

    A file is sought in; what comes through a pipe is read up to where a photo begins, and anew from
    its start where that lies behind. Copies, such as those in other processes, open their own.
    """

    def __init__(self) -> None:
        self._file, self._at, self._process = "", 0, 0
        self._stream: BinaryIO | None = None

    def __reduce__(self) -> tuple[type[ShardReader], tuple[()]]:
        return ShardReader, ()

    def __del__(self) -> None:
        self.close()

    def close(self) -> None:
        """Close what is open; reading opens it again."""
        if self._stream is not None and self._process == os.getpid():
            self._stream.close()
        self._stream = None

    def read(self, shards: Shards, number: int) -> bytes:
        """The bytes of a photo. Raises DatasetError for a shard that is not what its index says."""
        file = shards.files[shards.shard[number]].file
        offset, size = int(shards.offset[number]), int(shards.size[number])
        try:
            stream = self._stream_at(file, offset)
            data = stream.read(size)
        except OSError as error:
            raise DatasetError(
                f"The shard '{file}' can't be read: {error.strerror or error}. Put it back, "
                "or name the ones that are there in data.train."
            ) from error
        self._at = offset + len(data)
        if len(data) < size:
            raise DatasetError(
                f"The shard '{file}' ends within a photo that its index knows. Copy it again, "
                "or index what is there: whereshot data index SHARDS"
            )
        return data

    def _stream_at(self, file: str, offset: int) -> BinaryIO:
        stream = self._stream
        # A file that was open before a fork has one position for both processes.
        if stream is None or self._file != file or self._process != os.getpid():
            stream = self._open(file)
        if not is_url(file):
            stream.seek(offset)
            return stream
        if offset < self._at:
            stream = self._open(file)
        while self._at < offset:
            skipped = len(stream.read(min(_CHUNK, offset - self._at)))
            if not skipped:
                break
            self._at += skipped
        return stream

    def _open(self, file: str) -> BinaryIO:
        self.close()
        self._stream = open_shard(file)
        self._file, self._at, self._process = file, 0, os.getpid()
        return self._stream


def is_url(place: str) -> bool:
    """Whether webdataset's readers are asked for it: `http://...`, `s3://...`, `pipe:...`."""
    return "://" in place or place.startswith("pipe:")


def is_shards(place: str) -> bool:
    """Whether a recipe's `data.train` names shards rather than a folder.

    >>> is_shards("shards/train-{000000..000099}.tar"), is_shards("photos/world")
    (True, False)
    """
    return is_url(place) or (place.endswith(".tar") and not Path(place).is_dir())


def open_shard(file: str) -> BinaryIO:
    """A shard for reading from its beginning; a URL through webdataset's own readers."""
    if not is_url(file):
        return Path(file).open("rb")
    try:
        from webdataset.gopen import gopen
    except ImportError:
        raise MissingExtraError(
            f"'{file}' is for webdataset to read, which is not installed: "
            "pip install 'whereshot[learn]'"
        ) from None
    return cast(BinaryIO, gopen(file, "rb"))


def hold_out(
    shards: Shards, share: float, *, seed: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Numbers of the photos to keep and to hold out: `share` of each class, by hashes of keys.

    At most half of a class; of classes so small that it is a fraction of a photo, chance decides
    whether it is one. A photo is held out or not whatever shard it lies in. Near-duplicates are not
    kept together, as those in folders are: that would take all photos at once.
    """
    draws = np.array([_draw(seed, key) for key in shards.keys.tolist()], dtype=np.float64)
    counts = np.array(shards.counts())
    fractions = np.array([_draw(seed, name.encode()) for name in shards.classes])
    wanted = np.minimum(np.floor(share * counts + fractions).astype(int), counts // 2)
    by_class = np.lexsort((draws, shards.labels))
    labels = shards.labels[by_class]
    rank = np.arange(len(labels)) - np.searchsorted(labels, labels)
    held = np.sort(by_class[rank < wanted[labels]]) if share > 0 else by_class[:0]
    kept = np.ones(len(shards), dtype=bool)
    kept[held] = False
    return np.flatnonzero(kept), held


def _draw(seed: int, key: bytes) -> float:
    """A number in [0, 1) that a seed and a key decide."""
    digest = hashlib.blake2b(key, digest_size=7, key=str(seed).encode()).digest()
    return int.from_bytes(digest, "big") / 2**56
