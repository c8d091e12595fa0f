"""Class folders into TAR shards, as webdataset reads them, and indexes of shards from anywhere.

A photo is three files of one name in a shard: the photo itself, byte by byte as it was (`.jpg`,
`.png`, ...), the number of its class (`.cls`), and what else is known of it (`.json`: `landmark`,
`class`, `photo`). The same folders give the same bytes.
"""

from __future__ import annotations

import hashlib
import io
import json
import logging
import tarfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np

from whereshot.errors import DatasetError, PhotoError
from whereshot.learn.dataset import Part, PhotoIndex, class_key, index_folder
from whereshot.learn.shards import (
    INDEX,
    ShardFile,
    Shards,
    expand,
    index_place,
    open_shard,
    write_index,
)
from whereshot.photo import decode
from whereshot.photo.source import read_photo
from whereshot.photo.suffixes import PHOTO_SUFFIXES

logger = logging.getLogger(__name__)

OnPhoto = Callable[[int, int], object]
"""Called as on_photo(photos done, photos in all); in all is 0 where that is not known."""

_BLOCK = 512  # bytes, what everything in a TAR is a multiple of
_NUMBER, _ABOUT = "cls", "json"


@dataclass(frozen=True, slots=True)
class Sharded:
    """What was written: the shards, their index, and (path, reason) of photos that were not."""

    shards: Shards
    index: Path
    skipped: tuple[tuple[str, str], ...]


@dataclass(slots=True)
class _Table:
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


class _Hashing:
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


# -- writing -------------------------------------------------------------------------------


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
    table, skipped = _Table(), list[tuple[str, str]]()
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
            logger.warning("left out: %s: %s", path, error)
            skipped.append((str(path), str(error)))
        else:
            yield _Photo(number, data)
        if on_photo is not None:
            on_photo(done, len(order))


def _write_shard(
    path: Path,
    first: _Photo,
    photos: Iterator[_Photo],
    table: _Table,
    index: PhotoIndex,
    most_bytes: int,
) -> _Photo | None:
    """Write photos until the shard is full or none is left; returns the one for the next shard."""
    before, photo = len(table.keys), first
    temporary = path.with_name(path.name + ".part")
    following: _Photo | None = None
    with temporary.open("wb") as file:
        hashing = _Hashing(file)
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


