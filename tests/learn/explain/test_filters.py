"""First filters as pictures, of networks and of bundles."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from untrained import untrained_run

from whereshot.learn import architectures
from whereshot.learn.explain import filter_pictures, first_filters, first_kernels
from whereshot.learn.run import load_run


def test_grey_is_zero_and_each_filter_has_its_own_scale():
    kernels = np.zeros((3, 3, 2, 2), np.float32)
    kernels[0, 0, 0, 0], kernels[0, 1, 0, 0] = 0.5, -0.25
    kernels[1, 2, 1, 1] = -100

    pictures = filter_pictures(kernels)

    assert (pictures.shape, pictures.dtype) == ((3, 2, 2, 3), np.uint8)
    assert pictures[0, 0, 0].tolist() == [255, 64, 128]
    assert pictures[1, 1, 1].tolist() == [128, 128, 0]
    assert (pictures[2] == 128).all()  # a filter of zeros, and no division by them


def test_filters_of_one_channel_are_grey_and_of_others_an_error():
    grey = filter_pictures(np.random.default_rng(0).normal(size=(4, 1, 3, 3)))

    assert (grey[..., 0] == grey[..., 2]).all()
    with pytest.raises(ValueError, match=r"expected weights \(O, 3, kh, kw\), got \(4, 12, 3, 3\)"):
        filter_pictures(np.zeros((4, 12, 3, 3)))


@pytest.mark.parametrize("name", [*architectures.names(), "timm/test_efficientnet"])
def test_every_architecture_shows_its_first_filters(tmp_path, name, one_thread):
    folder = untrained_run(tmp_path / "r", ("a", "b"), f"model.architecture={name}")
    network = load_run(folder).network
    kernels = first_kernels(network)
    count, _, height, width = kernels.shape

    grid = first_filters(network, columns=4, scale=2, gap=1)

    rows = -(-count // 4)
    assert grid.shape == (rows * (2 * height + 1) + 1, 4 * (2 * width + 1) + 1, 3)
    assert grid.dtype == np.uint8
    assert (grid[0] == 255).all()  # the gap
    second = grid[1 : 1 + 2 * height : 2, 2 * width + 2 : 4 * width + 2 : 2]
    assert (second == filter_pictures(kernels)[1]).all()


def test_the_first_is_the_one_that_runs_first_and_the_network_stays_as_it_was():
    import torch
    from torch import nn

    class Crossed(nn.Module):
        """Its convolutions run in the other order than they are named."""

        config = SimpleNamespace(size=16)

        def __init__(self) -> None:
            super().__init__()
            self.second = nn.Conv2d(5, 2, 1)
            self.first = nn.Conv2d(3, 5, 3)

        def forward(self, pixels: torch.Tensor) -> torch.Tensor:
            return self.second(self.first(pixels.permute(0, 3, 1, 2).float()))

    network = Crossed().train()

    kernels = first_kernels(network)  # type: ignore[arg-type]

    assert (kernels == network.first.weight.detach().numpy()).all()
    assert network.training
    assert not network.first._forward_pre_hooks


def test_a_bundle_shows_the_filters_of_its_run(untrained, exported, bundle, monkeypatch):
    monkeypatch.setattr(type(bundle.source), "model_path", exported)

    of_run = first_filters(load_run(untrained).network)

    # Batch normalization is merged into the exported weights: a filter's own scale undoes that.
    assert np.abs(first_filters(bundle).astype(int) - of_run).max() <= 1


def test_a_network_without_convolutions_is_an_error(bundle):
    with pytest.raises(ValueError, match="no convolution"):
        first_filters(bundle)
