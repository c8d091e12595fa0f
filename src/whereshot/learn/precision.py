"""Which number format training computes in, where it must not be a short one, in which order."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, Literal

import torch
from timm.layers.conv2d_same import Conv2dSame
from torch import Tensor, nn

Precision = Literal["float32", "bfloat16", "float16"]


@contextmanager
def repeatable() -> Generator[None]:
    """On GPUs, let cuDNN take only kernels that add numbers up in the same order each time."""
    before = torch.backends.cudnn.deterministic
    torch.backends.cudnn.deterministic = True
    try:
        yield
    finally:
        torch.backends.cudnn.deterministic = before


def choose_device() -> torch.device:
    """CUDA if there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def choose_precision(wanted: Literal["auto"] | Precision) -> Precision:
    """bfloat16 where the hardware multiplies in it (AVX-512 BF16, AMX, CUDA since Ampere).

    On older GPUs float16, which their tensor cores know, and whose small range takes a scaled
    loss; on older processors float32.
    """
    if wanted != "auto":
        return wanted
    if torch.cuda.is_available():
        # Unless told not to, torch counts GPUs that only emulate it, many times slower.
        native = torch.cuda.is_bf16_supported(including_emulation=False)
        return "bfloat16" if native else "float16"
    # Asking the CPU came with torch 2.9; before it, float32 is the safe answer.
    ask = getattr(torch.cpu, "get_capabilities", dict[str, bool])
    capabilities = ask()
    fast = capabilities.get("avx512_bf16", False) or capabilities.get("amx_bf16", False)
    return "bfloat16" if fast else "float32"


def short_format(precision: Precision) -> torch.dtype | None:
    """What autocast computes in, or None where it has nothing to do."""
    return {"bfloat16": torch.bfloat16, "float16": torch.float16}.get(precision)


class _Float32Conv2d(nn.Conv2d):
    """A convolution that steps out of autocast."""

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - the name that nn.Conv2d gives it
        with torch.autocast(input.device.type, enabled=False):
            return super().forward(input.float())


class _Float32Conv2dSame(Conv2dSame):
    """TensorFlow's padding, which timm's `tf_` networks use where they halve the side."""

    def forward(self, x: Tensor) -> Tensor:
        with torch.autocast(x.device.type, enabled=False):
            return super().forward(x.float())


_FLOAT32: dict[type[nn.Module], type[Any]] = {
    nn.Conv2d: _Float32Conv2d,
    Conv2dSame: _Float32Conv2dSame,
}


def keep_depthwise_in_float32(net: nn.Module) -> None:
    """Let depthwise convolutions step out of autocast on a CPU.

    oneDNN's bfloat16 gradient of a depthwise convolution is 3-10 times slower than its float32
    one; around it, bfloat16 doubles the speed. Parameters and state dict stay as they are.
    """
    for module in net.modules():
        if isinstance(module, nn.Conv2d) and module.groups == module.in_channels > 1:
            module.__class__ = _FLOAT32.get(type(module), type(module))
