"""What an ONNX graph shows of the network in it: its end, as a function, and its first filters.

Needs the package `onnx`: ONNX Runtime runs a graph as a whole and shows no part of it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from whereshot.errors import BundleError, MissingExtraError
from whereshot.learn.explain.activation import Floats, Head


def open_head(model_path: Path) -> Head:
    """The part of a bundle's graph that makes logits out of features, ready to run.

    Raises MissingExtraError without `onnx`, BundleError where the logits don't come from the
    features.
    """
    import onnxruntime

    model = _read(model_path)
    end, others = _between(model.graph, "features", "logits")
    if not end:
        raise BundleError(f"The logits of '{model_path}' don't come from its features.")
    given = {each.name: each for each in (*model.graph.input, *model.graph.output)}
    weights = {name for node in end for name in node.input}
    # `pixels` is among the others where the head asks it for the number of photos.
    inputs = [given["features"], *(given[name] for name in others)]
    graph = model.graph
    kept = [each for each in graph.initializer if each.name in weights]
    del graph.node[:], graph.input[:], graph.initializer[:], graph.value_info[:]
    graph.node.extend(end)
    graph.input.extend(inputs)
    graph.initializer.extend(kept)
    logits = given["logits"]
    del graph.output[:]
    graph.output.append(logits)

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3  # errors only
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    side = {each.name: each.shape for each in session.get_inputs()}

    def head(features: NDArray[np.float32]) -> Floats:
        feed: dict[str, NDArray[Any]] = {"features": np.ascontiguousarray(features)}
        for name in others:
            feed[name] = np.zeros((len(features), *side[name][1:]), np.uint8)
        return cast("list[Floats]", session.run(["logits"], feed))[0]

    return head


def first_kernels_of(model_path: Path) -> NDArray[np.float32] | None:
    """The weights (O, C, kh, kw) of the graph's first convolution; None where it has none."""
    graph = _read(model_path).graph
    weights = {each.name: each for each in graph.initializer}
    for node in graph.node:
        if node.op_type == "Conv":
            from onnx import numpy_helper

            found = weights.get(node.input[1])
            return None if found is None else numpy_helper.to_array(found).astype(np.float32)
    return None


def _read(model_path: Path) -> Any:
    try:
        import onnx
    except ModuleNotFoundError:
        raise MissingExtraError(
            "Looking into a bundle's network needs onnx, which is not installed: "
            "pip install 'whereshot[learn]'"
        ) from None
    return onnx.load(model_path)


def _between(graph: Any, start: str, end: str) -> tuple[list[Any], list[str]]:
    """The nodes that lead from one value to another, and the graph's inputs that they also need.

    No nodes where none of them takes `start`.
    """
    maker = {output: node for node in graph.node for output in node.output}
    inputs = {each.name for each in graph.input}
    wanted, seen = [end], {start}
    chosen: set[int] = set()
    while wanted:
        name = wanted.pop()
        if name in seen or name not in maker:
            continue
        seen.add(name)
        chosen.add(id(maker[name]))
        wanted += maker[name].input
    nodes = [node for node in graph.node if id(node) in chosen]
    used = {name for node in nodes for name in node.input}
    return (nodes, sorted(used & inputs)) if start in used else ([], [])
