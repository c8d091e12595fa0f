"""What a network is shown, and what becomes of what it answers."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from whereshot.errors import DatasetError
from whereshot.learn.answers import collect_answers, index_unknown
from whereshot.learn.dataset import index_folder
from whereshot.photo import Preprocessing, decode, prepare

Paint = Callable[..., Path]
SQUARE = Preprocessing(32, "crop")


def mean_color(pixels: np.ndarray) -> np.ndarray:
    """A network: its three logits are the mean of each channel."""
    return pixels.mean(axis=(1, 2)) / 255


@pytest.fixture
def folder(tmp_path: Path, paint: Paint) -> Path:
    for color in ("red", "green", "blue"):
        for number in range(7):
            paint(tmp_path / color / f"{number}.png", color, size=(40 + number, 60))
    return tmp_path


@pytest.mark.parametrize(("workers", "batch"), [(1, 1), (3, 2), (2, 100)])
def test_answers_come_in_the_order_of_the_photos(folder, workers, batch):
    index = index_folder(folder)

    answers = collect_answers(mean_color, index, SQUARE, workers=workers, batch_size=batch)

    assert answers.paths == index.paths
    assert answers.labels.tolist() == list(index.labels)
    assert answers.logits.shape == (21, 3)
    assert (answers.labels.dtype, answers.logits.dtype) == (np.int64, np.float32)
    # Blue is class 0 and channel 2, green 1 and 1, red 2 and 0.
    assert (answers.logits.argmax(axis=1) == 2 - answers.labels).all()


def test_a_network_sees_what_inference_shows_it(samples: Path, tmp_path: Path):
    (tmp_path / "x").mkdir()
    photo = samples / "machu_picchu.jpg"
    (tmp_path / "x" / "photo.jpg").write_bytes(photo.read_bytes())
    seen: list[np.ndarray] = []

    def look(pixels: np.ndarray) -> np.ndarray:
        seen.append(pixels)
        return np.zeros((len(pixels), 1))

    collect_answers(look, index_folder(tmp_path), Preprocessing(96, "squash"))

    expected = prepare(decode(photo, min_side=96), Preprocessing(96, "squash"))
    assert (seen[0] == expected[None]).all()


def test_a_photo_that_cannot_be_read_is_listed_and_the_others_go_on(folder):
    (folder / "red" / "3.png").write_bytes(b"no photo at all")
    (folder / "green" / "0.png").write_bytes(b"")

    answers = collect_answers(mean_color, index_folder(folder), SQUARE, batch_size=4)

    assert len(answers) == len(answers.logits) == len(answers.labels) == 19
    assert [Path(failure.photo).name for failure in answers.failures] == ["0.png", "3.png"]
    assert "0.png" in str(answers.failures[0].error)
    assert folder / "red" / "3.png" not in answers.paths


def test_a_folder_without_one_readable_photo_is_an_error_that_says_why(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.jpg").write_bytes(b"")

    with pytest.raises(DatasetError, match=r"None of the 1 photos.*x\.jpg.*empty"):
        collect_answers(mean_color, index_folder(tmp_path), SQUARE)


def test_a_network_that_answers_nonsense_is_an_error(folder):
    def diverged(pixels: np.ndarray) -> np.ndarray:
        return np.full((len(pixels), 3), np.nan)

    with pytest.raises(DatasetError, match=r"21 of 21 photos .* not finite"):
        collect_answers(diverged, index_folder(folder), SQUARE)


def test_progress_goes_from_none_to_all_and_counts_unreadable_photos(folder):
    (folder / "red" / "3.png").write_bytes(b"")
    told: list[tuple[int, int]] = []

    collect_answers(
        mean_color,
        index_folder(folder),
        SQUARE,
        batch_size=8,
        report=lambda done, total: told.append((done, total)),
    )

    assert told == [(0, 21), (8, 21), (16, 21), (21, 21)]


def test_an_error_of_the_network_ends_its_threads(folder):
    before = threading.active_count()

    def broken(pixels: np.ndarray) -> np.ndarray:
        raise RuntimeError("no such layer")

    with pytest.raises(RuntimeError, match="no such layer"):
        collect_answers(broken, index_folder(folder), SQUARE, batch_size=2, workers=2)

    assert threading.active_count() == before


def test_unknown_photos_are_found_in_folders_of_any_shape(tmp_path, paint: Paint):
    wanted = [
        paint(tmp_path / "a.jpg"),
        paint(tmp_path / "cats" / "b.jpg"),
        paint(tmp_path / "cats" / "more" / "c.png"),
    ]
    paint(tmp_path / ".hidden.jpg")
    (tmp_path / "notes.txt").write_text("no photo")

    index = index_unknown(tmp_path)

    assert list(index.paths) == wanted
    assert index.labels == (0, 0, 0)


def test_unknown_photos_are_those_of_test_where_there_is_one(tmp_path, paint: Paint):
    paint(tmp_path / "train" / "a.jpg")
    wanted = paint(tmp_path / "test" / "b.jpg")

    assert index_unknown(tmp_path).paths == (wanted,)


def test_no_unknown_photos_are_an_error(tmp_path):
    with pytest.raises(DatasetError, match="has no photos"):
        index_unknown(tmp_path)
