from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_training import TINY
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from whereshot.errors import BundleError, ExportError, RecipeError
from whereshot.learn import architectures
from whereshot.learn.config import ModelConfig
from whereshot.learn.cost import (
    PRETRAINED,
    Cost,
    cpu_milliseconds,
    list_architectures,
    network_cost,
)
from whereshot.learn.network import LandmarkNet
from whereshot.recognize.session import Session

pytestmark = pytest.mark.usefixtures("one_thread")
MODEL = ModelConfig(architecture=TINY, weights="none", size=32)


class ByHand(nn.Module):
    """A convolution and a linear layer whose operations can be counted on paper."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, padding=1, bias=False)
        self.linear = nn.Linear(8, 5)

    def forward(self, pixels: Tensor) -> Tensor:
        planes = pixels.permute(0, 3, 1, 2).float()
        return self.linear(self.conv(planes).mean((2, 3)))


class Attention(nn.Module):
    """Two matrix products over 16 tokens of 4 numbers, as one fused call."""

    def forward(self, pixels: Tensor) -> Tensor:
        tokens = torch.zeros(1, 1, 16, 4)
        return scaled_dot_product_attention(tokens, tokens, tokens)


def test_a_multiply_add_counts_as_two_operations() -> None:
    multiply_adds = 16 * 16 * 8 * 3 * 3 * 3 + 8 * 5
    assert network_cost(ByHand(), 16) == Cost(8 * 27 + 8 * 5 + 5, 2 * multiply_adds / 1e9)


def test_fused_attention_is_counted_too() -> None:
    assert network_cost(Attention(), 32).gflops == pytest.approx(2 * 2 * 16 * 16 * 4 / 1e9)


def test_operations_grow_with_the_size_and_parameters_do_not() -> None:
    small, large = network_cost(MODEL), network_cost(MODEL, 64)
    assert small.parameters == large.parameters
    assert large.gflops == pytest.approx(4 * small.gflops, rel=0.01)


def test_a_recipe_and_its_network_cost_the_same() -> None:
    network = LandmarkNet(MODEL, 7, load_weights=False)
    assert network_cost(network) == network_cost(MODEL, classes=7)
    assert network_cost(MODEL, classes=8).parameters > network_cost(MODEL, classes=7).parameters


def test_counting_leaves_the_network_and_the_random_state_as_they_were() -> None:
    network = LandmarkNet(MODEL, 3, load_weights=False).train()
    weights = {key: value.clone() for key, value in network.state_dict().items()}
    state = torch.get_rng_state()
    network_cost(network)
    network_cost(MODEL)
    assert network.training
    assert torch.equal(torch.get_rng_state(), state)
    for key, value in network.state_dict().items():
        assert torch.equal(value, weights[key]), key


def test_lite0_costs_what_its_authors_say() -> None:
    # 4.652 million parameters with a head for 1000 classes, 407 million multiply-adds at 224 px:
    # https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite
    cost = network_cost(ModelConfig(architecture=PRETRAINED[0], size=224), classes=1000)
    assert cost.parameters == pytest.approx(4.652e6, rel=0.001)
    assert cost.gflops == pytest.approx(2 * 0.407, rel=0.06)


def test_an_unknown_network_is_an_error_that_names_it() -> None:
    with pytest.raises(RecipeError, match="no model 'xyzzy'"):
        network_cost(ModelConfig(architecture="timm/xyzzy", weights="none"))


def test_a_module_needs_a_size() -> None:
    with pytest.raises(ValueError, match="size must be given"):
        network_cost(ByHand())


def test_the_overview_has_every_architecture_once() -> None:
    rows = list(list_architectures(64, classes=4))
    assert [row.name for row in rows] == [*architectures.names(), *PRETRAINED]
    assert all(row.cost.parameters > 0 and row.cost.gflops > 0 for row in rows)
    assert {row.name for row in rows if row.weights == "imagenet"} == set(PRETRAINED)
    assert {row.cpu_milliseconds for row in rows} == {None}


def test_an_exported_network_is_timed_in_onnx_runtime(
    tiny_network: Callable[..., bytes], tmp_path: Path
) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(tiny_network())
    assert 0 < cpu_milliseconds(path, repeats=3) < 1000
    with pytest.raises(ValueError, match="repeats must be 1 or more"):
        cpu_milliseconds(path, repeats=0)
    path.write_bytes(b"")
    with pytest.raises(BundleError, match="can't be loaded"):
        cpu_milliseconds(path)


def test_waiting_for_the_cpu_does_not_count(
    tiny_network: Callable[..., bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(tiny_network())
    run = Session.run

    def held_up(self: Session, pixels: np.ndarray) -> object:
        time.sleep(0.05)  # as another process would have it
        return run(self, pixels)

    monkeypatch.setattr(Session, "run", held_up)
    assert cpu_milliseconds(path, repeats=3) < 25


@pytest.mark.slow
def test_a_recipe_s_network_is_exported_and_timed() -> None:
    assert 0 < cpu_milliseconds(MODEL, repeats=3) < 1000


def test_a_network_that_onnx_can_t_express_is_an_error_that_names_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object) -> None:
        raise torch.onnx.errors.UnsupportedOperatorError("aten::odd", 18, None)

    monkeypatch.setattr("whereshot.learn.cost.export_onnx", fail)
    with pytest.raises(ExportError, match=r"test_efficientnet' can't be exported.*aten::odd"):
        cpu_milliseconds(MODEL)
