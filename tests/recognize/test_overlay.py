"""Heat on photos: in the right place, in colors that rise evenly, and the photo stays visible."""

from __future__ import annotations

import numpy as np
import pytest

from whereshot.recognize.colors import heat_colors
from whereshot.recognize.heatmap import Heatmap
from whereshot.recognize.overlay import draw_heatmap, heat_layer, overlay
from whereshot.recognize.region import upsample
from whereshot.records import Landmark

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


# -- a heatmap on its photo ------------------------------------------------------------------


def heatmap(values, box, size) -> Heatmap:
    wall = Landmark("wall", "Wall", 40.0, 116.0, 5.0, "China", "CN")
    return Heatmap(np.array(values, np.float32), box, *size, wall)


def test_a_heatmap_is_drawn_where_it_belongs_at_any_scale():
    # Of a photo of 4000 x 3000 px the middle square is seen; its right half is hot.
    hot = heatmap([[0, 1]], (500, 0, 3500, 3000), (4000, 3000))
    for scale in (10, 25):
        blue = photo(3000 // scale, 4000 // scale)
        shown = draw_heatmap(blue, hot).astype(int)
        cold = overlay(blue, np.zeros((1, 1))).astype(int)
        changed = np.abs(shown - cold).sum(axis=2) > 60
        rows, columns = np.nonzero(changed)
        assert shown.shape == blue.shape
        # Interpolated heat reaches into the cold half; beyond the square is nothing but the line.
        assert 1250 / scale < columns.min() < 2000 / scale
        assert columns.max() <= 3500 / scale + 4
        assert (rows.min(), rows.max()) == (0, 3000 // scale - 1)
        assert changed[:, 2800 // scale : 3400 // scale].all()


def test_a_line_goes_around_the_region_and_closes():
    hot = heatmap([[0, 0, 0], [0, 1, 0], [0, 0, 0]], (0, 0, 300, 300), (300, 300))
    shown = draw_heatmap(photo(300, 300), hot)
    light = (shown == (255, 250, 220)).all(axis=2)
    corners = np.array(hot.region)
    following = np.roll(corners, -1, axis=0)
    for share in np.linspace(0, 1, 9):
        for x, y in (1 - share) * corners + share * following:
            near = light[max(0, int(y) - 3) : int(y) + 4, max(0, int(x) - 3) : int(x) + 4]
            assert near.any(), f"the line has a gap at {x:.0f}, {y:.0f}"
    assert not light[140:160, 140:160].any()


def test_a_photo_without_heat_has_no_line():
    blue = photo()
    cold = heatmap(np.zeros((3, 3)), (10, 0, 70, 60), (80, 60))
    assert (draw_heatmap(blue, cold) == overlay(blue, np.zeros((1, 1)))).all()


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (40, 1), (3, 2)])
def test_the_smallest_pictures_can_be_drawn_on(size):
    width, height = size
    side = min(size)
    box = ((width - side) / 2, (height - side) / 2, (width + side) / 2, (height + side) / 2)
    shown = draw_heatmap(photo(height, width), heatmap([[0.2, 1.0]], box, size))
    assert shown.shape == (height, width, 3)
    assert shown.dtype == np.uint8


def test_the_photo_itself_is_left_alone():
    blue = photo()
    draw_heatmap(blue, heatmap([[1.0]], (10, 0, 70, 60), (80, 60)))
    assert (blue == photo()).all()


def test_a_layer_covers_what_is_hot_and_nothing_else():
    hot = heatmap([[0.0, 1.0], [0.0, 1.0]], (100, 0, 700, 600), (800, 600))
    layer = heat_layer(hot, 400)
    assert layer.shape == (300, 400, 4)
    cover = layer[..., 3]
    assert cover[150, 320] > 150
    assert not cover[:, :45].any(), "left of what the network looks at"
    assert not cover[:, 360:].any(), "right of it"
    light = (layer[..., :3] == (255, 250, 220)).all(axis=2)
    assert light.any(), "a line goes around the region"


def test_a_layer_without_heat_is_transparent():
    layer = heat_layer(heatmap(np.zeros((3, 3)), (10, 0, 70, 60), (80, 60)), 400)
    assert layer.shape == (60, 80, 4), "never larger than the photo"
    assert not layer[..., 3].any()


@pytest.mark.parametrize("size", [(1, 1), (1, 4000), (4000, 1), (3001, 2)])
def test_a_layer_of_the_oddest_photos_has_their_shape(size):
    side = min(size)
    left, top = (size[0] - side) / 2, (size[1] - side) / 2
    layer = heat_layer(heatmap([[0.2, 1.0]], (left, top, left + side, top + side), size), 500)
    assert max(layer.shape[:2]) == min(500, max(size))
    assert layer.dtype == np.uint8
