"""Networks in formats that run without this package: ONNX, TorchScript, ExportedProgram.

All three hold the normalization and the class names. ONNX and ExportedProgram take the uint8
pixels that `photo.prepare` gives, (B, S, S, 3), and give logits, embedding and features. The
TorchScript predictor takes uint8 planes (B, 3, H, W) of any size and gives probabilities.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import onnx
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from whereshot.learn.network import LandmarkNet
from whereshot.learn.run import Run

OUTPUT_NAMES = ("logits", "embedding", "features")
CLASSES_KEY = "classes"


def export_program(run: Run, path: Path) -> None:
    """Write a `torch.export` archive; `classes.json` lies inside it as an extra file."""
    program = _capture(run)
    torch.export.save(program, path, extra_files={f"{CLASSES_KEY}.json": json.dumps(run.classes)})


def export_onnx(run: Run, path: Path) -> None:
    """Write one self-contained ONNX file with a free batch dimension."""
    with _quiet_exporter():
        exported = torch.onnx.export(
            _capture(run),
            input_names=["pixels"],
            output_names=list(OUTPUT_NAMES),
            dynamo=True,
            external_data=False,
            verbose=False,
        )
    if exported is None:
        raise RuntimeError("torch.onnx.export gave no program")
    model = exported.model_proto
    model.graph.name = run.recipe.name
    onnx.helper.set_model_props(model, {CLASSES_KEY: json.dumps(run.classes)})
    _strip_traces(model)
    _name_batch(model)
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())


def export_torchscript(run: Run, path: Path) -> None:
    """Write a scripted `Predictor`: uint8 (B, 3, H, W) of any size to probabilities (B, K)."""
    size = run.recipe.model.size
    with _torchscript():
        traced = torch.jit.trace(
            _Logits(run.network), torch.zeros(1, 3, size, size), check_trace=False
        )
        scripted = torch.jit.script(Predictor(cast(nn.Module, traced), run))
        torch.jit.save(scripted, path)


def load_torchscript(path: Path) -> Callable[[Tensor], Tensor]:
    """Load a predictor that `export_torchscript` wrote.

    A TorchScript file is a program: load only what you made yourself.
    """
    with _torchscript():
        return cast(Callable[[Tensor], Tensor], torch.jit.load(path, map_location="cpu"))


class _Plain(nn.Module):
    """Uint8 pixels to a plain dict of outputs: what another program can load without ours."""

    def __init__(self, network: LandmarkNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, pixels: Tensor) -> dict[str, Tensor]:
        """Map (B, S, S, 3) uint8 to `logits`, `embedding` and `features`."""
        return dict(zip(OUTPUT_NAMES, self.network(pixels), strict=True))


class _Logits(nn.Module):
    """Float planes (B, 3, S, S) in 0..255 to logits (B, K): what tracing can follow."""

    def __init__(self, network: LandmarkNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, planes: Tensor) -> Tensor:
        """Map planes to logits."""
        return self.network.from_planes(planes).logits


class Predictor(nn.Module):
    """The whole way from a photo to probabilities, as TorchScript: resize, crop, normalize, run."""

    def __init__(self, network: nn.Module, run: Run) -> None:
        super().__init__()
        self.network = network
        self.size = run.recipe.model.size
        self.squash = run.recipe.model.fit == "squash"
        self.temperature = run.temperature
        self.class_names = list(run.classes)

    def forward(self, photos: Tensor) -> Tensor:
        """Map uint8 RGB planes (B, 3, H, W) to calibrated probabilities (B, K)."""
        return F.softmax(self.logits(photos) / self.temperature, dim=1)

    @torch.jit.export
    def logits(self, photos: Tensor) -> Tensor:
        """Map uint8 RGB planes (B, 3, H, W) to logits (B, K)."""
        return self.network(self.fit(photos))

    @torch.jit.export
    def fit(self, photos: Tensor) -> Tensor:
        """Map uint8 planes (B, 3, H, W) to float planes (B, 3, S, S), as `photo.prepare` does."""
        planes = photos.float()
        height, width = planes.shape[-2], planes.shape[-1]
        if not self.squash:
            side = min(height, width)
            top, left = (height - side) // 2, (width - side) // 2
            planes = planes[:, :, top : top + side, left : left + side]
        if planes.shape[-2] != self.size or planes.shape[-1] != self.size:
            planes = F.interpolate(
                planes, (self.size, self.size), mode="bicubic", antialias=True, align_corners=False
            )
            planes = planes.round().clamp(0, 255)
        return planes


def _capture(run: Run) -> torch.export.ExportedProgram:
    size = run.recipe.model.size
    # Two photos, not one: a batch of one would be taken for a constant.
    pixels = torch.zeros(2, size, size, 3, dtype=torch.uint8)
    return torch.export.export(
        _Plain(run.network).eval(),
        (pixels,),
        dynamic_shapes=({0: torch.export.Dim("batch", min=1)},),
    )


def _strip_traces(model: onnx.ModelProto) -> None:
    """Remove the exporter's notes on each node: stack traces with this machine's paths."""
    for node in model.graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
    for value in (*model.graph.value_info, *model.graph.input, *model.graph.output):
        del value.metadata_props[:]
    for tensor in model.graph.initializer:
        del tensor.metadata_props[:]
    for function in model.functions:
        del function.metadata_props[:]
    del model.graph.metadata_props[:]


def _name_batch(model: onnx.ModelProto) -> None:
    """Call the free dimension `batch`; the exporter gives it a made-up name."""
    for value in (*model.graph.value_info, *model.graph.input, *model.graph.output):
        for dimension in value.type.tensor_type.shape.dim:
            if dimension.dim_param:
                dimension.dim_param = "batch"


@contextmanager
def _torchscript() -> Generator[None]:
    """Torch deprecates TorchScript in favour of torch.export; the course still asks for it."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*torch.jit.*", category=DeprecationWarning)
        warnings.filterwarnings("ignore", message=".*torch.jit.*", category=FutureWarning)
        yield


@contextmanager
def _quiet_exporter() -> Generator[None]:
    with warnings.catch_warnings():
        # The exporter warns of its own calls into parts of torch that are being renamed.
        warnings.filterwarnings(
            "ignore", category=DeprecationWarning, module=r"(torch|copyreg|onnx)"
        )
        warnings.filterwarnings("ignore", category=FutureWarning, module=r"(torch|copyreg|onnx)")
        yield
