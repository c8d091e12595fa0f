"""The ONNX session: the interface is checked, and only what is asked for is fetched."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from whereshot.errors import BundleError
from whereshot.recognize import Session

Network = Callable[..., bytes]


@pytest.fixture
def session(tiny_bundle: Path) -> Session:
    return Session(tiny_bundle / "model.onnx")


def photo_of(*color: int, size: int = 32) -> np.ndarray:
    return np.full((size, size, 3), color, dtype=np.uint8)


def test_the_sizes_are_read_from_the_graph(session: Session) -> None:
    assert (session.size, session.classes, session.embedding_size) == (32, 3, 3)


def test_outputs_have_the_documented_shapes(session: Session) -> None:
    pixels = np.stack([photo_of(255, 0, 0), photo_of(0, 0, 255)])
    outputs = session.run(pixels, ("logits", "embedding", "features"))
    assert outputs.logits is not None
    assert outputs.embedding is not None
    assert outputs.features is not None
    assert outputs.logits.shape == (2, 3)
    assert outputs.logits.argmax(axis=1).tolist() == [0, 2]
    np.testing.assert_allclose(np.linalg.norm(outputs.embedding, axis=1), 1, atol=1e-5)
    assert outputs.features.shape == (2, 3, 4, 4)
    np.testing.assert_allclose(outputs.features[0, 0], 1)


def test_only_what_is_asked_for_is_fetched(session: Session) -> None:
    pixels = photo_of(1, 2, 3)[None]
    assert session.run(pixels).embedding is None
    assert session.run(pixels).features is None
    outputs = session.run(pixels, ("features",))
    assert outputs.logits is None
    assert outputs.features is not None


def test_a_batch_says_the_same_as_its_photos_one_by_one(session: Session) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (5, 32, 32, 3), dtype=np.uint8)
    together = session.run(pixels).logits
    one_by_one = [session.run(photo[None]).logits for photo in pixels]
    assert together is not None
    np.testing.assert_allclose(together, np.concatenate(one_by_one), atol=1e-5)  # type: ignore[arg-type]


def test_several_threads_per_run_say_the_same(tiny_bundle: Path, session: Session) -> None:
    pixels = photo_of(9, 80, 200)[None]
    wide = Session(tiny_bundle / "model.onnx", threads=2)
    np.testing.assert_allclose(wide.run(pixels).logits, session.run(pixels).logits, atol=1e-5)


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((1, 32, 32, 3), np.float32),
        np.zeros((32, 32, 3), np.uint8),
        np.zeros((1, 3, 32, 32), np.uint8),
        np.zeros((1, 16, 16, 3), np.uint8),
    ],
    ids=["float", "no batch", "channels first", "other size"],
)
def test_pixels_of_another_shape_are_refused(session: Session, pixels: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"must be uint8 \(B, 32, 32, 3\)"):
        session.run(pixels)


@pytest.mark.parametrize("name", ["pixels", "logits", "embedding", "features"])
def test_a_graph_with_other_names_is_refused(
    tmp_path: Path, tiny_network: Network, name: str
) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(tiny_network(**{name: "other"}))
    with pytest.raises(BundleError, match=rf"`{name}`.*other"):
        Session(path)


def edited(network: bytes, edit: Callable[..., None]) -> bytes:
    import onnx

    model = onnx.load_from_string(network)
    edit(model.graph)
    return model.SerializeToString()


def test_a_graph_of_another_input_type_is_refused(tmp_path: Path, tiny_network: Network) -> None:
    def floats(graph) -> None:
        graph.input[0].type.tensor_type.elem_type = 1  # float32

    path = tmp_path / "model.onnx"
    path.write_bytes(edited(tiny_network(), floats))
    with pytest.raises(BundleError, match=r"must take `pixels` uint8 \(B, S, S, 3\).*float"):
        Session(path)


def test_a_graph_without_a_fixed_size_is_refused(tmp_path: Path, tiny_network: Network) -> None:
    def any_size(graph) -> None:
        for at in (1, 2):
            graph.input[0].type.tensor_type.shape.dim[at].dim_param = "S"
        for at in (2, 3):
            graph.output[2].type.tensor_type.shape.dim[at].dim_param = "h"

    path = tmp_path / "model.onnx"
    path.write_bytes(edited(tiny_network(), any_size))
    with pytest.raises(BundleError, match="fixed size of `pixels`"):
        Session(path)


@pytest.mark.parametrize("content", [b"", b"not a graph", b"\x08\x09" * 50])
def test_what_is_no_graph_is_refused_in_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(content)
    with pytest.raises(BundleError, match=r"can't be loaded") as caught:
        Session(path)
    assert "\n" not in str(caught.value)


def test_a_missing_graph_is_a_bundle_error(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"can't be loaded"):
        Session(tmp_path / "model.onnx")


def test_threads_and_device_are_checked(tiny_bundle: Path) -> None:
    model = tiny_bundle / "model.onnx"
    with pytest.raises(ValueError, match="threads must be 1 or more, got 0"):
        Session(model, threads=0)
    with pytest.raises(ValueError, match="device must be one of cpu, cuda"):
        Session(model, device="tpu")  # type: ignore[arg-type]


def test_a_device_that_is_not_there_is_told(
    tiny_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("onnxruntime.get_available_providers", lambda: ["CPUExecutionProvider"])
    with pytest.raises(ValueError, match=r"CUDAExecutionProvider.*onnxruntime-gpu"):
        Session(tiny_bundle / "model.onnx", device="cuda")
