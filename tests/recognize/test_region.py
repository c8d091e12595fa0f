"""The outline of the hottest place: convex, tight, in the right place, and small to write."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image, ImageDraw

from whereshot.recognize.region import outline, upsample

GRID = 400

heats = arrays(
    np.float32,
    st.tuples(st.integers(1, 12), st.integers(1, 12)),
    elements=st.floats(0, 1, width=32),
)


def painted(region, side: int = GRID) -> np.ndarray:
    """The polygon as a mask."""
    image = Image.new("1", (side, side))
    ImageDraw.Draw(image).polygon([(x * side, y * side) for x, y in region], fill=1)
    return np.asarray(image)


def turns(region) -> list[float]:
    """The cross products of neighbouring edges: all of one sign in a convex polygon."""
    around = [*region, *region[:2]]
    return [
        (bx - ax) * (cy - by) - (by - ay) * (cx - bx)
        for (ax, ay), (bx, by), (cx, cy) in zip(around, around[1:], around[2:], strict=False)
    ]


@given(heat=heats, threshold=st.floats(0.05, 1))
@settings(deadline=None, max_examples=80)
def test_it_is_a_convex_polygon_inside_the_square_around_the_hottest_point(heat, threshold):
    region = outline(heat, threshold)
    if not heat.max() > 0:
        assert region is None
        return
    assert region is not None
    assert len(region) >= 4
    assert len(set(region)) == len(region)
    assert all(0 <= x <= 1 and 0 <= y <= 1 for x, y in region)
    assert min(turns(region)) > 0  # clockwise on a screen, without corners in a straight line
    smooth = upsample(heat, GRID, GRID)
    assert smooth[painted(region)].max() > 0.9 * smooth.max()


@given(heat=heats)
@settings(deadline=None, max_examples=40)
def test_a_higher_threshold_gives_no_larger_outline(heat):
    if heat.max() > 0:
        areas = [painted(outline(heat, threshold)).mean() for threshold in (0.1, 0.4, 0.8)]
        # Corners that hardly matter are left out, so not to the last pixel.
        assert all(wide >= 0.95 * narrow - 0.01 for wide, narrow in itertools.pairwise(areas))


@given(row=st.integers(0, 8), column=st.integers(0, 8))
@settings(deadline=None, max_examples=30)
def test_one_hot_cell_is_outlined_where_it_is(row, column):
    heat = np.zeros((9, 9))
    heat[row, column] = 1
    region = np.array(outline(heat, 0.5))
    # Halfway between the centres of a hot cell and its cold neighbours the heat is a half. At the
    # photo's edge there is no neighbour.
    assert region.min(axis=0) == pytest.approx([column / 9, row / 9], abs=0.02)
    assert region.max(axis=0) == pytest.approx([(column + 1) / 9, (row + 1) / 9], abs=0.02)


def test_a_second_place_that_is_less_hot_is_left_out():
    heat = np.zeros((9, 9))
    heat[1:3, 1:3], heat[6:9, 6:9] = 1, 0.8
    assert np.array(outline(heat)).max() < 0.45
    heat[2:7, 4] = heat[2, 2:5] = heat[6, 4:7] = 0.5  # a bridge makes them one
    assert np.array(outline(heat)).max() > 0.95


def test_the_outline_follows_a_slope_and_not_only_a_rectangle():
    rows, columns = np.mgrid[:9, :9]
    heat = np.where(columns <= rows, 1.0, 0.0)
    region = painted(outline(heat))
    assert region[300:, :100].all()
    assert not region[:100, 300:].any()
    assert 0.5 < region.mean() < 0.7


def test_few_corners_are_enough():
    rows, columns = np.mgrid[:9, :9]
    round_heat = np.clip(1.2 - np.hypot(rows - 4, columns - 4) / 4, 0, 1)
    region = outline(round_heat, 0.5)
    assert 6 <= len(region) <= 14
    disc = upsample(round_heat, GRID, GRID) >= 0.5
    assert (painted(region) ^ disc).mean() < 0.02


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (64, 48), (300, 2)])
def test_any_number_of_cells_will_do(shape):
    assert outline(np.ones(shape)) == ((0, 0), (1, 0), (1, 1), (0, 1))


@pytest.mark.parametrize(
    ("heat", "threshold", "words"),
    [
        (np.zeros(3), 0.5, r"heat must be \(h, w\)"),
        (np.zeros((0, 3)), 0.5, r"heat must be \(h, w\)"),
        (np.ones((3, 3)), 0.0, r"threshold must be in \(0, 1\]"),
        (np.ones((3, 3)), 1.5, r"threshold must be in \(0, 1\]"),
    ],
)
def test_what_it_can_not_outline_is_an_error(heat, threshold, words):
    with pytest.raises(ValueError, match=words):
        outline(heat, threshold)
