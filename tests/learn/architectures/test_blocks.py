from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from whereshot.learn.architectures.blocks import (
    BlurPool,
    ConvNormAct,
    DropPath,
    SqueezeExcite,
    drop_path_rates,
    init_convolutions,
)

pytestmark = pytest.mark.usefixtures("one_thread")


def test_blur_pool_keeps_a_constant_and_halves_the_side() -> None:
    blurred = BlurPool(3)(torch.full((2, 3, 9, 8), 0.7))
    assert blurred.shape == (2, 3, 5, 4)
    assert torch.allclose(blurred, torch.tensor(0.7))


def test_blur_pool_weighs_neighbours_as_the_binomial_does() -> None:
    photo = torch.zeros(1, 1, 5, 5)
    photo[0, 0, 2, 2] = 16.0
    assert BlurPool(1)(photo)[0, 0].tolist() == [[0, 0, 0], [0, 4, 0], [0, 0, 0]]
    photo = torch.zeros(1, 1, 5, 5)
    photo[0, 0, 1, 1] = 16.0
    assert BlurPool(1)(photo)[0, 0].tolist() == [[1, 1, 0], [1, 1, 0], [0, 0, 0]]


def test_a_shifted_photo_changes_less_behind_a_blur_than_behind_a_stride() -> None:
    torch.manual_seed(0)
    photo = torch.rand(1, 1, 32, 32)
    shifted = photo.roll(1, dims=3)
    blur = BlurPool(1)
    blurred = (blur(photo) - blur(shifted)).abs().mean()
    strided = (photo[..., ::2, ::2] - shifted[..., ::2, ::2]).abs().mean()
    assert blurred < 0.6 * strided


def test_blur_pool_gives_the_number_format_that_it_got() -> None:
    assert BlurPool(2)(torch.zeros(1, 2, 4, 4, dtype=torch.bfloat16)).dtype == torch.bfloat16


def test_squeeze_excite_only_weighs_channels_by_their_means() -> None:
    torch.manual_seed(0)
    block, x = SqueezeExcite(16), torch.rand(2, 16, 5, 5) + 0.1
    ratio = block(x) / x
    assert torch.allclose(ratio, ratio[:, :, :1, :1].expand_as(ratio), atol=1e-6)
    assert ((ratio > 0) & (ratio < 1)).all()
    mixed = x.flatten(2)[..., torch.randperm(25)].unflatten(2, (5, 5))
    assert torch.allclose(block(mixed) / mixed, ratio, atol=1e-5)


def test_drop_path_keeps_the_mean_and_does_nothing_at_evaluation() -> None:
    torch.manual_seed(0)
    drop, x = DropPath(0.25), torch.ones(4000, 1, 1, 1)
    dropped = drop(x)
    assert sorted(set(dropped.flatten().tolist())) == pytest.approx([0, 1 / 0.75])
    assert float(dropped.mean()) == pytest.approx(1, abs=0.03)
    assert torch.equal(drop.eval()(x), x)


def test_drop_path_rates_rise_from_nothing_to_the_last() -> None:
    assert drop_path_rates(0.2, 5) == pytest.approx([0, 0.05, 0.1, 0.15, 0.2])
    assert drop_path_rates(0.2, 1) == [0]


def test_convolutions_begin_with_the_spread_that_keeps_relu_layers_alive() -> None:
    torch.manual_seed(0)
    dense, depthwise = nn.Conv2d(64, 128, 3), nn.Conv2d(4096, 4096, 3, groups=4096)
    init_convolutions(nn.Sequential(dense, depthwise))
    assert float(dense.weight.detach().std()) == pytest.approx(math.sqrt(2 / (128 * 9)), rel=0.02)
    assert float(depthwise.weight.detach().std()) == pytest.approx(math.sqrt(2 / 9), rel=0.02)
    assert dense.bias is not None
    assert not dense.bias.any()


def test_conv_norm_act_is_convolution_batch_norm_and_relu() -> None:
    torch.manual_seed(0)
    layer, x = ConvNormAct(3, 4, 5, stride=2).eval(), torch.rand(2, 3, 9, 9)
    norm = layer.norm
    norm.running_mean = torch.rand(4)
    norm.running_var = torch.rand(4) + 0.5
    convolved = torch.nn.functional.conv2d(x, layer[0].weight, stride=2, padding=2)
    scale = (norm.running_var + norm.eps).rsqrt().view(1, 4, 1, 1)
    expected = torch.relu((convolved - norm.running_mean.view(1, 4, 1, 1)) * scale)
    assert torch.allclose(layer(x), expected, atol=1e-5)
    assert (ConvNormAct(3, 4, act=False).eval()(x) < 0).any()
