"""Class folders into TAR shards, as webdataset reads them.

A photo is three files of one name in a shard: the photo itself, byte by byte as it was (`.jpg`,
`.png`, ...), the number of its class (`.cls`), and what else is known of it (`.json`: `landmark`,
`class`, `photo`). The same folders give the same bytes.
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np

from whereshot.errors import DatasetError, PhotoError
from whereshot.learn.dataset import Part, PhotoIndex, class_key, index_folder
from whereshot.learn.shard_index import INDEX, write_index
from whereshot.learn.shards import ShardFile, Shards
from whereshot.photo import decode
from whereshot.photo.source import read_photo

OnPhoto = Callable[[int, int], object]
"""Called as on_photo(photos done, photos in all); in all is 0 where that is not known."""

BLOCK = 512  # bytes, what everything in a TAR is a multiple of
NUMBER, ABOUT = "cls", "json"


@dataclass(frozen=True, slots=True)
class Sharded:
    """What was written: the shards, their index, and (path, reason) of photos that were not."""

    shards: Shards
    index: Path
    skipped: tuple[tuple[str, str], ...]


@dataclass(slots=True)
class Columns:
    """The columns of an index while it grows."""

    files: list[ShardFile] = field(default_factory=list[ShardFile])
    keys: list[bytes] = field(default_factory=list[bytes])
    labels: list[int] = field(default_factory=list[int])
    shard: list[int] = field(default_factory=list[int])
    offset: list[int] = field(default_factory=list[int])
    size: list[int] = field(default_factory=list[int])

    def shards(self, root: str, classes: tuple[str, ...]) -> Shards:
        """The table as arrays."""
        return Shards(
            root,
            classes,
            tuple(self.files),
            np.array(self.keys, dtype=np.bytes_),
            np.array(self.labels, dtype=np.int32),
            np.array(self.shard, dtype=np.int32),
            np.array(self.offset, dtype=np.int64),
            np.array(self.size, dtype=np.int64),
        )


class Hashing:
    """A file for writing or reading that hashes and counts all that passes."""

    def __init__(self, stream: BinaryIO) -> None:
        self.stream, self.digest, self.count = stream, hashlib.sha256(), 0

    def write(self, data: bytes) -> int:
        """Write all of it."""
        self._note(data)
        return self.stream.write(data)

    def read(self, size: int = -1) -> bytes:
        """Read at most so much."""
        data = self.stream.read(size)
        self._note(data)
        return data

    def _note(self, data: bytes) -> None:
        self.digest.update(data)
        self.count += len(data)


def write_shards(
    folder: str | Path,
    to: str | Path,
    *,
    part: Part = "train",
    megabytes: float = 256,
    seed: int = 0,
    on_photo: OnPhoto | None = None,
) -> Sharded:
    """Write the photos of class folders into `to/PART-000000.tar`, ... with an index beside them.

    Photos come in an order drawn by `seed`, so that any stretch of a shard has photos of all
    kinds; a shard is full at `megabytes`. Photos that can't be read are left out and named. What
    was there of these shards is overwritten; without an index, which comes last, it was not whole.

    Raises DatasetError where there are no photos, none that can be read, or nothing can be written.
    """
    if megabytes <= 0:
        raise ValueError(f"megabytes must be above 0, got {megabytes}")
    index, to = index_folder(folder, part), Path(to)
    table, skipped = Columns(), list[tuple[str, str]]()
    photos = _readable(index, seed, skipped, on_photo)
    place = to / f"{part}.{INDEX}"
    try:
        to.mkdir(parents=True, exist_ok=True)
        place.unlink(missing_ok=True)
        first = next(photos, None)
        while first is not None:
            path = to / f"{part}-{len(table.files):06d}.tar"
            first = _write_shard(path, first, photos, table, index, int(megabytes * 1e6))
        if not table.files:
            raise DatasetError(f"None of the {len(index)} photos of '{index.root}' can be read.")
        for old in to.glob(f"{part}-*.tar"):  # more than now, of a set that was there before
            if old.name not in {Path(each.file).name for each in table.files}:
                old.unlink()
        shards = table.shards(str(to / f"{part}-*.tar"), index.classes)
        write_index(shards, place)
    except OSError as error:
        raise DatasetError(
            f"Shards can't be written to '{to}': {error.strerror or error}. Make room for them, "
            "get the right to write, or choose another folder."
        ) from error
    return Sharded(shards, place, tuple(skipped))


@dataclass(frozen=True, slots=True)
class _Photo:
    """A photo on its way into a shard."""

    number: int
    data: bytes


def _readable(
    index: PhotoIndex, seed: int, skipped: list[tuple[str, str]], on_photo: OnPhoto | None
) -> Iterator[_Photo]:
    """The photos in the drawn order; those that can't be decoded go to `skipped`."""
    order = np.random.default_rng(seed).permutation(len(index)).tolist()
    for done, number in enumerate(order, start=1):
        path = index.paths[number]
        try:
            data = read_photo(path)
            decode(data, min_side=32)
        except PhotoError as error:
            skipped.append((str(path), str(error)))
        else:
            yield _Photo(number, data)
        if on_photo is not None:
            on_photo(done, len(order))


def _write_shard(
    path: Path,
    first: _Photo,
    photos: Iterator[_Photo],
    table: Columns,
    index: PhotoIndex,
    most_bytes: int,
) -> _Photo | None:
    """Write photos until the shard is full or none is left; returns the one for the next shard."""
    before, photo = len(table.keys), first
    temporary = path.with_name(path.name + ".part")
    following: _Photo | None = None
    with temporary.open("wb") as file:
        hashing = Hashing(file)
        with tarfile.open(fileobj=cast(BinaryIO, hashing), mode="w|") as tar:
            while True:
                _add(tar, photo, table, index)
                following = next(photos, None)
                if following is None or tar.offset + len(following.data) > most_bytes:
                    break
                photo = following
    temporary.replace(path)
    count = len(table.keys) - before
    table.files.append(ShardFile(str(path), count, hashing.count, hashing.digest.hexdigest()))
    return following


def _add(tar: tarfile.TarFile, photo: _Photo, table: Columns, index: PhotoIndex) -> None:
    path, label = index.paths[photo.number], index.labels[photo.number]
    relative = path.relative_to(index.root).as_posix()
    # Of the path, not of the content: two folders may hold the same photo.
    key = hashlib.blake2b(relative.encode("utf-8", "surrogateescape"), digest_size=8).hexdigest()
    name = index.classes[label]
    about = {"landmark": class_key(name), "class": name, "photo": relative}
    _add_file(tar, f"{key}{path.suffix.lower()}", photo.data)
    table.keys.append(key.encode())
    table.labels.append(label)
    table.shard.append(len(table.files))
    table.offset.append(tar.offset - -(-len(photo.data) // BLOCK) * BLOCK)
    table.size.append(len(photo.data))
    _add_file(tar, f"{key}.{NUMBER}", str(label).encode())
    _add_file(tar, f"{key}.{ABOUT}", json.dumps(about).encode())


def _add_file(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    entry = tarfile.TarInfo(name)  # of no owner and no time: the same photos, the same bytes
    entry.size = len(data)
    tar.addfile(entry, io.BytesIO(data))
