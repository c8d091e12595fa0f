"""The end of an ONNX graph, cut off and run by itself."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from whereshot.errors import BundleError, MissingExtraError
from whereshot.learn.explain.graph import first_kernels_of, open_head
from whereshot.recognize import Session


def test_the_head_makes_the_networks_logits_out_of_its_features(exported: Path):
    session = Session(exported)
    pixels = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3), dtype=np.uint8)
    seen = session.run(pixels, ("logits", "features"))

    logits = open_head(exported)(seen.features)

    np.testing.assert_allclose(logits, seen.logits, atol=1e-5)


def test_the_head_of_a_plain_graph_needs_no_pixels(tiny_bundle):
    features = np.zeros((2, 3, 4, 4), np.float32)
    features[0, 0], features[1, 2] = 1, 1

    logits = open_head(tiny_bundle / "model.onnx")(features)

    expected = 40 * (np.eye(3) - 1 / 3)
    np.testing.assert_allclose(logits, expected[[0, 2]], atol=1e-5)


def test_logits_from_elsewhere_are_an_error(tiny_bundle, tmp_path):
    import onnx

    model = onnx.load(tiny_bundle / "model.onnx")
    # The mean is taken of what comes before the features.
    node = next(node for node in model.graph.node if node.op_type == "ReduceMean")
    node.input[0] = "planes"
    onnx.save(model, tmp_path / "model.onnx")

    with pytest.raises(BundleError, match="don't come from its features"):
        open_head(tmp_path / "model.onnx")


def test_the_first_convolution_is_found(exported, tiny_bundle):
    kernels = first_kernels_of(exported)

    assert kernels is not None
    assert kernels.shape[1:] == (3, 3, 3)
    assert first_kernels_of(tiny_bundle / "model.onnx") is None


def test_without_onnx_it_says_what_to_install(tiny_bundle, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)

    with pytest.raises(MissingExtraError, match=r"onnx.*pip install 'whereshot\[learn\]'"):
        open_head(tiny_bundle / "model.onnx")
