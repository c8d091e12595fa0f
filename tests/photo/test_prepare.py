"""Pixels become the square that a network expects."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pictures import difference, scene
from PIL import Image

from whereshot.photo import Preprocessing, prepare, seen_box


@given(
    height=st.integers(1, 600),
    width=st.integers(1, 600),
    size=st.integers(1, 300),
    fit=st.sampled_from(["crop", "squash"]),
)
@settings(deadline=None, max_examples=60)
def test_every_shape_becomes_a_square(height: int, width: int, size: int, fit: str) -> None:
    color = np.array([17, 130, 250], dtype=np.uint8)
    pixels = np.broadcast_to(color, (height, width, 3))
    square = prepare(pixels, Preprocessing(size, fit))
    assert square.shape == (size, size, 3)
    assert square.dtype == np.uint8
    assert (square == color).all()  # resizing invents no colours


@pytest.mark.parametrize("shape", [(1, 5000), (5000, 1), (1, 1), (2, 100_000)])
@pytest.mark.parametrize("fit", ["crop", "squash"])
def test_extreme_aspect_ratios_cost_nothing(shape: tuple[int, int], fit: str) -> None:
    square = prepare(np.full((*shape, 3), 99, np.uint8), Preprocessing(260, fit))
    assert square.shape == (260, 260, 3)
    assert (square == 99).all()


def test_crop_keeps_the_centre_and_the_aspect() -> None:
    pixels = np.zeros((100, 300, 3), np.uint8)
    pixels[:, :100] = (255, 0, 0)
    pixels[:, 100:200] = (0, 255, 0)
    pixels[:, 200:] = (0, 0, 255)
    # The outermost pixels mix with what lies behind the edge, as when the whole is scaled.
    green = prepare(pixels, Preprocessing(50))[:, 2:-2]
    assert (green == (0, 255, 0)).all()
    green = prepare(pixels.transpose(1, 0, 2), Preprocessing(50))[2:-2]
    assert (green == (0, 255, 0)).all()


def test_crop_is_scaling_the_shorter_side_and_cutting_the_centre() -> None:
    image = scene(600, 400)
    scaled = image.resize((300, 200), Image.Resampling.BICUBIC).crop((50, 0, 250, 200))
    assert difference(prepare(np.asarray(image), Preprocessing(200)), scaled) <= 1


def test_squash_keeps_everything() -> None:
    image = scene(600, 400)
    squashed = image.resize((200, 200), Image.Resampling.BICUBIC)
    assert difference(prepare(np.asarray(image), Preprocessing(200, "squash")), squashed) == 0


def test_fine_patterns_become_their_mean() -> None:
    pixels = np.zeros((800, 800, 3), np.uint8)
    pixels[::2] = 255  # without antialias every row would come out black, or white
    square = prepare(pixels, Preprocessing(100))
    assert np.abs(square.astype(int) - 128).max() <= 6


def test_a_square_of_the_right_size_stays_as_it_is() -> None:
    pixels = np.asarray(scene(64, 64))
    square = prepare(pixels, Preprocessing(64))
    assert np.array_equal(square, pixels)
    assert square is not pixels
    assert square.flags.writeable


def test_views_of_other_arrays_are_fine() -> None:
    pixels = np.asarray(scene(90, 60))
    for view in (pixels[::-1], pixels[:, ::2], pixels.transpose(1, 0, 2)):
        expected = prepare(np.ascontiguousarray(view), Preprocessing(32))
        assert np.array_equal(prepare(view, Preprocessing(32)), expected)


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((10, 10), np.uint8),
        np.zeros((10, 10, 4), np.uint8),
        np.zeros((10, 10, 3), np.float32),
        np.zeros((0, 10, 3), np.uint8),
    ],
    ids=["grey", "four channels", "float", "empty"],
)
def test_other_arrays_are_refused(pixels: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"pixels must be uint8 of shape \(H, W, 3\), got"):
        prepare(pixels, Preprocessing(8))


def test_preprocessing_checks_itself() -> None:
    with pytest.raises(ValueError, match="size must be 1 pixel or more, got 0"):
        Preprocessing(0)
    with pytest.raises(ValueError, match="fit must be one of crop, squash, got 'stretch'"):
        Preprocessing(224, "stretch")  # type: ignore[arg-type]
    assert Preprocessing(224) == Preprocessing(224, "crop")


@given(
    height=st.integers(1, 60),
    width=st.integers(1, 60),
    fit=st.sampled_from(["crop", "squash"]),
)
@settings(deadline=None, max_examples=40)
def test_the_seen_box_is_what_the_square_is_made_of(height: int, width: int, fit: str) -> None:
    rows, columns = np.mgrid[:height, :width]
    pixels = np.stack([4 * columns, 4 * rows, 0 * rows], axis=2).astype(np.uint8)
    size = 40
    left, top, right, bottom = seen_box(width, height, fit)
    assert 0 <= left < right <= width
    assert 0 <= top < bottom <= height
    assert fit == "squash" or right - left == bottom - top
    square = prepare(pixels, Preprocessing(size, fit))
    # The middle of the square is the middle of the box: pixel centres lie at halves.
    middle = square[size // 2 - 1 : size // 2 + 1, size // 2 - 1 : size // 2 + 1].mean(axis=(0, 1))
    assert abs(middle[0] / 4 + 0.5 - (left + right) / 2) < 0.8
    assert abs(middle[1] / 4 + 0.5 - (top + bottom) / 2) < 0.8
