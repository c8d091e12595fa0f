"""Photos beside what a recognizer says of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import whereshot
from whereshot.learn.show import show_answers


def test_each_photo_stands_beside_its_candidates(
    tiny_bundle: Path, paint: Callable[..., Path], tmp_path: Path
) -> None:
    photos = [paint(tmp_path / f"{color}.png", color) for color in ("red", "grey")]
    figure = show_answers(whereshot.load(tiny_bundle), photos, k=2)
    red, red_bars, _, grey_bars = figure.axes
    assert [image.get_array().shape for image in red.images] == [(48, 64, 3)]
    assert len(red_bars.patches) == 2
    assert red_bars.get_title(loc="left").startswith("Golden Gate Bridge, ")
    assert red_bars.patches[0].get_width() == pytest.approx(1, abs=0.01)
    assert grey_bars.get_title(loc="left") == "I don't know this place"
    # An unknown place has no bar in the color of an answer.
    assert red_bars.patches[0].get_facecolor() != red_bars.patches[1].get_facecolor()
    assert grey_bars.patches[0].get_facecolor() == grey_bars.patches[1].get_facecolor()
