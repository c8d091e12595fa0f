from __future__ import annotations

import copy
import math

import numpy as np
import pytest
import torch
from tiny_training import TINY
from torch import nn

from whereshot.learn.config import ModelConfig, OptimConfig
from whereshot.learn.network import LandmarkNet
from whereshot.learn.optim import (
    average_of,
    parameter_groups,
    set_frozen,
    set_learning_rates,
    set_mode,
    warmup_cosine,
)

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture
def network() -> LandmarkNet:
    torch.manual_seed(0)
    config = ModelConfig(architecture=TINY, weights="none", size=32, embedding=8, pool="gem")
    return LandmarkNet(config, classes=3)


def trained_names(network: nn.Module) -> set[str]:
    return {name for name, parameter in network.named_parameters() if parameter.requires_grad}


def one_step(network: LandmarkNet, config: OptimConfig) -> None:
    optimizer = torch.optim.AdamW(parameter_groups(network, config))
    pixels = torch.randint(0, 256, (4, 32, 32, 3), dtype=torch.uint8)
    network(pixels).logits.pow(2).sum().backward()
    optimizer.step()


# -- freezing ------------------------------------------------------------------------------


def test_a_frozen_backbone_leaves_the_head_to_train(network: LandmarkNet) -> None:
    set_frozen(network, backbone=True)
    trained = trained_names(network)
    assert trained
    assert not any(name.startswith("backbone.") for name in trained)
    set_frozen(network, backbone=False)
    assert trained_names(network) == {name for name, _ in network.named_parameters()}


def test_stages_freeze_from_the_stem_up(network: LandmarkNet) -> None:
    layers = network.backbone.layers()  # type: ignore[operator]
    for stages in range(-1, len(layers)):
        set_frozen(network, backbone=False, stages=stages)
        frozen = [not any(p.requires_grad for p in layer) for layer in layers]
        assert frozen == [depth <= stages for depth in range(len(layers))]
        assert any(p.requires_grad for p in network.head.parameters())


@pytest.mark.parametrize("freeze_batch_norm", [True, False])
@pytest.mark.parametrize("stages", [0, 2])
def test_frozen_stages_really_stay_as_they_were(
    network: LandmarkNet, stages: int, freeze_batch_norm: bool
) -> None:
    set_frozen(network, backbone=False, stages=stages)
    set_mode(network, backbone_trains=True, freeze_batch_norm=freeze_batch_norm)
    frozen = {name for name, _ in network.named_parameters()} - trained_names(network)
    norms_of_frozen = {name.rpartition(".")[0] for name in frozen}
    before = copy.deepcopy(network.state_dict())
    one_step(network, OptimConfig(lr=0.1, weight_decay=0.5))
    after = network.state_dict()
    for name, value in after.items():
        module, _, last = name.rpartition(".")
        statistics = last in ("running_mean", "running_var", "num_batches_tracked")
        if name in frozen or (statistics and module in norms_of_frozen):
            assert torch.equal(value, before[name]), f"{name} changed"
        elif statistics and name.startswith("backbone."):
            assert torch.equal(value, before[name]) == freeze_batch_norm, name
        elif name in trained_names(network):
            assert not torch.equal(value, before[name]), f"{name} did not learn"


def test_a_frozen_backbone_keeps_its_statistics_and_its_dropout_off(network: LandmarkNet) -> None:
    set_frozen(network, backbone=True)
    set_mode(network, backbone_trains=False, freeze_batch_norm=False)
    assert not any(module.training for module in network.backbone.modules())
    assert all(module.training for module in network.neck.modules())
    before = copy.deepcopy(network.backbone.state_dict())
    one_step(network, OptimConfig(head_lr=0.1))
    after = network.backbone.state_dict()
    assert all(torch.equal(value, before[name]) for name, value in after.items())


def test_the_mode_can_change_from_phase_to_phase(network: LandmarkNet) -> None:
    set_mode(network, backbone_trains=False, freeze_batch_norm=True)
    set_mode(network, backbone_trains=True, freeze_batch_norm=False)
    assert all(module.training for module in network.modules())
    set_mode(network, backbone_trains=True, freeze_batch_norm=True)
    norms = [m for m in network.backbone.modules() if isinstance(m, nn.BatchNorm2d)]
    assert norms
    assert not any(norm.training for norm in norms)
    assert network.neck.training


# -- groups and rates ----------------------------------------------------------------------


def test_every_parameter_is_in_exactly_one_group(network: LandmarkNet) -> None:
    groups = parameter_groups(network, OptimConfig())
    ids = [id(parameter) for group in groups for parameter in group["params"]]
    assert sorted(ids) == sorted(id(parameter) for parameter in network.parameters())


def test_rates_fall_from_the_head_to_the_stem_by_the_layer_decay(network: LandmarkNet) -> None:
    config = OptimConfig(lr=1e-3, head_lr=5e-3, layer_decay=0.5)
    rate_of = {
        id(parameter): group["lr"]
        for group in parameter_groups(network, config)
        for parameter in group["params"]
    }
    layers = network.backbone.layers()  # type: ignore[operator]
    rates = [{rate_of[id(parameter)] for parameter in layer} for layer in layers]
    expected = [{1e-3 * 0.5**above} for above in reversed(range(len(layers)))]
    assert [pytest.approx(next(iter(each))) for each in rates] == [
        next(iter(each)) for each in expected
    ]
    assert all(len(each) == 1 for each in rates)
    assert {rate_of[id(p)] for p in network.head.parameters()} == {5e-3}
    assert {rate_of[id(p)] for p in network.neck.parameters()} == {5e-3}


