"""What only the networks of our own promise; what every network promises is in test_network.py."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from whereshot.errors import RecipeError
from whereshot.learn import architectures
from whereshot.learn.architectures import mobile, plain, residual
from whereshot.learn.architectures.mobile import (
    ExtraDepthwiseBlock,
    FusedInvertedBottleneck,
    InvertedBottleneck,
)
from whereshot.learn.architectures.residual import BasicBlock
from whereshot.learn.config import ModelConfig
from whereshot.learn.network import LandmarkNet
from whereshot.photo import Preprocessing, decode, prepare

pytestmark = pytest.mark.usefixtures("one_thread")


def test_there_is_a_plain_a_residual_and_a_depthwise_network() -> None:
    assert architectures.names() == ["mobile", "plain", "residual"]


@pytest.mark.parametrize("name", architectures.names())
def test_each_docstring_says_why_and_names_its_papers(name: str) -> None:
    text = {"mobile": mobile, "plain": plain, "residual": residual}[name].__doc__ or ""
    assert "Why it is built so" in text
    assert text.count("(CVPR") + text.count("(IC") + text.count("(EC") >= 2


@pytest.mark.parametrize("name", architectures.names())
@pytest.mark.parametrize("side", [64, 97, 130])
def test_the_side_shrinks_32_times_and_odd_sides_are_taken(name: str, side: int) -> None:
    backbone = architectures.build(name, pretrained_weights=False).eval()
    with torch.inference_mode():
        features = backbone(torch.zeros(1, 3, side, side))
    assert features.shape[-1] == -(-side // 32)


@pytest.mark.parametrize("name", architectures.names())
def test_each_is_small_enough_for_a_bundle_of_twelve_megabytes(name: str) -> None:
    backbone = architectures.build(name, pretrained_weights=False)
    assert 4 * sum(p.numel() for p in backbone.parameters()) < 11.5e6


@pytest.mark.parametrize("name", architectures.names())
def test_each_says_that_it_has_no_pretrained_weights(name: str) -> None:
    with pytest.raises(RecipeError, match=r'model\.weights = "none"'):
        architectures.build(name, pretrained_weights=True)


def test_the_plain_network_has_no_branches_to_drop() -> None:
    with pytest.raises(RecipeError, match=r"no residual branches.*drop_path = 0\.1"):
        architectures.build("plain", pretrained_weights=False, drop_path=0.1)


def test_each_residual_branch_begins_switched_off() -> None:
    torch.manual_seed(0)
    block = BasicBlock(32, 32, halve=False, excite=True, drop_path=0.0).train()
    x = torch.rand(4, 32, 8, 8)
    assert torch.allclose(block(x), x, atol=1e-6)


@pytest.mark.parametrize("kind", [FusedInvertedBottleneck, ExtraDepthwiseBlock])
def test_a_branch_is_dropped_only_where_a_shortcut_goes_past_it(
    kind: type[InvertedBottleneck],
) -> None:
    torch.manual_seed(0)
    x = torch.rand(64, 8, 4, 4)
    past = kind(8, 8, stride=1, expansion=2, drop_path=0.9).train()
    unchanged = (past(x) == x).flatten(1).all(1)
    assert 40 < int(unchanged.sum()) < 64
    for stride, outputs in ((2, 8), (1, 16)):
        alone = kind(8, outputs, stride=stride, expansion=2, drop_path=0.9).train()
        assert (alone(x).flatten(1).abs().amax(1) > 0).all()


@pytest.mark.slow
@pytest.mark.parametrize("name", architectures.names())
def test_each_learns_sixteen_photos_by_heart(name: str, samples: Path) -> None:
    # Sixteen crops of the two real photos that ship with the tests, each a class of its own.
    preprocessing = Preprocessing(size=64, fit="squash")
    crops = []
    for path in sorted(samples.glob("*.jpg"))[:2]:
        pixels = decode(path)
        rows, columns = pixels.shape[0] // 2, pixels.shape[1] // 4
        crops += [
            prepare(
                pixels[r * rows : (r + 1) * rows, c * columns : (c + 1) * columns].copy(),
                preprocessing,
            )
            for r in range(2)
            for c in range(4)
        ]
    planes = torch.tensor(np.stack(crops)).permute(0, 3, 1, 2).float()
    labels = torch.arange(16)
    torch.manual_seed(0)
    network = LandmarkNet(
        ModelConfig(architecture=name, weights="none", size=64, dropout=0.0), classes=16
    ).train()
    optimizer = torch.optim.AdamW(network.parameters(), lr=3e-3)
    for _ in range(60):
        loss = torch.nn.functional.cross_entropy(network.from_planes(planes).logits, labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if float(loss.detach()) < 0.05:
            break
    network.eval()
    # BatchNorm's running statistics lag behind; the batch's own ones are what was learned with.
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.train()
    with torch.inference_mode():
        assert network.from_planes(planes).logits.argmax(1).tolist() == labels.tolist()
