from __future__ import annotations

import logging
from pathlib import Path

import pytest
from tiny_training import tiny_photos, tiny_recipe

from whereshot.errors import DatasetError
from whereshot.learn.portions import read_portions


def test_landmarks_without_photos_are_named_and_keep_their_number(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    photos = tiny_photos(tmp_path)
    (photos / "train" / "nobody_came").mkdir()
    with caplog.at_level(logging.WARNING):
        portions = read_portions(tiny_recipe(photos))
    assert portions.training.classes == ("nobody_came", "place_0", "place_1", "place_2")
    assert portions.summary["training_counts"] == [0, 4, 4, 4]
    assert caplog.messages == ["Without photos, and so never learned: nobody_came."]


def test_a_landmark_whose_photos_can_not_be_read_is_one_without_photos(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    photos = tiny_photos(tmp_path, each=2)
    for path in (photos / "train" / "place_1").iterdir():
        path.write_bytes(b"no photo")
    with caplog.at_level(logging.WARNING):
        portions = read_portions(tiny_recipe(photos, "data.validation=0"))
    assert portions.summary["training_counts"] == [2, 0, 2]
    assert len(portions.summary["unreadable"]) == 2
    assert "never learned: place_1." in caplog.text


def test_landmarks_of_one_photo_are_trained_on_and_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    photos = tiny_photos(tmp_path)
    for path in sorted((photos / "train" / "place_2").iterdir())[1:]:
        path.unlink()
    with caplog.at_level(logging.WARNING):
        portions = read_portions(tiny_recipe(photos))
    assert portions.summary["training_counts"] == [4, 4, 1]
    assert portions.held_out.counts() == [2, 2, 0]
    assert "no figure measures them: place_2." in caplog.text


def test_many_such_landmarks_are_named_in_short(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    photos = tiny_photos(tmp_path, classes=2)
    for number in range(8):
        (photos / "train" / f"empty_{number}").mkdir()
    with caplog.at_level(logging.WARNING):
        read_portions(tiny_recipe(photos, "data.validation=0"))
    assert "empty_0, empty_1, empty_2, empty_3, empty_4 and 3 more." in caplog.text


def test_a_sound_data_set_is_not_commented(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        read_portions(tiny_recipe(tiny_photos(tmp_path)))
    assert caplog.text == ""


def test_landmarks_that_are_left_out_are_not_learned(tmp_path: Path) -> None:
    photos = tiny_photos(tmp_path)
    portions = read_portions(tiny_recipe(photos, 'data.leave_out=["Place-1"]'))
    assert portions.training.classes == portions.held_out.classes == ("place_0", "place_2")
    folders = {path.parent.name for path in portions.training.paths + portions.held_out.paths}
    assert folders == {"place_0", "place_2"}
    assert {portions.training.classes[label] for label in portions.training.labels} == folders


def test_a_landmark_to_leave_out_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    recipe = tiny_recipe(tiny_photos(tmp_path), 'data.leave_out=["plaice_1"]')
    with pytest.raises(DatasetError, match=r"no class 'plaice_1' to leave out.*'place_1'"):
        read_portions(recipe)