def test_biases_norms_and_gains_have_no_weight_decay(network: LandmarkNet) -> None:
    groups = parameter_groups(network, OptimConfig(weight_decay=0.1))
    for group in groups:
        for parameter in group["params"]:
            assert group["weight_decay"] == (0.1 if parameter.ndim > 1 else 0.0)
    assert any(p.ndim == 0 for group in groups for p in group["params"])  # the pooling's power


def test_frozen_parameters_are_in_no_group(network: LandmarkNet) -> None:
    set_frozen(network, backbone=True)
    members = [p for group in parameter_groups(network, OptimConfig()) for p in group["params"]]
    assert len(members) == len(trained_names(network))
    assert all(parameter.requires_grad for parameter in members)


def test_one_step_matches_adamw_by_hand(network: LandmarkNet) -> None:
    config = OptimConfig(head_lr=0.02, weight_decay=0.1)
    optimizer = torch.optim.AdamW(parameter_groups(network, config))
    set_learning_rates(optimizer, 0.5)
    weight = network.head.get_parameter("linear.weight")
    bias = network.head.get_parameter("linear.bias")
    before = [parameter.detach().numpy().astype(np.float64) for parameter in (weight, bias)]
    torch.manual_seed(1)
    for parameter in network.parameters():
        parameter.grad = torch.randn_like(parameter)
    optimizer.step()
    for parameter, old, decay in zip((weight, bias), before, (0.1, 0.0), strict=True):
        assert parameter.grad is not None
        gradient = parameter.grad.numpy().astype(np.float64)
        rate = 0.5 * 0.02
        # I. Loshchilov and F. Hutter, "Decoupled Weight Decay Regularization", algorithm 2, t = 1
        first = (1 - 0.9) * gradient / (1 - 0.9)
        second = (1 - 0.999) * gradient**2 / (1 - 0.999)
        expected = old * (1 - rate * decay) - rate * first / (np.sqrt(second) + 1e-8)
        assert parameter.detach().numpy() == pytest.approx(expected, abs=1e-6)


def test_a_share_of_the_peak_is_set_for_every_group(network: LandmarkNet) -> None:
    optimizer = torch.optim.AdamW(parameter_groups(network, OptimConfig(layer_decay=0.5)))
    peaks = [group["lr"] for group in optimizer.param_groups]
    for share in (0.1, 0.7):  # of the peak, not of the rate before
        set_learning_rates(optimizer, share)
        rates = [group["lr"] for group in optimizer.param_groups]
        assert rates == pytest.approx([share * peak for peak in peaks])


def test_the_rate_rises_linearly_and_falls_as_half_a_cosine() -> None:
    shares = [warmup_cosine(step, 100, 0.1) for step in range(100)]
    assert shares[:10] == pytest.approx([0.1 * (step + 1) for step in range(10)])
    assert shares[10] == 1.0
    assert shares[55] == pytest.approx(0.5)
    assert shares[77] == pytest.approx(0.5 * (1 + math.cos(math.pi * 67 / 90)))
    assert sorted(shares[10:], reverse=True) == shares[10:]
    assert 0 < shares[99] < 0.001


@pytest.mark.parametrize(("steps", "warmup"), [(1, 0.0), (1, 1.0), (3, 0.0), (3, 1.0), (2, 0.05)])
def test_short_runs_have_sane_rates_too(steps: int, warmup: float) -> None:
    shares = [warmup_cosine(step, steps, warmup) for step in range(steps)]
    assert all(0 < share <= 1 for share in shares)
    assert max(shares) == 1.0


# -- the average of weights ----------------------------------------------------------------


def test_the_average_matches_its_formula_buffers_included() -> None:
    module = nn.BatchNorm1d(2)
    average = average_of(module, decay=0.5)  # type: ignore[arg-type]
    values = [3.0, 7.0, -2.0, 5.0, 11.0, 4.0, 8.0, 1.0, 0.0, 6.0, 9.0]
    expected = 0.0
    for number, value in enumerate(values):
        with torch.no_grad():
            module.weight.fill_(value)
            module.running_var.fill_(10 * value)  # type: ignore[union-attr]
            module.num_batches_tracked.fill_(number)  # type: ignore[union-attr]
        average.update_parameters(module)
        # The first update copies; then the decay grows from 2 / 11 to the 0.5 that is asked for.
        keep = 0.0 if number == 0 else min(0.5, (1 + number) / (10 + number))
        expected = keep * expected + (1 - keep) * value
        assert average.module.weight.tolist() == pytest.approx([expected] * 2)
        assert average.module.running_var.tolist() == pytest.approx([10 * expected] * 2)
        assert average.module.num_batches_tracked == number  # a count is not averaged


def test_the_average_does_not_touch_the_network(network: LandmarkNet) -> None:
    before = copy.deepcopy(network.state_dict())
    average = average_of(network, decay=0.9)
    average.update_parameters(network)
    with torch.no_grad():
        for parameter in average.module.parameters():
            parameter.add_(1)
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
