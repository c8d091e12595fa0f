"""From a stream of embeddings to an index on disk, in constant memory, whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable
from itertools import chain
from os import PathLike
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from whereshot.errors import PrototypeIndexError
from whereshot.scale.approximate_index import (
    CANDIDATES,
    FEWEST_CODED,
    ApproximateIndex,
    write_codes,
)
from whereshot.scale.index_files import (
    CODES_FILE,
    MANIFEST_FILE,
    OWNER_TYPE,
    OWNERS_FILE,
    VECTOR_TYPE,
    VECTORS_FILE,
    IndexManifest,
    file_record,
    map_owners,
    map_vectors,
    read_manifest,
)
from whereshot.scale.prototype_index import (
    ExactIndex,
    PrototypeIndex,
    checked_owners,
    checked_vectors,
)

EXACT_UP_TO = 20_000
"""Up to so many prototypes, comparing with all of them is as fast and always right."""

Blocks = Iterable[tuple[NDArray[Any], NDArray[Any]]]
"""Pairs of vectors (n, D), L2-normalized, and owners (n,); n may differ from block to block."""
Report = Callable[[Literal["stored", "coded"], int], None]
"""Called as report(what was done, vectors done)."""


def silent(stage: Literal["stored", "coded"], done: int) -> None:
    """Report nothing."""


def build_index(
    folder: str | PathLike[str],
    blocks: Blocks,
    *,
    exact_up_to: int = EXACT_UP_TO,
    resume: bool = False,
    threads: int = 1,
    report: Report = silent,
) -> PrototypeIndex:
    """Build an index of all blocks in a new folder, and open it.

    Everything is written beside `folder` first, as `.NAME.building`, and takes the name when it is
    complete. A build that was stopped leaves that folder: with `resume`, and the same blocks from
    the start, what was stored is not stored again.

    Raises `PrototypeIndexError` if something is at `folder`, if a build was left there and
    `resume` is False or its blocks were others, for blocks that don't fit, and if there are none.
    """
    folder = Path(folder)
    if folder.exists():
        raise PrototypeIndexError(
            f"{str(folder)!r} is there already; expected a path where nothing is. "
            "Give another one, or remove it first"
        )
    work = folder.with_name(f".{folder.name}.building")
    if work.exists() and not resume:
        raise PrototypeIndexError(
            f"{str(work)!r} was left by a build that was stopped, or is written right now. "
            "Go on with resume=True, or remove it first"
        )
    dimension = _store(work, blocks, report)
    manifest = _describe(work, dimension, exact_up_to, threads, report)
    # The manifest is last: without one a folder is no index, whatever else it holds.
    (work / MANIFEST_FILE).write_text(manifest.to_json(), encoding="utf-8")
    _sync(work / MANIFEST_FILE)
    work.rename(folder)
    return open_index(folder, threads=threads)


def open_index(
    folder: str | PathLike[str],
    *,
    verify: bool = False,
    probes: int | None = None,
    candidates: int = CANDIDATES,
    threads: int = 1,
) -> PrototypeIndex:
    """Open the index in a folder; `probes`, `candidates` and `threads` are of `ApproximateIndex`.

    Sizes of files are always checked, their SHA-256 with `verify`. Raises what `read_manifest`
    raises, and `MissingExtraError` for an approximate index without faiss.
    """
    folder = Path(folder)
    manifest = read_manifest(folder, verify=verify)
    if manifest.kind == "exact":
        return ExactIndex(map_vectors(folder, manifest), map_owners(folder, manifest))
    return ApproximateIndex(folder, manifest, probes=probes, candidates=candidates, threads=threads)


def remove_unfinished(folder: str | PathLike[str]) -> None:
    """Remove what a stopped build of this folder left, if it left anything."""
    folder = Path(folder)
    shutil.rmtree(folder.with_name(f".{folder.name}.building"), ignore_errors=True)


def _store(work: Path, blocks: Blocks, report: Report) -> int:
    """Append blocks to the files of vectors and owners, past what is there; gives D."""
    stream = iter(blocks)
    first = next(stream, None)
    if first is None:
        raise PrototypeIndexError(
            "there are no blocks; expected pairs of vectors (n, D) and owners (n,). "
            "Give at least one block of prototypes"
        )
    dimension = checked_vectors(first[0]).shape[1]
    work.mkdir(parents=True, exist_ok=True)
    with (work / VECTORS_FILE).open("a+b") as vectors, (work / OWNERS_FILE).open("a+b") as owners:
        kept = _kept(vectors.tell(), owners.tell(), dimension)
        vectors.truncate(kept * dimension * VECTOR_TYPE.itemsize)
        owners.truncate(kept * OWNER_TYPE.itemsize)
        stored = np.fromfile(work / OWNERS_FILE, OWNER_TYPE)
        done = 0
        for block in chain((first,), stream):
            new_vectors, new_owners = _checked(block, dimension)
            known = min(max(kept - done, 0), len(new_owners))
            if not np.array_equal(stored[done : done + known], new_owners[:known]):
                raise PrototypeIndexError(
                    f"'{work}' holds other prototypes from number {done} on than these blocks. "
                    "Resume with the blocks of the build that was stopped, or remove it first"
                )
            # Each write is complete before the next: at most the last row is half there.
            vectors.write(new_vectors[known:].astype(VECTOR_TYPE).tobytes())
            owners.write(new_owners[known:].astype(OWNER_TYPE).tobytes())
            done += len(new_owners)
            report("stored", done)
        for file in (vectors, owners):
            file.flush()
            os.fsync(file.fileno())
    if done < max(kept, 1):
        raise PrototypeIndexError(
            f"the blocks have {done} prototypes; expected {max(kept, 1)} or more. "
            "Resume with the blocks of the build that was stopped, or remove it first"
        )
    return dimension


def _kept(vector_bytes: int, owner_bytes: int, dimension: int) -> int:
    row = dimension * VECTOR_TYPE.itemsize
    return min(vector_bytes // row, owner_bytes // OWNER_TYPE.itemsize)


def _checked(
    block: tuple[NDArray[Any], NDArray[Any]], dimension: int
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    vectors = checked_vectors(block[0])
    if vectors.shape[1] != dimension:
        raise PrototypeIndexError(
            f"a block has vectors of {vectors.shape[1]} numbers; expected {dimension}, as in the "
            "first one. Build an index from the embeddings of one network"
        )
    return vectors, checked_owners(block[1], len(vectors))


def _describe(
    work: Path, dimension: int, exact_up_to: int, threads: int, report: Report
) -> IndexManifest:
    owners = np.fromfile(work / OWNERS_FILE, OWNER_TYPE)
    names = [VECTORS_FILE, OWNERS_FILE]
    probes, library = 0, f"numpy {np.__version__}"
    if len(owners) > exact_up_to and len(owners) >= FEWEST_CODED:
        probes, library = write_codes(
            work, (len(owners), dimension), lambda done: report("coded", done), threads
        )
        _sync(work / CODES_FILE)
        names.append(CODES_FILE)
    return IndexManifest(
        kind="approximate" if probes else "exact",
        metric="cosine",
        dimension=dimension,
        vectors=len(owners),
        landmarks=len(np.unique(owners)),
        probes=probes,
        library=library,
        files={name: file_record(work / name) for name in names},
    )


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
