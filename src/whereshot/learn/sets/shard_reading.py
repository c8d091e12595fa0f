"""TAR shards from anywhere: an index of what they hold, and whether they still hold it."""

from __future__ import annotations

import json
import tarfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from whereshot.errors import DatasetError
from whereshot.learn.sets.shard import (
    ABOUT,
    BLOCK,
    NUMBER,
    Columns,
    Hashing,
    OnPhoto,
    Sharded,
)
from whereshot.learn.shard_index import expand, index_place, write_index
from whereshot.learn.shards import ShardFile, Shards, open_shard
from whereshot.photo.suffixes import PHOTO_SUFFIXES


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
    table, names, skipped = Columns(), list[str](), list[tuple[str, str]]()
    for file in expand(pattern):
        before, shard = len(table.keys), len(table.files)
        try:
            with open_shard(file) as stream:
                hashing = Hashing(stream)
                samples = _samples_of(hashing)
                while hashing.read(1 << 20):  # what lies behind the end of the archive
                    pass
        except (OSError, tarfile.TarError) as error:
            raise DatasetError(
                f"The shard '{file}' can't be read: {error}. Copy it again, or leave it out."
            ) from error
        end = max((sample.offset + sample.size for sample in samples.values()), default=0)
        if hashing.count % BLOCK or hashing.count < end:
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


def _samples_of(stream: Hashing) -> dict[str, _Sample]:
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
            elif kind in (NUMBER, ABOUT):
                content = cast(BinaryIO, tar.extractfile(entry)).read()
                _describe(sample, kind, content)
    return samples


def _describe(sample: _Sample, kind: str, content: bytes) -> None:
    if kind == NUMBER:
        sample.number = content.decode("utf-8", "replace").strip()
        return
    try:
        about = json.loads(content)
    except ValueError:
        return
    if isinstance(about, dict):
        said = cast("dict[str, object]", about)
        sample.name = str(said.get("class") or said.get("landmark") or "")


def check_shards(shards: Shards, on_shard: OnPhoto | None = None) -> list[tuple[str, str]]:
    """Read all shards and compare their SHA-256 with the index; (shard, what is wrong) of each."""
    wrong: list[tuple[str, str]] = []
    for done, known in enumerate(shards.files, start=1):
        try:
            with open_shard(known.file) as stream:
                hashing = Hashing(stream)
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
