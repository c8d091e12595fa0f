"""Networks in formats that run without this package: ONNX, TorchScript, ExportedProgram.

Normalization, class names, and what a photo must be made into lie inside each file:

============  ====================================  ==========================================
format        takes                                 what else is inside
============  ====================================  ==========================================
ONNX          pixels (B, S, S, 3) uint8             metadata: classes, size, fit, temperature
ExportedProg  pixels (B, S, S, 3) uint8             classes.json, preprocessing.json
TorchScript   photos (B, 3, H, W) of any size       class_names, size, squash, temperature
============  ====================================  ==========================================

ONNX and ExportedProgram give logits, embedding and features; the pixels are those of
`photo.prepare`. TorchScript gives probabilities and does the rest itself.
"""

from __future__ import annotations

import io
import json
import warnings
import zipfile
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import onnx
import torch
from torch import Tensor, nn

from whereshot.errors import ExportError
from whereshot.learn.network import LandmarkNet
from whereshot.learn.predictor import Predictor
from whereshot.learn.run import Run

Report = Callable[[int, int], None]
"""Called as report(steps done, steps in all) while an export goes on."""

OUTPUT_NAMES = ("logits", "embedding", "features")
CLASSES_KEY = "classes"
EXTRA_FILES = ("classes.json", "preprocessing.json")
_MOST_ONNX_BYTES = 2**31 - 2**24  # protobuf's limit, less what is there beside the weights


def silent(done: int, total: int) -> None:
    """Report nothing."""


def preprocessing_of(run: Run) -> dict[str, Any]:
    """What makes pixels of photos and probabilities of logits: `size`, `fit`, `temperature`."""
    model = run.recipe.model
    return {"size": model.size, "fit": model.fit, "temperature": run.temperature}


def export_program(run: Run, path: Path, report: Report = silent) -> None:
    """Write a `torch.export` archive; the `EXTRA_FILES` lie inside it."""
    report(0, 2)
    program = _capture(run)
    report(1, 2)
    contents = (list(run.classes), preprocessing_of(run))
    extra = {name: json.dumps(each) for name, each in zip(EXTRA_FILES, contents, strict=True)}
    torch.export.save(program, path, extra_files=extra)
    report(2, 2)


def export_onnx(run: Run, path: Path, report: Report = silent) -> None:
    """Write one self-contained ONNX file with a free batch dimension.

    Raises ExportError for a network that is larger than such a file can be.
    """
    _check_size(run.network)
    report(0, 3)
    program = _capture(run)
    report(1, 3)
    with _quiet_exporter():
        exported = torch.onnx.export(
            program,
            input_names=["pixels"],
            output_names=list(OUTPUT_NAMES),
            dynamo=True,
            external_data=False,
            verbose=False,
        )
    if exported is None:
        raise RuntimeError("torch.onnx.export gave no program")
    report(2, 3)
    model = exported.model_proto
    model.graph.name = run.recipe.name
    _strip_traces(model)
    _describe(model, run)
    _name_batch(model)
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())
    report(3, 3)


def _check_size(network: LandmarkNet) -> None:
    size = sum(value.numel() * value.element_size() for value in network.state_dict().values())
    if size > _MOST_ONNX_BYTES:
        raise ExportError(
            f"The network has {size / 1e9:.1f} GB of weights, one ONNX file holds 2.1 GB at most. "
            "Take another format (--format exported), or train with fewer model.subcenters or a "
            "smaller model.embedding."
        )


def export_torchscript(run: Run, path: Path, report: Report = silent) -> None:
    """Write a scripted `Predictor`: photos (B, 3, H, W) of any size to probabilities (B, K)."""
    size = run.recipe.model.size
    report(0, 3)
    with _torchscript():
        # Two photos, not one: what a network does for a batch of one alone would be kept.
        traced = torch.jit.trace(
            _Logits(run.network).eval(), torch.zeros(2, 3, size, size), check_trace=False
        )
        report(1, 3)
        scripted = torch.jit.script(Predictor(cast(nn.Module, traced), run).eval())
        report(2, 3)
        file = io.BytesIO()
        torch.jit.save(scripted, file)
    _copy_without_traces(file, path)
    report(3, 3)


def load_torchscript(path: Path) -> Any:
    """Load a predictor that `export_torchscript` wrote.

    A TorchScript file is a program: load only what you made yourself.
    """
    with _torchscript():
        return torch.jit.load(path, map_location="cpu")


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


def _capture(run: Run) -> torch.export.ExportedProgram:
    size = run.recipe.model.size
    # Two photos, not one: a batch of one would be taken for a constant.
    pixels = torch.zeros(2, size, size, 3, dtype=torch.uint8)
    program = torch.export.export(
        _Plain(run.network).eval(),
        (pixels,),
        dynamic_shapes=({0: torch.export.Dim("batch", min=1)},),
    )
    for module in program.graph_module.modules():
        for node in module.graph.nodes if isinstance(module, torch.fx.GraphModule) else ():
            node.meta.pop("stack_trace", None)  # lines of our source, with this machine's paths
    return program


def _copy_without_traces(file: io.BytesIO, path: Path) -> None:
    """Copy a TorchScript archive without its debug records: they hold this machine's paths."""
    with zipfile.ZipFile(file) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as target:
        for record in source.infolist():
            if not record.filename.endswith(".debug_pkl"):
                target.writestr(record.filename, source.read(record))


def _describe(model: onnx.ModelProto, run: Run) -> None:
    """Put into the file what a reader needs besides the graph."""
    values = {CLASSES_KEY: json.dumps(run.classes)}
    values |= {key: str(value) for key, value in preprocessing_of(run).items()}
    onnx.helper.set_model_props(model, values)
    size, how = run.recipe.model.size, "the whole photo, squashed"
    if run.recipe.model.fit == "crop":
        how = "the central square of the photo"
    model.doc_string = (
        f"pixels: uint8 (B, {size}, {size}, 3), RGB, upright: {how}. Probabilities are "
        f"softmax(logits / temperature), in the order of the names in the property `{CLASSES_KEY}`."
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
        # Some layers check the shape of their input in Python, and a trace keeps what they found.
        # It goes on with batches of any size all the same: the check on real photos would tell.
        warnings.filterwarnings(
            "ignore",
            category=torch.jit.TracerWarning,  # pyright: ignore[reportPrivateImportUsage]
        )
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
