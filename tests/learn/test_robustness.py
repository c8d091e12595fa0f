"""What photos stand: with a recognizer whose answers are known, each change is seen to matter."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from made_photos import saved, scene
from PIL import Image

import whereshot
from whereshot.errors import PhotoError
from whereshot.learn.robustness import CHANGES, measure_robustness
from whereshot.learn.show import robustness_table


@pytest.fixture
def labelled(paint: Callable[..., Path], tmp_path: Path) -> list[tuple[Path, str]]:
    """Two photos that `tiny@1` is right about, one that it is sure and wrong about, one unsure."""
    return [
        (paint(tmp_path / "1.png", "red"), "golden_gate_bridge"),
        (paint(tmp_path / "2.png", "green"), "machu_picchu"),
        (paint(tmp_path / "3.png", "blue"), "machu_picchu"),
        (paint(tmp_path / "4.png", "grey"), "niagara_falls"),
    ]


def test_shares_are_of_all_photos(tiny_bundle: Path, labelled: list[tuple[Path, str]]) -> None:
    seen: list[tuple[str, int, int]] = []
    (row,) = measure_robustness(
        whereshot.load(tiny_bundle),
        labelled,
        {"as it is": CHANGES["as it is"]},
        report=lambda *step: seen.append(step),
    )
    assert (row.change, row.photos) == ("as it is", 4)
    assert (row.named, row.wrong) == (0.5, 0.25)
    assert row.right in (0.5, 0.75)  # grey is torn between the three
    assert seen[-1] == ("as it is", 4, 4)


def test_without_color_nothing_is_left_of_what_tells_colors_apart(
    tiny_bundle: Path, labelled: list[tuple[Path, str]]
) -> None:
    wanted = {name: CHANGES[name] for name in ("as it is", "without color")}
    before, after = measure_robustness(whereshot.load(tiny_bundle), labelled, wanted)
    assert before.named == 0.5
    assert (after.named, after.wrong) == (0, 0)


@pytest.mark.parametrize("name", CHANGES)
def test_each_change_gives_a_photo_and_only_the_first_gives_the_same(name: str) -> None:
    photo = scene(3, (300, 200))
    changed = CHANGES[name](photo)
    assert changed.mode == "RGB"
    same = changed.size == photo.size and np.array_equal(np.asarray(changed), np.asarray(photo))
    assert same == (name == "as it is")


def test_the_middle_third_is_a_third() -> None:
    part = CHANGES["the middle third of it"](Image.new("RGB", (3000, 1500)))
    assert part.width * part.height == pytest.approx(3000 * 1500 / 3, rel=0.01)


def test_a_photo_that_cannot_be_read_is_an_error(tiny_bundle: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no photo")
    with pytest.raises(PhotoError):
        measure_robustness(whereshot.load(tiny_bundle), [(broken, "machu_picchu")])


def test_the_table_has_a_line_for_each_change(
    tiny_bundle: Path, labelled: list[tuple[Path, str]]
) -> None:
    rows = measure_robustness(whereshot.load(tiny_bundle), labelled)
    table = robustness_table(rows)
    assert [row[0] for row in table.rows] == list(CHANGES)
    assert table.head[0] == "4 photos"
    assert table.rows[0][2:] == ("50.0%", "25.0%")


def test_a_saved_scene_goes_through(tiny_bundle: Path, tmp_path: Path) -> None:
    path = saved(scene(1, (64, 48)), tmp_path / "scene.png")
    rows = measure_robustness(whereshot.load(tiny_bundle), [(path, "machu_picchu")])
    assert all(0 <= row.named <= row.right <= 1 for row in rows)
