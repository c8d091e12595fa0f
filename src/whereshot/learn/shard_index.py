"""The index of TAR shards: beside them, named like them.

A set of shards `train-000000.tar`, `train-000001.tar`, ... has::

    train.index.json   classes, photos of each; file, photos, bytes, SHA-256 of each shard
    train.index.npz    of each photo, in the order of the shards: key, class, shard, offset, size
"""

from __future__ import annotations

import hashlib
import io
import json
import re
from glob import has_magic
from pathlib import Path, PurePosixPath
from typing import Any, cast

import numpy as np

from whereshot.errors import DatasetError
from whereshot.learn.shards import COLUMNS, ShardFile, Shards, is_url, open_shard

INDEX, SAMPLES = "index.json", "index.npz"
_SCHEMA = "1"  # the major version that is read here
_RANGE = re.compile(r"\{(\d+)\.\.(\d+)\}")


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


def write_index(shards: Shards, place: Path) -> None:
    """Write the index of shards to `place` and its samples beside it; shards go by their names."""
    samples = io.BytesIO()
    np.savez(samples, **{name: getattr(shards, name) for name in COLUMNS})
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
    chosen = (columns[name][rows] for name in COLUMNS)
    return Shards(pattern, classes, files, *chosen)


def _content(place: str) -> bytes:
    with open_shard(place) as stream:
        return stream.read()
