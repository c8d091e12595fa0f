"""Does an export compute what the network computes? Asked on real photos, answered in logits.

Logits, not probabilities: a softmax that is sure of itself hides swapped colour channels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from whereshot.errors import DatasetError, ExportError, PhotoError
from whereshot.learn.dataset import PhotoIndex
from whereshot.learn.export import load_torchscript, silent
from whereshot.learn.run import Run
from whereshot.photo import Preprocessing, decode, prepare
from whereshot.recognize.session import Session

MAX_TOP1_POINTS = 0.2
MAX_LOGIT_DIFFERENCE = 1e-2
_BATCH = 4  # small: the bar of a slow network moves all the same

Logits = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Photos as an export may want them: decoded, of any size, or prepared for the network."""

    photos: Sequence[NDArray[np.uint8]]  # (H, W, 3) each
    pixels: NDArray[np.uint8]  # (B, S, S, 3)
    labels: NDArray[np.int64]  # (B,)


Model = Callable[[Batch], Logits]
"""Maps a batch to logits (B, K)."""


@dataclass(frozen=True, slots=True)
class Parity:
    """An export beside the network that it was made from, on the same photos."""

    format: str
    photos: int
    network_top1: float  # of the network in PyTorch, in [0, 1]
    export_top1: float
    max_logit_difference: float
    other_answers: int = 0  # photos with another best class than in PyTorch

    @property
    def holds(self) -> bool:
        """Whether the export may be shipped."""
        points = 100 * abs(self.network_top1 - self.export_top1)
        # Written so that NaN, which compares false with everything, does not pass.
        return points <= MAX_TOP1_POINTS and self.max_logit_difference <= MAX_LOGIT_DIFFERENCE

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Comparison:
    """One `Parity` for each export, and the photos that could not be read, below their folder."""

    parities: tuple[Parity, ...]
    unreadable: tuple[str, ...] = ()


def open_export(kind: str, path: Path) -> Model:
    """Open an exported file of kind `onnx`, `torchscript` or `exported` as a model.

    TorchScript gets the photos as they are decoded, so that its own preprocessing is compared too.
    """
    if kind == "onnx":
        session = Session(path, threads=torch.get_num_threads())

        def run_onnx(batch: Batch) -> Logits:
            logits = session.run(batch.pixels).logits
            assert logits is not None, "logits were asked for"
            return logits

        return run_onnx
    if kind == "torchscript":
        predictor = load_torchscript(path)

        def run_torchscript(batch: Batch) -> Logits:
            rows = [
                predictor.logits(torch.from_numpy(photo).permute(2, 0, 1)[None])
                for photo in batch.photos
            ]
            return _numpy(torch.cat(rows))

        return run_torchscript
    program: Any = torch.export.load(path).module()
    return lambda batch: _numpy(program(torch.from_numpy(batch.pixels))["logits"])


@dataclass(slots=True)
class _Tally:
    """What is counted of one export."""

    right: int = 0
    other: int = 0
    worst: float = 0.0

    def add(self, logits: Logits, reference: Logits, labels: NDArray[np.int64]) -> None:
        answers = logits.argmax(1)
        self.right += int((answers == labels).sum())
        self.other += int((answers != reference.argmax(1)).sum())
        self.worst = float(np.maximum(self.worst, np.abs(logits - reference).max()))


def compare_exports(
    run: Run,
    models: Mapping[str, Model],
    index: PhotoIndex,
    report: Callable[[int, int], None] = silent,
) -> Comparison:
    """Run the network and its exports over the photos of an index, side by side.

    Raises DatasetError where none of the photos can be read.
    """
    tallies = {kind: _Tally() for kind in models}
    network_right = photos = 0
    unreadable: list[str] = []
    for batch in _batches(run, index, unreadable):
        with torch.inference_mode():
            reference = _numpy(run.network(torch.from_numpy(batch.pixels)).logits)
        network_right += int((reference.argmax(1) == batch.labels).sum())
        for kind, model in models.items():
            tallies[kind].add(model(batch), reference, batch.labels)
        photos += len(batch.labels)
        report(photos + len(unreadable), len(index))
    report(len(index), len(index))
    if not photos:
        raise DatasetError(f"None of the {len(index)} photos of '{index.root}' can be read.")
    found = (
        Parity(kind, photos, network_right / photos, each.right / photos, each.worst, each.other)
        for kind, each in tallies.items()
    )
    return Comparison(tuple(found), tuple(unreadable))


def require_parity(parities: Sequence[Parity]) -> None:
    """Raise ExportError if one of the exports must not be shipped; it names all that must not."""
    wrong = [parity for parity in parities if not parity.holds]
    if not wrong:
        return
    found = "; ".join(
        f"{parity.format}: top-1 {parity.export_top1:.2%} against {parity.network_top1:.2%}, "
        f"logits by up to {parity.max_logit_difference:.2g}"
        for parity in wrong
    )
    formats = " and ".join(parity.format for parity in wrong)
    raise ExportError(
        f"The {formats} export differs from the network on {wrong[0].photos} photos ({found}); "
        f"allowed are {MAX_TOP1_POINTS} points of top-1 and {MAX_LOGIT_DIFFERENCE:g} in a logit. "
        "Nothing was kept. Leave the format out (--format), or train another architecture."
    )


def _batches(run: Run, index: PhotoIndex, unreadable: list[str]) -> Iterator[Batch]:
    """The photos that can be read, a few at a time; the others are added to `unreadable`."""
    preprocessing = Preprocessing(run.recipe.model.size, run.recipe.model.fit)
    photos: list[NDArray[np.uint8]] = []
    labels: list[int] = []

    def batch() -> Batch:
        pixels = np.stack([prepare(photo, preprocessing) for photo in photos])
        return Batch(tuple(photos), pixels, np.array(labels, np.int64))

    for path, label in zip(index.paths, index.labels, strict=True):
        try:
            photos.append(decode(path, min_side=preprocessing.size))
        except PhotoError:
            unreadable.append(path.relative_to(index.root).as_posix())
            continue
        labels.append(label)
        if len(photos) == _BATCH:
            yield batch()
            photos.clear()
            labels.clear()
    if photos:
        yield batch()


@torch.inference_mode()
def _numpy(tensor: torch.Tensor) -> Logits:
    return tensor.detach().float().numpy()
