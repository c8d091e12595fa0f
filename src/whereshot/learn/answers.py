"""What a network answers to a folder of photos: the raw material of every figure.

Torch-free: a network is anything that maps pixels to logits, whatever runs it.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, cast

import numpy as np
from numpy.typing import NDArray

from whereshot.cores import available_cores
from whereshot.errors import DatasetError, PhotoError
from whereshot.learn.dataset import Part, PhotoIndex, find_part
from whereshot.photo import Preprocessing, decode, prepare
from whereshot.photo.suffixes import PHOTO_SUFFIXES, is_photo
from whereshot.progress import silent
from whereshot.recognize._stream import ordered_map
from whereshot.recognize.session import Output, Outputs
from whereshot.records import Failure

Report = Callable[[int, int], None]
"""Called as report(done, total) while photos are answered."""

Look = Callable[[NDArray[np.uint8], Sequence[Output]], Outputs]
"""Maps pixels (B, S, S, 3) uint8, RGB, to the outputs that are asked for; from several threads."""

_BATCH = 16


class Model(Protocol):
    """A network: pixels in, logits out; called from several threads at once."""

    def __call__(self, pixels: NDArray[np.uint8], /) -> NDArray[np.floating]:
        """Map pixels (B, S, S, 3) uint8, RGB, to uncalibrated logits (B, K)."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """The logits (N, K) float32 of N photos, their labels (N,) int64 and their paths.

    `embeddings` (N, D) float32, L2-normalized, are there where they were asked for. Photos that
    could not be read are in `failures` and in none of the other fields.
    """

    logits: NDArray[np.float32]
    labels: NDArray[np.int64]
    paths: tuple[Path, ...]
    failures: tuple[Failure, ...] = ()
    embeddings: NDArray[np.float32] | None = None

    def __len__(self) -> int:
        return len(self.paths)


def with_embeddings(look: Look) -> Model:
    """A model whose rows are logits and embedding, side by side: one look at each photo."""

    def model(pixels: NDArray[np.uint8], /) -> NDArray[np.floating]:
        seen = look(pixels, ("logits", "embedding"))
        rows = cast("list[NDArray[np.floating]]", [seen.logits, seen.embedding])
        return np.concatenate(rows, axis=1)

    return model


def take_apart(rows: Answers, classes: int) -> Answers:
    """The answers of a model `with_embeddings`, whose K logits are followed by embeddings."""
    return dataclasses.replace(
        rows, logits=rows.logits[:, :classes], embeddings=rows.logits[:, classes:]
    )


@dataclass(slots=True)
class _Part:
    """The answers of one batch."""

    logits: NDArray[np.floating] | None = None
    labels: list[int] = field(default_factory=list[int])
    paths: list[Path] = field(default_factory=list[Path])
    failures: list[Failure] = field(default_factory=list[Failure])


def collect_answers(
    model: Model,
    index: PhotoIndex,
    preprocessing: Preprocessing,
    *,
    batch_size: int = _BATCH,
    workers: int | None = None,
    report: Report = silent,
) -> Answers:
    """Show each photo of an index to a network, prepared as for inference, in order.

    `workers` threads (default: one per core) decode photos and call the model side by side; a few
    batches are in memory at a time. Raises DatasetError where none of the photos can be read or
    where the network answers with numbers that are not finite.
    """

    def answer(numbers: Sequence[int]) -> _Part:
        part, pixels = _Part(), list[NDArray[np.uint8]]()
        for number in numbers:
            path = index.paths[number]
            try:
                pixels.append(prepare(decode(path, min_side=preprocessing.size), preprocessing))
            except PhotoError as error:
                part.failures.append(Failure(os.fspath(path), error))
            else:
                part.labels.append(index.labels[number])
                part.paths.append(path)
        if pixels:
            part.logits = model(np.stack(pixels))
        return part

    parts: list[_Part] = []
    done = 0
    report(0, len(index))
    batches = _batches(len(index), batch_size)
    with closing(ordered_map(answer, batches, workers=workers or available_cores())) as answered:
        for part in answered:
            parts.append(part)
            done += len(part.paths) + len(part.failures)
            report(done, len(index))
    return _joined(parts, index)


def index_unknown(folder: str | Path, part: Part = "test") -> PhotoIndex:
    """Index photos that show no landmark, in folders of any shape, sorted; all have label 0.

    Takes `folder/PART` where there is one, as for photos of landmarks. Raises DatasetError where
    there are no photos.
    """
    root = find_part(Path(folder), part)
    paths = tuple(
        sorted(
            path
            for path in root.rglob("*")
            if is_photo(path.name) and not path.name.startswith(".") and path.is_file()
        )
    )
    if not paths:
        raise DatasetError(f"'{root}' has no photos ({', '.join(sorted(PHOTO_SUFFIXES))}).")
    return PhotoIndex(root, ("unknown",), paths, (0,) * len(paths))


def _batches(photos: int, size: int) -> Iterator[range]:
    for start in range(0, photos, size):
        yield range(start, min(start + size, photos))


def _joined(parts: Sequence[_Part], index: PhotoIndex) -> Answers:
    failures = tuple(failure for part in parts for failure in part.failures)
    rows = [part.logits for part in parts if part.logits is not None]
    if not rows:
        first = f" The first: {failures[0].error}" if failures else ""
        raise DatasetError(f"None of the {len(index)} photos of '{index.root}' can be read.{first}")
    logits = np.concatenate(rows).astype(np.float32)
    if broken := int((~np.isfinite(logits)).any(axis=1).sum()):
        raise DatasetError(
            f"The network answers {broken} of {len(logits)} photos of '{index.root}' with numbers "
            "that are not finite. Its training has diverged: train it again at a lower optim.lr."
        )
    return Answers(
        logits,
        np.array([label for part in parts for label in part.labels], dtype=np.int64),
        tuple(path for part in parts for path in part.paths),
        failures,
    )
