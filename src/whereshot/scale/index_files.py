"""An index on disk: a folder of plain arrays with a manifest that says what they are.

::

    landmarks.index/
      index.json    dimension, counts, versions, size and SHA-256 of each other file
      vectors.f16   float16 (P, D), little-endian, no header: memory-mapped
      owners.i64    int64 (P,), little-endian, no header: memory-mapped
      codes.faiss   the same vectors in 32 bytes each, sorted into lists (approximate indexes only)
"""

from __future__ import annotations

import hashlib
import json
import mmap
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from whereshot.errors import (
    PrototypeIndexError,
    PrototypeIndexIntegrityError,
    PrototypeIndexNotFoundError,
    PrototypeIndexVersionError,
)

SCHEMA = "1.0"
MANIFEST_FILE = "index.json"
VECTORS_FILE = "vectors.f16"
OWNERS_FILE = "owners.i64"
CODES_FILE = "codes.faiss"
KINDS = ("exact", "approximate")

VECTOR_TYPE = np.dtype("<f2")
OWNER_TYPE = np.dtype("<i8")


@dataclass(frozen=True, slots=True)
class FileRecord:
    """Size in bytes and SHA-256 in hex of one file of an index."""

    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class IndexManifest:
    """The content of `index.json`.

    `vectors` is P, `landmarks` the number of different owners, `probes` how many lists a query
    looks into (0 in an exact index), `library` what wrote it, such as `faiss 1.15.1`.
    """

    kind: str
    metric: str
    dimension: int
    vectors: int
    landmarks: int
    probes: int
    library: str
    files: Mapping[str, FileRecord]

    def to_json(self) -> str:
        """The text of `index.json`."""
        return json.dumps({"schema": SCHEMA, **asdict(self)}, indent=1) + "\n"


def file_record(path: Path) -> FileRecord:
    """Size and SHA-256 of a file; reads all of it."""
    with path.open("rb") as file:
        return FileRecord(path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest())


def read_manifest(folder: Path, *, verify: bool = False) -> IndexManifest:
    """Read `index.json` and check that the files are those it speaks of.

    Sizes are always checked; the SHA-256 only with `verify`, because that reads gigabytes.

    Raises `PrototypeIndexNotFoundError` (no index there), `PrototypeIndexVersionError` (another
    major version of the schema), `PrototypeIndexIntegrityError` (a file is missing, truncated or
    changed) and `PrototypeIndexError` (not what an index says).
    """
    where = f"Index {str(folder)!r}"
    try:
        text = (folder / MANIFEST_FILE).read_bytes()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise PrototypeIndexNotFoundError(
            f"{where} has no {MANIFEST_FILE}; an index is a folder with one. "
            "Give the path of a folder that build_index wrote"
        ) from error
    manifest = _parse(text, where)
    for name, record in manifest.files.items():
        _check_file(folder / name, record, where, verify=verify)
    return manifest


def map_vectors(folder: Path, manifest: IndexManifest) -> NDArray[np.float16]:
    """The vectors (P, D) of an index, memory-mapped."""
    return _map(folder / VECTORS_FILE, VECTOR_TYPE, (manifest.vectors, manifest.dimension))


def map_owners(folder: Path, manifest: IndexManifest) -> NDArray[np.int64]:
    """The owners (P,) of an index, memory-mapped."""
    return _map(folder / OWNERS_FILE, OWNER_TYPE, (manifest.vectors,))


def _map(path: Path, kind: np.dtype[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    with path.open("rb") as file:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    if hasattr(mmap, "MADV_RANDOM"):
        # A query needs a few hundred rows from all over the file. Left alone, the system would read
        # 128 kB around each of them from a cold disk.
        mapped.madvise(mmap.MADV_RANDOM)
    return np.frombuffer(mapped, kind).reshape(shape)


def _parse(text: bytes, where: str) -> IndexManifest:
    try:
        raw: Any = json.loads(text)
        schema: Any = raw["schema"]
        if not (isinstance(schema, str) and re.fullmatch(r"\d{1,9}\.\d{1,9}", schema)):
            raise ValueError(f"schema is {schema!r}")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _foreign(where, error) from error
    if schema.partition(".")[0] != SCHEMA.partition(".")[0]:
        raise PrototypeIndexVersionError(
            f"{where} has schema {schema}, this whereshot reads {SCHEMA.partition('.')[0]}.x. "
            "Update whereshot, or build the index again with this one"
        )
    try:
        files = {
            str(name): FileRecord(_count(entry["bytes"]), str(entry["sha256"]))
            for name, entry in cast("dict[str, Any]", raw["files"]).items()
        }
        manifest = IndexManifest(
            kind=str(raw["kind"]),
            metric=str(raw["metric"]),
            dimension=_count(raw["dimension"]),
            vectors=_count(raw["vectors"]),
            landmarks=_count(raw["landmarks"]),
            probes=_count(raw["probes"]),
            library=str(raw["library"]),
            files=files,
        )
        _check(manifest)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _foreign(where, error) from error
    return manifest


def _count(value: object) -> int:
    # bool is an int in Python, not in JSON.
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"{value!r} is no count")
    return value


def _check(manifest: IndexManifest) -> None:
    if manifest.kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}, is {manifest.kind!r}")
    if manifest.metric != "cosine":
        raise ValueError(f"metric must be 'cosine', is {manifest.metric!r}")
    if not (manifest.dimension and manifest.vectors):
        raise ValueError("there are no vectors in it")
    expected = {VECTORS_FILE, OWNERS_FILE} | ({CODES_FILE} if manifest.kind != "exact" else set())
    # Names are known beforehand: no path in a manifest can lead out of the folder.
    if set(manifest.files) != expected:
        raise ValueError(f"files must be {', '.join(sorted(expected))}")
    sizes = {
        VECTORS_FILE: manifest.vectors * manifest.dimension * VECTOR_TYPE.itemsize,
        OWNERS_FILE: manifest.vectors * OWNER_TYPE.itemsize,
    }
    for name, size in sizes.items():
        if manifest.files[name].bytes != size:
            raise ValueError(f"{name} must have {size} bytes by its counts")


def _foreign(where: str, error: Exception) -> PrototypeIndexError:
    return PrototypeIndexError(
        f"{where}: {MANIFEST_FILE} is not what an index says of itself "
        f"({type(error).__name__}: {error}); expected schema {SCHEMA}. Build the index again"
    )


def _check_file(path: Path, record: FileRecord, where: str, *, verify: bool) -> None:
    if not path.is_file():
        raise PrototypeIndexIntegrityError(
            f"{where}: {path.name} is missing; expected a file of {record.bytes} bytes. "
            "Copy the whole folder, or build the index again"
        )
    size = path.stat().st_size
    if size != record.bytes:
        raise PrototypeIndexIntegrityError(
            f"{where}: {path.name} has {size} bytes; expected {record.bytes}. "
            "It was cut off or changed: copy it again, or build the index again"
        )
    if verify and (found := file_record(path).sha256) != record.sha256:
        raise PrototypeIndexIntegrityError(
            f"{where}: {path.name} has the SHA-256 {found}; expected {record.sha256}. "
            "It was changed: copy it again, or build the index again"
        )
