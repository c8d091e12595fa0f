"""Photos in TAR shards, as webdataset reads them: an index of what lies where, and the reading.

A set of shards `train-000000.tar`, `train-000001.tar`, ... has an index beside it::

    train.index.json   classes, photos of each; file, photos, bytes, SHA-256 of each shard
    train.index.npz    of each photo, in the order of the shards: key, class, shard, offset, size

So training knows every photo's class without opening a shard, and where in it a photo begins.
About 50 bytes a photo are in memory, whatever the photos' own size.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from glob import has_magic
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from whereshot.errors import DatasetError, MissingExtraError
from whereshot.learn.dataset import PhotoIndex

INDEX, SAMPLES = "index.json", "index.npz"
_SCHEMA = "1"  # the major version that is read here
_CHUNK = 1 << 20
_RANGE = re.compile(r"\{(\d+)\.\.(\d+)\}")
_COLUMNS = ("keys", "labels", "shard", "offset", "size")


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
        columns = (getattr(self, name)[rows] for name in _COLUMNS)
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


def expand(pattern: str) -> list[str]:
    """The shards that a pattern names, sorted: `{000..099}` counted out, `*` looked up.

    Raises DatasetError where there are none.
    """
    found: list[str] = []
    for each in _counted_out(pattern):
        if has_magic(each) and not is_url(each):
            found += sorted(map(str, Path(each).parent.glob(Path(each).name)))
        else:
            found.append(each)
    if not found:
        raise DatasetError(
            f"No shards at '{pattern}'. Expected TAR files; make some of class folders: "
            "whereshot data shard DIR TO"
        )
    return found


def _counted_out(pattern: str) -> list[str]:
    """All that a pattern with numbers from one to another stands for.

    >>> _counted_out("a-{08..10}.tar")
    ['a-08.tar', 'a-09.tar', 'a-10.tar']
    """
    match = _RANGE.search(pattern)
    if match is None:
        return [pattern]
    low, high = match[1], match[2]
    before, after = pattern[: match.start()], _counted_out(pattern[match.end() :])
    numbers = [f"{number:0{len(low)}d}" for number in range(int(low), int(high) + 1)]
    return [before + number + rest for number in numbers for rest in after]


def index_place(pattern: str) -> str:
    """Where the index of shards lies: beside them, named like them up to their number.

    >>> index_place("shards/train-{000000..000099}.tar")
    'shards/train.index.json'
    >>> index_place("shards/*.tar")
    'shards/index.json'
    """
    folder, slash, name = pattern.rpartition("/")
    stem = name.removesuffix(".tar")
    for sign in "{*?[":
        stem = stem.partition(sign)[0]
    stem = stem.rstrip("0123456789").rstrip("-_.")
    return folder + slash + (f"{stem}.{INDEX}" if stem else INDEX)


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


def write_index(shards: Shards, place: Path) -> None:
    """Write the index of shards to `place` and its samples beside it; shards go by their names."""
    samples = io.BytesIO()
    np.savez(samples, **{name: getattr(shards, name) for name in _COLUMNS})
    content = samples.getvalue()
    about = {
        "schema": "1.0",
        "photos": len(shards),
        "classes": list(shards.classes),
        "counts": shards.counts(),
        "samples_sha256": hashlib.sha256(content).hexdigest(),
        "shards": [
            {
                "file": PurePosixPath(each.file).name,
                "photos": each.photos,
                "bytes": each.bytes,
                "sha256": each.sha256,
            }
            for each in shards.files
        ],
    }
    _samples_of(place).write_bytes(content)
    temporary = place.with_name(place.name + ".part")  # last, whole: it says that all is there
    temporary.write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
    temporary.replace(place)


def _samples_of(place: Path) -> Path:
    return place.with_name(place.name.removesuffix(INDEX) + SAMPLES)


def open_shards(pattern: str) -> Shards:
    """The photos of the shards that a pattern names, by their index.

    Raises DatasetError where there is none, it is damaged, or knows another set of shards.
    """
    place = index_place(pattern)
    again = f"Make it: whereshot data index '{pattern}'"
    try:
        about = cast(dict[str, Any], json.loads(_content(place)))
        content = _content(place.removesuffix(INDEX) + SAMPLES)
        if about["schema"].partition(".")[0] != _SCHEMA:
            raise DatasetError(
                f"The index '{place}' has schema {about['schema']}, expected {_SCHEMA}.x. {again}"
            )
        if hashlib.sha256(content).hexdigest() != about["samples_sha256"]:
            raise ValueError("its samples are of another index")
        columns = dict(np.load(io.BytesIO(content), allow_pickle=False))
        known = {each["file"]: number for number, each in enumerate(about["shards"])}
        every = [ShardFile(**each) for each in about["shards"]]
        classes = tuple(about["classes"])
    except FileNotFoundError:
        raise DatasetError(f"The shards '{pattern}' have no index at '{place}'. {again}") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise DatasetError(f"The index '{place}' is damaged: {reason}. {again}") from None
    wanted = expand(pattern)
    if strange := [file for file in wanted if PurePosixPath(file).name not in known]:
        raise DatasetError(
            f"The index '{place}' knows {len(known)} shards, but not '{strange[0]}'. {again}"
        )
    numbers = [known[PurePosixPath(file).name] for file in wanted]
    new_number = np.full(len(every), -1, dtype=np.int32)
    new_number[numbers] = np.arange(len(numbers))
    # In the order of the shards that are wanted, each from its beginning.
    rows = np.flatnonzero(new_number[columns["shard"]] >= 0)
    rows = rows[np.lexsort((columns["offset"][rows], new_number[columns["shard"][rows]]))]
    files = tuple(
        ShardFile(file, every[number].photos, every[number].bytes, every[number].sha256)
        for file, number in zip(wanted, numbers, strict=True)
    )
    columns["shard"] = new_number[columns["shard"]]
    chosen = (columns[name][rows] for name in _COLUMNS)
    return Shards(pattern, classes, files, *chosen)


def _content(place: str) -> bytes:
    with open_shard(place) as stream:
        return stream.read()
