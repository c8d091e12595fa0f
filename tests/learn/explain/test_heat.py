"""Heat on photos: in the right place, in colors that rise evenly, and the photo stays visible."""

from __future__ import annotations

import numpy as np
import pytest

from whereshot.learn.explain import overlay
from whereshot.learn.explain.colors import heat_colors
from whereshot.learn.explain.heat import seen_part, upsample

BLUE = (40, 90, 200)


def photo(height: int = 60, width: int = 80) -> np.ndarray:
    return np.full((height, width, 3), BLUE, np.uint8)


def luminance(colors: np.ndarray) -> np.ndarray:
    """Relative luminance as in WCAG 2, on its own path from sRGB."""
    share = colors / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


def test_the_colors_get_lighter_in_even_steps():
    colors = heat_colors()

    # CIE L*, which is another model of the eye than the one that the colors were made by.
    lightness = 116 * np.cbrt(luminance(colors.astype(float))) - 16
    steps = np.diff(lightness[::15])
    assert colors.shape == (256, 3)
    assert (np.diff(lightness[::3]) > 0).all()
    assert steps.max() < 2 * steps.mean()
    assert lightness[0] < 25
    assert lightness[-1] > 90


def test_the_hot_cell_is_where_the_color_is():
    heat = np.zeros((3, 4))
    heat[0, 3] = 1

    shown = overlay(photo(), heat)

    changed = np.abs(shown.astype(int) - shown[55, 5]).sum(axis=2)
    assert shown.shape == (60, 80, 3)
    assert np.unravel_index(changed.argmax(), changed.shape) > (-1, 60)
    assert changed[:20, 60:].mean() > 50
    assert changed[30:].max() <= 6
    assert changed[:, :40].max() <= 6


def test_cold_places_still_show_the_photo_and_hot_ones_the_color():
    shown = overlay(photo(), np.zeros((2, 2)))
    hot = overlay(photo(), np.ones((2, 2)), strength=1.0)

    red, green, blue = shown[30, 40]
    assert blue > green > red  # paler, but blue
    assert (hot[30, 40] == heat_colors()[-1]).all()


def test_no_strength_is_the_photo_itself():
    assert (overlay(photo(), np.ones((2, 2)), strength=0) == photo()).all()


def test_cells_become_smooth_pixels_within_their_range():
    smooth = upsample(np.eye(5), 50, 70)

    assert smooth.shape == (50, 70)
    assert (smooth.min(), smooth.max()) == (0, 1)
    assert np.abs(np.diff(smooth, axis=1)).max() < 0.2


def test_the_part_that_is_seen_is_the_square_of_a_crop_and_all_of_a_squash():
    wide = np.zeros((60, 100, 3), np.uint8)
    wide[:, 20:80] = 255

    assert seen_part(wide, "crop").shape == (60, 60, 3)
    assert seen_part(wide, "crop").min() == 255
    assert (seen_part(wide, "squash") == wide).all()


@pytest.mark.parametrize(
    ("picture", "heat", "strength", "words"),
    [
        (np.zeros((4, 4, 3)), np.zeros((2, 2)), 0.5, "photo must be uint8"),
        (np.zeros((4, 4), np.uint8), np.zeros((2, 2)), 0.5, "photo must be uint8"),
        (np.zeros((4, 4, 3), np.uint8), np.zeros((1, 2, 2)), 0.5, r"heat must be \(h, w\)"),
        (np.zeros((4, 4, 3), np.uint8), np.zeros((2, 2)), 1.5, r"strength must be in \[0, 1\]"),
    ],
)
def test_other_arrays_are_an_error_that_says_what_was_expected(picture, heat, strength, words):
    with pytest.raises(ValueError, match=words):
        overlay(picture, heat, strength)
