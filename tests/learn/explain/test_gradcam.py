"""Grad-CAM, against class activation where the two are one, and against differences."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from untrained import untrained_run

from whereshot.learn import architectures
from whereshot.learn.explain import class_activation, grad_cam, head_of, map_layers
from whereshot.learn.explain.gradcam import finer_layer
from whereshot.learn.run import Run, load_run
from whereshot.learn.subject import load_subject
from whereshot.recognize.heatmap import positive_share

CLASSES = ("a", "b", "c")

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture
def pixels() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)


@pytest.fixture
def tiny_run(tmp_path: Path) -> Run:
    return load_run(untrained_run(tmp_path / "run", CLASSES, "model.size=64"))


def features_of(run: Run, pixels: np.ndarray) -> np.ndarray:
    import torch

    with torch.inference_mode():
        return run.network(torch.from_numpy(pixels[None])).features[0].numpy()


def test_of_the_last_layer_under_a_linear_head_it_is_class_activation(tiny_run, pixels):
    """As the authors of Grad-CAM prove in their section 3.1."""
    features = features_of(tiny_run, pixels)
    rows = tiny_run.network.head.linear.weight.detach().numpy()

    expected = [class_activation(features, row) for row in rows]

    assert sum(each.any() for each in expected) >= 2
    for number, each in enumerate(expected):
        np.testing.assert_allclose(grad_cam(tiny_run, pixels, number), each, atol=1e-4)


def test_under_any_other_head_channels_count_by_the_slope_of_the_logit(tmp_path, pixels):
    folder = untrained_run(
        tmp_path / "run",
        CLASSES,
        "model.size=64",
        "model.pool=gem",
        "model.embedding=16",
        "model.head=cosine",
        "model.subcenters=2",
    )
    subject = load_subject(folder)
    # Far from zero, where the generalized mean's cube has a slope worth measuring.
    features = np.abs(features_of(subject.source, pixels)) + 1
    head, step = head_of(subject), 0.02
    nudges = step * np.eye(len(features), dtype=np.float32)[:, :, None, None]
    slopes = (head(features + nudges) - head(features - nudges))[:, 1] / (2 * step)
    expected = positive_share(np.tensordot(slopes, features, axes=1))

    import torch

    network = subject.source.network
    network.backbone.forward = lambda _: torch.from_numpy(features[None]).requires_grad_()

    assert expected.any()
    np.testing.assert_allclose(grad_cam(subject.source, pixels, 1), expected, atol=0.02)


@pytest.mark.parametrize("name", [*architectures.names(), "timm/test_convnext"])
def test_every_architecture_has_it_at_two_depths(tmp_path, pixels, name):
    run = load_run(
        untrained_run(tmp_path / "r", CLASSES, f"model.architecture={name}", "model.size=64")
    )

    last, finer = map_layers(run)[-1], finer_layer(run)

    assert last.name == "backbone"
    assert finer is not None
    assert (finer.height, finer.width) > (last.height, last.width)
    for layer in (last, finer):
        heat = grad_cam(run, pixels, 2, layer.name)
        assert (heat.shape, heat.dtype) == ((layer.height, layer.width), np.float32)
        assert heat.min() >= 0
        assert heat.max() in (0, 1)


def test_the_finer_layer_is_a_whole_stage(tiny_run):
    layer = finer_layer(tiny_run)

    assert layer is not None
    assert layer.name.startswith("backbone.net.blocks.")
    assert layer.name.count(".") == 3


def test_it_leaves_nothing_behind(tiny_run, pixels):
    grad_cam(tiny_run, pixels, 0)
    map_layers(tiny_run)

    assert all(parameter.grad is None for parameter in tiny_run.network.parameters())
    assert not any(module._forward_hooks for module in tiny_run.network.modules())


def test_what_can_not_be_asked_for_is_an_error_that_says_what_can(tiny_run, pixels):
    with pytest.raises(ValueError, match=r"no layer 'backbone\.nett'. Its last ones: .*backbone"):
        grad_cam(tiny_run, pixels, 0, "backbone.nett")
    with pytest.raises(ValueError, match=r"'head' gives \(1, 3\), expected maps"):
        grad_cam(tiny_run, pixels, 0, "head")
    with pytest.raises(ValueError, match=r"class_number must be in \[0, 3\), got 3"):
        grad_cam(tiny_run, pixels, 3)
    with pytest.raises(ValueError, match=r"pixels must be uint8 \(S, S, 3\), got float32"):
        grad_cam(tiny_run, pixels.astype(np.float32), 0)
    assert not any(module._forward_hooks for module in tiny_run.network.modules())
