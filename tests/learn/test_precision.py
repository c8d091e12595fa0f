from __future__ import annotations

import pytest
import timm
import torch
from torch import nn

from whereshot.learn.precision import (
    choose_device,
    choose_precision,
    keep_depthwise_in_float32,
    repeatable,
    short_format,
)

pytestmark = pytest.mark.usefixtures("one_thread")


def capable(monkeypatch: pytest.MonkeyPatch, **capabilities: bool) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    monkeypatch.setattr("torch.cpu.get_capabilities", lambda: capabilities, raising=False)


def test_the_recipe_has_the_last_word(monkeypatch: pytest.MonkeyPatch) -> None:
    capable(monkeypatch, avx512_bf16=True)
    assert choose_precision("float32") == "float32"
    capable(monkeypatch)
    assert choose_precision("bfloat16") == "bfloat16"


@pytest.mark.parametrize("name", ["avx512_bf16", "amx_bf16"])
def test_bfloat16_is_chosen_where_the_processor_multiplies_in_it(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    capable(monkeypatch, **{name: True})
    assert choose_precision("auto") == "bfloat16"


def test_other_processors_and_older_torch_compute_in_float32(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    capable(monkeypatch, avx2=True, avx512_bf16=False)
    assert choose_precision("auto") == "float32"
    monkeypatch.delattr("torch.cpu.get_capabilities")
    assert choose_precision("auto") == "float32"


@pytest.mark.parametrize(("native", "chosen"), [(True, "bfloat16"), (False, "float16")])
def test_a_gpu_that_only_emulates_bfloat16_computes_in_float16(
    monkeypatch: pytest.MonkeyPatch, native: bool, chosen: str
) -> None:
    def is_supported(including_emulation: bool = True) -> bool:
        return native or including_emulation

    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.cuda.is_bf16_supported", is_supported)
    assert choose_precision("auto") == chosen
    assert choose_precision("float32") == "float32"


def test_autocast_has_something_to_do_in_short_formats_only() -> None:
    assert short_format("float32") is None
    assert short_format("bfloat16") is torch.bfloat16
    assert short_format("float16") is torch.float16


def test_gpus_add_up_in_one_order_while_a_run_goes_on_and_as_before_after_it() -> None:
    def run() -> None:
        with repeatable():
            assert torch.backends.cudnn.deterministic
            raise KeyError

    before = torch.backends.cudnn.deterministic
    with pytest.raises(KeyError):
        run()
    assert torch.backends.cudnn.deterministic == before


def test_the_device_is_the_cpu_where_there_is_no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    capable(monkeypatch)
    assert choose_device() == torch.device("cpu")


@pytest.mark.parametrize("name", ["tf_efficientnet_lite0", "test_efficientnet"])
def test_depthwise_convolutions_leave_autocast_and_nothing_else_changes(name: str) -> None:
    net = timm.create_model(name, num_classes=0, global_pool="").eval()
    pixels = torch.randn(1, 3, 64, 64)
    before, keys = net(pixels), list(net.state_dict())
    keep_depthwise_in_float32(net)
    assert list(net.state_dict()) == keys
    assert torch.equal(net(pixels), before)  # float32 in, float32 out: as it was

    kinds: dict[str, set[torch.dtype]] = {"depthwise": set(), "other": set()}

    def note(module: nn.Module, _: object, output: torch.Tensor) -> None:
        assert isinstance(module, nn.Conv2d)
        depthwise = module.groups == module.in_channels > 1
        kinds["depthwise" if depthwise else "other"].add(output.dtype)

    for module in net.modules():
        if isinstance(module, nn.Conv2d):
            module.register_forward_hook(note)
    with torch.autocast("cpu", torch.bfloat16):
        after = net(pixels)
    assert kinds == {"depthwise": {torch.float32}, "other": {torch.bfloat16}}
    assert (
        torch.nn.functional.cosine_similarity(after.float().flatten(), before.flatten(), 0) > 0.98
    )