def _add(tar: tarfile.TarFile, photo: _Photo, table: _Table, index: PhotoIndex) -> None:
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
    table.offset.append(tar.offset - -(-len(photo.data) // _BLOCK) * _BLOCK)
    table.size.append(len(photo.data))
    _add_file(tar, f"{key}.{_NUMBER}", str(label).encode())
    _add_file(tar, f"{key}.{_ABOUT}", json.dumps(about).encode())


def _add_file(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    entry = tarfile.TarInfo(name)  # of no owner and no time: the same photos, the same bytes
    entry.size = len(data)
    tar.addfile(entry, io.BytesIO(data))


# -- indexing ------------------------------------------------------------------------------


@dataclass(slots=True)
class _Sample:
    """What a shard holds under one key."""

    offset: int = -1
    size: int = 0
    number: str = ""
    name: str = ""


def index_shards(
    pattern: str, index: str | Path | None = None, *, on_photo: OnPhoto | None = None
) -> Sharded:
    """Read shards from front to end and write their index beside them, or where `index` says.

    For shards that came without one. A photo needs a class: `class` or `landmark` in its `.json`,
    or the text of its `.cls`. What has none, or no photo, is skipped and named.

    Raises DatasetError where shards are missing, damaged, or hold no photo with a class.
    """
    place = index_place(pattern) if index is None else str(index)
    table, names, skipped = _Table(), list[str](), list[tuple[str, str]]()
    for file in expand(pattern):
        before, shard = len(table.keys), len(table.files)
        try:
            with open_shard(file) as stream:
                hashing = _Hashing(stream)
                samples = _samples_of(hashing)
                while hashing.read(1 << 20):  # what lies behind the end of the archive
                    pass
        except (OSError, tarfile.TarError) as error:
            raise DatasetError(
                f"The shard '{file}' can't be read: {error}. Copy it again, or leave it out."
            ) from error
        end = max((sample.offset + sample.size for sample in samples.values()), default=0)
        if hashing.count % _BLOCK or hashing.count < end:
            raise DatasetError(f"The shard '{file}' ends within a file. Copy it again.")
        for key, sample in samples.items():
            name = sample.name or sample.number
            if sample.offset < 0 or not name:
                skipped.append((f"{file}#{key}", "no class" if sample.size else "no photo"))
                continue
            table.keys.append(key.encode("utf-8", "surrogateescape"))
            names.append(name)
            table.shard.append(shard)
            table.offset.append(sample.offset)
            table.size.append(sample.size)
            if on_photo is not None:
                on_photo(len(names), 0)
        count = len(table.keys) - before
        table.files.append(ShardFile(file, count, hashing.count, hashing.digest.hexdigest()))
    if not names:
        raise DatasetError(
            f"The shards '{pattern}' hold no photo with a class. Expected KEY.jpg with KEY.cls or "
            "KEY.json in TAR files, as webdataset reads them."
        )
    classes = tuple(
        sorted(set(names), key=lambda name: (len(name), name) if name.isdigit() else (0, name))
    )
    numbers = {name: number for number, name in enumerate(classes)}
    table.labels = [numbers[name] for name in names]
    shards = table.shards(pattern, classes)
    try:
        write_index(shards, Path(place))
    except OSError as error:
        raise DatasetError(
            f"The index '{place}' can't be written: {error.strerror or error}. Say where to, in a "
            "folder of the same name as the shards'."
        ) from error
    return Sharded(shards, Path(place), tuple(skipped))


def _samples_of(stream: _Hashing) -> dict[str, _Sample]:
    """What one shard holds, by key, read from front to end."""
    samples: defaultdict[str, _Sample] = defaultdict(_Sample)
    with tarfile.open(fileobj=cast(BinaryIO, stream), mode="r|") as tar:
        for entry in tar:
            folder, slash, name = entry.name.rpartition("/")
            key, dot, suffix = name.partition(".")
            if not entry.isfile() or not dot:
                continue
            sample = samples[folder + slash + key]
            kind = suffix.lower()
            if f".{kind}" in PHOTO_SUFFIXES:
                sample.offset, sample.size = entry.offset_data, entry.size
            elif kind in (_NUMBER, _ABOUT):
                content = cast(BinaryIO, tar.extractfile(entry)).read()
                _describe(sample, kind, content)
    return samples


def _describe(sample: _Sample, kind: str, content: bytes) -> None:
    if kind == _NUMBER:
        sample.number = content.decode("utf-8", "replace").strip()
        return
    try:
        about = json.loads(content)
    except ValueError:
        return
    if isinstance(about, dict):
        said = cast("dict[str, object]", about)
        sample.name = str(said.get("class") or said.get("landmark") or "")


# -- checking ------------------------------------------------------------------------------


def check_shards(shards: Shards, on_shard: OnPhoto | None = None) -> list[tuple[str, str]]:
    """Read all shards and compare their SHA-256 with the index; (shard, what is wrong) of each."""
    wrong: list[tuple[str, str]] = []
    for done, known in enumerate(shards.files, start=1):
        try:
            with open_shard(known.file) as stream:
                hashing = _Hashing(stream)
                while hashing.read(1 << 20):
                    pass
        except OSError as error:
            wrong.append((known.file, f"can't be read: {error.strerror or error}"))
        else:
            if hashing.digest.hexdigest() != known.sha256:
                wrong.append((known.file, f"has {hashing.count:,} bytes, and another SHA-256"))
        if on_shard is not None:
            on_shard(done, len(shards.files))
    return wrong
