from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from made_photos import scene
from PIL import Image

from whereshot.learn.sets.pixels import DETAIL_SIDE, SOFT, MeanPhoto, detail, square_of
from whereshot.photo import decode

SAMPLES = ("great_wall_of_china.jpg", "machu_picchu.jpg")


def enlarged(pixels: np.ndarray, times: float) -> np.ndarray:
    """The same photo as if it had been stored this much smaller."""
    image = Image.fromarray(pixels)
    small = image.resize((round(image.width / times), round(image.height / times)))
    return np.asarray(small.resize(image.size, Image.Resampling.BICUBIC))


@pytest.mark.parametrize("name", SAMPLES)
def test_a_photo_has_detail_and_loses_it_when_it_is_enlarged(samples: Path, name: str) -> None:
    pixels = decode(samples / name, min_side=DETAIL_SIDE)
    image = Image.fromarray(pixels)
    image.thumbnail((384, 384))
    sharp = np.asarray(image)
    assert detail(sharp) > 0.6
    assert detail(enlarged(sharp, 2)) < 0.7 * detail(sharp)
    assert all(detail(enlarged(sharp, times)) < SOFT for times in (3, 4, 8))


def test_detail_does_not_depend_on_contrast_or_on_how_large_a_photo_is_stored(
    samples: Path,
) -> None:
    pixels = decode(samples / SAMPLES[0], min_side=DETAIL_SIDE)
    pale = (128 + (pixels.astype(np.float32) - 128) / 2).astype(np.uint8)
    assert detail(pale) == pytest.approx(detail(pixels), rel=0.05)
    large = decode(samples / SAMPLES[0])
    assert detail(large) == pytest.approx(detail(pixels), rel=0.1)


@pytest.mark.parametrize("shape", [(64, 64, 3), (31, 400, 3), (1, 1, 3)])
def test_where_there_is_nothing_to_see_there_is_no_detail(shape: tuple[int, ...]) -> None:
    assert detail(np.full(shape, 90, np.uint8)) is None


def test_the_mean_of_photos_is_that_of_their_squares() -> None:
    squares = [square_of(np.asarray(scene(seed))) for seed in range(3)]
    assert squares[0].shape == (64, 64, 3)
    first, second = MeanPhoto(), MeanPhoto()
    first.add(squares[0])
    second.add(squares[1])
    second.add(squares[2])
    both = first.merged(second)
    assert both.photos == 3
    pixels = both.pixels()
    assert pixels is not None
    np.testing.assert_array_equal(pixels, np.mean(squares, axis=0).round().astype(np.uint8))
    assert (first.photos, second.photos) == (1, 2)


def test_no_photos_have_no_mean() -> None:
    assert MeanPhoto().pixels() is None
