"""The TorchScript predictor sees what every other part sees, and refuses what it can't judge."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import PIL
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from whereshot.learn.predictor import Predictor
from whereshot.photo import Preprocessing, decode, prepare
from whereshot.photo.prepare import Fit

pytestmark = pytest.mark.usefixtures("one_thread")


class Mean(nn.Module):
    """A network whose logits are a photo's mean color."""

    def forward(self, planes: Tensor) -> Tensor:
        return planes.mean((2, 3))


@pytest.fixture(autouse=True)
def torchscript_is_deprecated() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*torch.jit.*")
        yield


@functools.cache
def predictor(size: int = 32, fit: Fit = "crop", temperature: float = 1.0) -> Any:
    recipe = SimpleNamespace(model=SimpleNamespace(size=size, fit=fit))
    run: Any = SimpleNamespace(recipe=recipe, temperature=temperature, classes=("r", "g", "b"))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*torch.jit.*")
        return torch.jit.script(Predictor(Mean(), run))


def planes_of(pixels: np.ndarray) -> Tensor:
    return torch.from_numpy(pixels).permute(2, 0, 1)[None]


@settings(deadline=None, max_examples=60)
@given(
    st.sampled_from([33, 64]),
    st.sampled_from(["crop", "squash"]),
    st.integers(1, 300),
    st.integers(1, 300),
    st.integers(0, 2**32 - 1),
)
def test_it_makes_the_same_pixels_as_prepare_of_photos_of_any_shape(
    size: int, fit: Fit, height: int, width: int, seed: int
) -> None:
    # Noise is the hardest of photos: it overshoots at each pixel, in each pass.
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    made = predictor(size, fit).fit(planes_of(pixels))[0].permute(1, 2, 0).numpy()
    np.testing.assert_array_equal(made, prepare(pixels, Preprocessing(size, fit)))


@pytest.mark.parametrize("name", ["great_wall_of_china.jpg", "machu_picchu.jpg"])
@pytest.mark.parametrize("upright", [True, False])
def test_it_makes_the_same_pixels_as_prepare_of_a_real_photo_as_it_lies_on_disk(
    samples: Path, name: str, upright: bool
) -> None:
    pixels = decode(samples / name)
    pixels = pixels if upright else np.ascontiguousarray(pixels.transpose(1, 0, 2))
    made = predictor(260).fit(planes_of(pixels))[0].permute(1, 2, 0).numpy()
    np.testing.assert_array_equal(made, prepare(pixels, Preprocessing(260)))


def test_an_older_pillow_takes_the_rows_first(monkeypatch: pytest.MonkeyPatch) -> None:
    assert predictor().columns_first == (PIL.__version__ >= "13")
    monkeypatch.setattr(PIL, "__version__", "12.3.0")
    assert not predictor(size=40).columns_first


def test_a_batch_is_answered_as_its_photos_are_one_by_one() -> None:
    photos = torch.randint(0, 256, (3, 3, 50, 70), dtype=torch.uint8)
    one_by_one = torch.cat([predictor()(photo[None]) for photo in photos])
    torch.testing.assert_close(predictor()(photos), one_by_one)


def test_probabilities_are_calibrated_logits() -> None:
    warm = predictor(temperature=50.0)
    photo = torch.randint(0, 256, (1, 3, 40, 40), dtype=torch.uint8)
    torch.testing.assert_close(warm(photo), torch.softmax(warm.logits(photo) / 50, 1))
    assert not warm(photo).requires_grad


def test_floats_in_0_to_1_are_the_same_photo() -> None:
    photo = torch.randint(0, 256, (1, 3, 40, 60), dtype=torch.uint8)
    torch.testing.assert_close(predictor().logits(photo / 255), predictor().logits(photo))


@pytest.mark.parametrize(
    ("photos", "said"),
    [
        (torch.zeros(3, 40, 40, dtype=torch.uint8), r"\(B, 3, H, W\), got \[3, 40, 40\]"),
        (torch.zeros(1, 40, 40, 3, dtype=torch.uint8), r"\(B, 3, H, W\), got \[1, 40, 40, 3\]"),
        (torch.zeros(1, 3, 0, 40, dtype=torch.uint8), r"got \[1, 3, 0, 40\]"),
        (torch.full((1, 3, 40, 40), 200.0), "uint8 in 0..255, or floats in 0..1"),
        (torch.full((1, 3, 40, 40), -0.5), "uint8 in 0..255, or floats in 0..1"),
        (torch.full((1, 3, 40, 40), float("nan")), "uint8 in 0..255, or floats in 0..1"),
        (torch.zeros(1, 3, 40, 40, dtype=torch.int64), "uint8 in 0..255, or floats in 0..1"),
    ],
)
def test_what_is_no_photo_is_refused_with_a_sentence(photos: Tensor, said: str) -> None:
    with pytest.raises(Exception, match=said):
        predictor()(photos)
