"""Pictures of photos, read back pixel by pixel."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from made_photos import data_set, saved, scene
from PIL import Image
from tiny_training import tiny_photos, tiny_recipe

from whereshot.learn.dataset import index_folder
from whereshot.learn.show import show_batch, show_fits, show_photos, show_views

CELL, CAPTION, GAP = 160, 28, 4  # px of a contact sheet


def cell(sheet: Image.Image, row: int, column: int) -> np.ndarray:
    """The photo at a place of a contact sheet, (160, 160, 3)."""
    x, y = GAP + column * (CELL + GAP), GAP + row * (CELL + CAPTION + GAP)
    return np.asarray(sheet.crop((x, y, x + CELL, y + CELL)))


@pytest.fixture
def wide(tmp_path: Path) -> Path:
    """A wide photo: green with red ends."""
    photo = Image.new("RGB", (300, 100), "red")
    photo.paste("green", (100, 0, 200, 100))
    return saved(photo, tmp_path / "wide.png")


def test_a_crop_loses_the_ends_of_a_wide_photo_and_a_squash_keeps_them(wide: Path) -> None:
    sheet = show_fits(wide)

    crop, squash = cell(sheet, 0, 0), cell(sheet, 0, 1)
    assert crop[80, 5, 1] > 100
    assert crop[80, 5, 0] < 20
    assert squash[80, 5, 0] > 200


def test_views_begin_with_what_inference_sees_and_differ_from_epoch_to_epoch(
    tmp_path: Path,
) -> None:
    photo = saved(scene(1), tmp_path / "photo.png")
    recipe = tiny_recipe(tmp_path, "augment.min_scale=0.3")

    sheet = show_views(photo, recipe, count=3)

    views = [cell(sheet, number // 2, number % 2) for number in range(4)]
    for number, view in enumerate(views):
        assert all(not np.array_equal(view, other) for other in views[:number])
    assert np.array_equal(sheet, show_views(photo, recipe, count=3))  # training's own, not new ones


def test_photos_are_of_different_landmarks(tmp_path: Path) -> None:
    data_set(tmp_path, {"a": 9, "b": 1, "c": 2})
    index = index_folder(tmp_path)

    sheet = show_photos(index, 16)

    rows, columns = 2, 2  # three landmarks, so three photos, though there is room for more
    assert sheet.size == (columns * (CELL + GAP) + GAP, rows * (CELL + CAPTION + GAP) + GAP)
    assert np.array_equal(sheet, show_photos(index, 16))
    assert not np.array_equal(sheet, show_photos(index, 16, seed=1))


def test_a_batch_is_drawn_from_the_training_photos_and_is_the_same_each_time(
    tmp_path: Path,
) -> None:
    import torch

    photos = tiny_photos(tmp_path)
    recipe = tiny_recipe(photos, "augment.mixup=0.4", "augment.cutmix=0.4")
    before = torch.random.get_rng_state()

    sheet = show_batch(recipe, 4)

    assert sheet.size == (2 * (CELL + GAP) + GAP, 2 * (CELL + CAPTION + GAP) + GAP)
    assert np.array_equal(sheet, show_batch(recipe, 4))
    assert torch.equal(before, torch.random.get_rng_state())


def test_a_batch_has_photos_without_a_landmark_where_the_recipe_does(tmp_path: Path) -> None:
    photos = tiny_photos(tmp_path / "photos", classes=2, each=2)
    for number in range(4):
        saved(Image.new("RGB", (64, 48), "magenta"), tmp_path / "none" / f"{number}.png")
    share = "data.unknown_share=0.5"
    recipe = tiny_recipe(photos, f"data.unknown={tmp_path / 'none'}", share)

    sheet = show_batch(recipe, 8)

    cells = [cell(sheet, number // 3, number % 3).mean(axis=(0, 1)) for number in range(8)]
    magenta = [red > 2 * green and blue > 2 * green for red, green, blue in cells]
    assert sum(magenta) == 4
