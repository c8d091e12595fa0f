from __future__ import annotations

import pytest
import torch
from torch import Tensor

from whereshot.learn.augment import Mixing, TrainPreset
from whereshot.learn.config import AugmentConfig

pytestmark = pytest.mark.usefixtures("one_thread")

PRESETS = ("light", "strong")


def preset(name: str, size: int = 32, **changes: float) -> TrainPreset:
    return TrainPreset(AugmentConfig(preset=name, **changes), size)  # type: ignore[arg-type]


def sky_over_ground(height: int = 60, width: int = 80) -> Tensor:
    """Bright above, dark below, with some texture."""
    light = torch.linspace(230, 30, height)[None, :, None].expand(3, height, width)
    return (light + 20 * torch.rand(3, height, width)).to(torch.uint8)


@pytest.mark.parametrize("name", PRESETS)
def test_views_vary(name: str) -> None:
    torch.manual_seed(0)
    photo, augment = sky_over_ground(), preset(name)
    views = [augment(photo) for _ in range(10)]
    assert all(view.shape == (3, 32, 32) and view.dtype == torch.uint8 for view in views)
    assert all(not torch.equal(views[0], view) for view in views[1:])


@pytest.mark.parametrize("name", PRESETS)
def test_a_photo_is_never_turned_upside_down_or_inverted(name: str) -> None:
    torch.manual_seed(0)
    photo, augment = sky_over_ground(), preset(name, min_scale=0.9)
    for number in range(300):
        view = augment(photo).float()
        assert view[:, :10].mean() > view[:, -10:].mean(), number


@pytest.mark.parametrize("name", PRESETS)
def test_photos_are_mirrored_left_and_right_about_half_of_the_time(name: str) -> None:
    torch.manual_seed(0)
    photo, augment = sky_over_ground(80, 60).transpose(1, 2).contiguous(), preset(name)
    mirrored = 0
    for _ in range(200):
        view = augment(photo).float()
        mirrored += bool(view[:, :, :10].mean() < view[:, :, -10:].mean())
    assert 60 <= mirrored <= 140


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("shape", [(1, 1), (1, 700), (700, 2), (3, 5)])
def test_odd_shapes_give_views_too(name: str, shape: tuple[int, int]) -> None:
    torch.manual_seed(0)
    photo, augment = torch.full((3, *shape), 90, dtype=torch.uint8), preset(name)
    for _ in range(15):
        assert augment(photo).shape == (3, 32, 32)


def test_a_crop_keeps_at_least_min_scale_of_the_area() -> None:
    torch.manual_seed(0)
    column = torch.arange(200).repeat(200, 1)  # the column numbers, as light
    photo = column[None].expand(3, 200, 200).to(torch.uint8)
    augment = TrainPreset(AugmentConfig(min_scale=0.81), 64)
    augment._steps.transforms = augment._steps.transforms[:1]  # the crop alone
    widths = [float(view.max() - view.min()) for view in (augment(photo) for _ in range(50))]
    # At the widest allowed aspect ratio the narrowest crop of 81 % is sqrt(0.81 * 0.65) wide, but
    # it must fit into the photo's height.
    assert min(widths) >= 0.81 * 199 - 6
    assert max(widths) >= 190


# -- mixing --------------------------------------------------------------------------------


def batch() -> tuple[Tensor, Tensor]:
    planes = torch.arange(4.0)[:, None, None, None].expand(4, 3, 16, 16).contiguous()
    return planes * 80, torch.tensor([0, 2, 1, 2])


def test_without_mixing_labels_become_certain_and_photos_stay() -> None:
    planes, labels = batch()
    same, targets = Mixing(AugmentConfig(), classes=3)(planes, labels)
    assert torch.equal(same, planes)
    expected = torch.tensor([[1, 0, 0], [0, 0, 1], [0, 1, 0], [0, 0, 1]])
    assert torch.equal(targets, expected.float())


@pytest.mark.parametrize(
    "changes", [{"mixup": 0.4}, {"cutmix": 1.0}, {"mixup": 1.0, "cutmix": 1.0}]
)
def test_mixed_labels_say_how_much_of_each_photo_is_there(changes: dict[str, float]) -> None:
    torch.manual_seed(0)
    planes, labels = batch()
    mixing = Mixing(AugmentConfig(**changes), classes=3)  # type: ignore[arg-type]
    light = torch.tensor([0.0, 80, 160, 240])  # of the four photos
    own = torch.nn.functional.one_hot(labels, 3).float()
    for _ in range(20):
        mixed, targets = mixing(planes, labels)
        assert mixed.shape == planes.shape
        assert targets.sum(1).tolist() == pytest.approx([1] * 4)
        # Each photo is mixed with its neighbour, both ways by the same share.
        mean = mixed.mean((1, 2, 3))
        share = float((mean[1] - light[0]) / (light[1] - light[0]))
        expected = share * own + (1 - share) * own.roll(1, 0)
        assert torch.allclose(targets, expected, atol=1e-4)


def test_mixup_and_cutmix_take_turns() -> None:
    torch.manual_seed(0)
    mixing = Mixing(AugmentConfig(mixup=1.0, cutmix=1.0), classes=3)
    planes, labels = batch()
    # CutMix pastes, so its pixels are those of the two photos; mixup's lie between.
    pasted = 0
    for _ in range(60):
        mixed, _ = mixing(planes, labels)
        pasted += bool(((mixed % 80) == 0).all())
    assert 15 <= pasted <= 45


def test_a_single_class_can_be_mixed() -> None:
    planes, _ = batch()
    _, targets = Mixing(AugmentConfig(mixup=0.2), classes=1)(planes, torch.zeros(4).long())
    assert targets.tolist() == [[1.0]] * 4
