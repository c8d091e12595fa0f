"""Does an export compute what the network computes? Asked on real photos, answered in logits."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from whereshot.errors import ExportError
from whereshot.learn.dataset import PhotoIndex
from whereshot.learn.export import load_torchscript
from whereshot.learn.loader import eval_loader
from whereshot.learn.run import Run
from whereshot.photo import Preprocessing
from whereshot.recognize.session import Session

Logits = NDArray[np.float32]
Model = Callable[[NDArray[np.uint8]], Logits]
"""Maps pixels (B, S, S, 3) uint8 to logits (B, K)."""

MAX_TOP1_POINTS = 0.2
MAX_LOGIT_DIFFERENCE = 1e-2


@dataclass(frozen=True, slots=True)
class Parity:
    """An export beside the network that it was made from, on the same photos."""

    format: str
    photos: int
    network_top1: float  # of the network in PyTorch, in [0, 1]
    export_top1: float
    max_logit_difference: float

    @property
    def holds(self) -> bool:
        """Whether the export may be shipped."""
        points = 100 * abs(self.network_top1 - self.export_top1)
        # Written so that NaN, which compares false with everything, does not pass.
        return points <= MAX_TOP1_POINTS and self.max_logit_difference <= MAX_LOGIT_DIFFERENCE

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return asdict(self)


def open_export(kind: str, path: Path) -> Model:
    """Open an exported file of kind `onnx`, `torchscript` or `exported` as a model."""
    if kind == "onnx":
        session = Session(path, threads=torch.get_num_threads())

        def run_onnx(pixels: NDArray[np.uint8]) -> Logits:
            logits = session.run(pixels).logits
            assert logits is not None, "logits were asked for"
            return logits

        return run_onnx
    if kind == "torchscript":
        predictor: Any = load_torchscript(path)
        return lambda pixels: _numpy(predictor.logits(_tensor(pixels).permute(0, 3, 1, 2)))
    program: Any = torch.export.load(path).module()
    return lambda pixels: _numpy(program(_tensor(pixels))["logits"])


def compare_exports(
    run: Run,
    models: Mapping[str, Model],
    index: PhotoIndex,
    report: Callable[[int, int], None] | None = None,
) -> list[Parity]:
    """Run the network and its exports over the photos of an index, side by side."""
    right = dict.fromkeys(models, 0)
    worst = dict.fromkeys(models, 0.0)
    network_right = done = 0
    for pixels, labels in _batches(run, index):
        with torch.inference_mode():
            reference = _numpy(run.network(_tensor(pixels)).logits)
        network_right += int((reference.argmax(1) == labels).sum())
        for kind, model in models.items():
            logits = model(pixels)
            right[kind] += int((logits.argmax(1) == labels).sum())
            worst[kind] = float(np.maximum(worst[kind], np.abs(logits - reference).max()))
        done += len(labels)
        if report:
            report(done, len(index))
    return [
        Parity(kind, done, network_right / done, right[kind] / done, worst[kind]) for kind in models
    ]


def require_parity(parities: list[Parity]) -> None:
    """Raise ExportError for the first export that must not be shipped."""
    for parity in parities:
        if not parity.holds:
            raise ExportError(
                f"The {parity.format} export differs from the network on {parity.photos} photos: "
                f"top-1 {parity.export_top1:.2%} against {parity.network_top1:.2%} "
                f"(allowed: {MAX_TOP1_POINTS} points), logits by up to "
                f"{parity.max_logit_difference:.2g} (allowed: {MAX_LOGIT_DIFFERENCE:g}). "
                "It was not kept."
            )


def _batches(run: Run, index: PhotoIndex) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.int64]]]:
    model = run.recipe.model
    for planes, labels in eval_loader(index, Preprocessing(model.size, model.fit), workers=0):
        yield np.ascontiguousarray(planes.permute(0, 2, 3, 1).numpy()), labels.numpy()


def _tensor(pixels: NDArray[np.uint8]) -> torch.Tensor:
    return torch.from_numpy(pixels)


@torch.inference_mode()
def _numpy(tensor: torch.Tensor) -> Logits:
    return tensor.detach().float().numpy()
