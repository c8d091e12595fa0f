"""The network, run by ONNX Runtime: pixels in, logits, embedding and features out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike, fspath
from typing import Any, Literal, cast, get_args

import numpy as np
import onnxruntime

from whereshot.errors import BundleError

Device = Literal["cpu", "cuda"]
Output = Literal["logits", "embedding", "features"]

_PROVIDERS: dict[Device, str] = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}
_RANKS: dict[Output, int] = {"logits": 2, "embedding": 2, "features": 4}
_LOG_ERRORS_ONLY = 3  # a warning of the runtime means nothing to whoever has photos to look at


@dataclass(frozen=True, slots=True)
class Outputs:
    """What the network said, float32; None where it was not asked for.

    `logits` (B, K), uncalibrated; `embedding` (B, D), L2-normalized; `features` (B, C, h, w).
    """

    logits: np.ndarray | None = None
    embedding: np.ndarray | None = None
    features: np.ndarray | None = None


class Session:
    """An ONNX graph, loaded and checked against the interface of a bundle's `model.onnx`.

    `threads` is the number of threads that one `run` uses; several threads may `run` at once.
    Raises `BundleError` if the file is not an ONNX graph or its inputs and outputs are others,
    ValueError for a device that this machine's ONNX Runtime can't use.
    """

    def __init__(
        self, model_path: str | PathLike[str], *, threads: int = 1, device: Device = "cpu"
    ) -> None:
        if threads < 1:
            raise ValueError(f"threads must be 1 or more, got {threads}")
        self._model = fspath(model_path)
        self._runtime = _open(self._model, threads, device)
        self.size = self._check_input()
        shapes = self._check_outputs()
        self.classes = self._fixed("logits", shapes["logits"][1])
        self.embedding_size = self._fixed("embedding", shapes["embedding"][1])

    def run(self, pixels: np.ndarray, outputs: Sequence[Output] = ("logits",)) -> Outputs:
        """Run pixels (B, S, S, 3) uint8 through the network and fetch what is asked for."""
        expected = (self.size, self.size, 3)
        if pixels.dtype != np.uint8 or pixels.ndim != 4 or pixels.shape[1:] != expected:
            raise ValueError(
                f"pixels must be uint8 (B, {self.size}, {self.size}, 3), "
                f"got {pixels.dtype} {pixels.shape}"
            )
        arrays = self._runtime.run(list(outputs), {"pixels": pixels})
        return Outputs(**dict(zip(outputs, cast("list[np.ndarray]", arrays), strict=True)))

    def _check_input(self) -> int:
        inputs = self._runtime.get_inputs()
        if [each.name for each in inputs] != ["pixels"]:
            self._fail(f"must have one input `pixels`, has {_names(inputs)}")
        shape = list(inputs[0].shape)
        fits = len(shape) == 4 and shape[1] == shape[2] and shape[3] == 3
        if inputs[0].type != "tensor(uint8)" or not fits:
            self._fail(f"must take `pixels` uint8 (B, S, S, 3), takes {inputs[0].type} {shape}")
        return self._fixed("pixels", shape[1])

    def _check_outputs(self) -> dict[str, list[Any]]:
        found = {each.name: each for each in self._runtime.get_outputs()}
        for name, dimensions in _RANKS.items():
            if name not in found:
                self._fail(f"must have the output `{name}`, has {_names(found.values())}")
            kind, shape = found[name].type, list(found[name].shape)
            if kind != "tensor(float)" or len(shape) != dimensions:
                self._fail(
                    f"must give `{name}` as float32 with {dimensions} dimensions, "
                    f"gives {kind} {shape}"
                )
        return {name: list(found[name].shape) for name in _RANKS}

    def _fixed(self, name: str, dimension: object) -> int:
        if not isinstance(dimension, int) or dimension < 1:
            self._fail(f"must have a fixed size of `{name}` (all but the batch), has {dimension!r}")
        return cast(int, dimension)

    def _fail(self, problem: str) -> None:
        raise BundleError(f"The network {self._model!r} {problem}. Export the bundle again")


def _open(model: str, threads: int, device: Device) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.log_severity_level = _LOG_ERRORS_ONLY
    # Waiting threads would otherwise burn the cores that decode the next photos.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    providers = _providers(device)
    try:
        return onnxruntime.InferenceSession(model, options, providers=providers)
    except Exception as error:  # the runtime's own exceptions share no other base
        first_line = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise BundleError(
            f"The network {model!r} can't be loaded: {first_line}. Export the bundle again"
        ) from error


def _providers(device: Device) -> list[str]:
    if device not in get_args(Device):
        raise ValueError(f"device must be one of {', '.join(get_args(Device))}, got {device!r}")
    wanted = _PROVIDERS[device]
    if wanted not in onnxruntime.get_available_providers():
        raise ValueError(
            f"device {device!r} needs ONNX Runtime's {wanted}, which is not installed. "
            "Take device 'cpu', or pip install onnxruntime-gpu"
        )
    return [wanted] if device == "cpu" else [wanted, _PROVIDERS["cpu"]]


def _names(nodes: Any) -> str:
    return ", ".join(f"`{getattr(node, 'name', node)}`" for node in nodes) or "none"
