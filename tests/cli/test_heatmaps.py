"""`predict --heatmap DIR`: a picture per recognized photo, and nobody's file is touched."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

Paint = Callable[..., Path]


@pytest.fixture
def predict(run, tiny_bundle: Path):
    """Run `predict` with the tiny bundle."""
    return lambda *arguments, **options: run(
        "predict", *arguments, "--bundle", tiny_bundle, **options
    )


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "not there yet" / "heatmaps"


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        assert image.format == "JPEG"
        return np.asarray(image.convert("RGB")).astype(int)


def half_red(path: Path, size: tuple[int, int] = (900, 600)) -> Path:
    """A photo that is red on its left, enough of it to be recognized."""
    image = Image.new("RGB", size, (30, 30, 220))
    image.paste((220, 30, 30), (0, 0, 2 * size[0] // 3, size[1]))
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path)
    return path


def test_the_picture_shows_the_photo_with_heat_where_the_landmark_is(
    predict, tmp_path: Path, target: Path
) -> None:
    photo = half_red(tmp_path / "a.png")
    status, out, err = predict(photo, "--heatmap", target)
    assert status == 0
    assert "Golden Gate Bridge" in out
    assert f"1 heatmaps in {target}\n" in err
    assert names(target) == ["a.heatmap.jpg"]
    drawn = pixels(target / "a.heatmap.jpg")
    assert drawn.shape == (600, 900, 3)
    # Red and hot is light and yellowish; blue and cold stays blue.
    assert drawn[300, 300].min() > 90
    assert drawn[300, 300, 1] > drawn[300, 300, 2]
    assert drawn[300, 850].argmax() == 2


def test_each_record_has_the_region_and_only_with_heatmaps(
    predict, paint: Paint, tmp_path: Path, target: Path
) -> None:
    half_red(tmp_path / "photos" / "a.png")
    paint(tmp_path / "photos" / "b.png", "grey")
    (tmp_path / "photos" / "c.png").write_bytes(b"no photo")
    status, out, _ = predict(tmp_path / "photos", "--json", "--heatmap", target)
    landmark, unknown, failure = map(json.loads, out.splitlines())
    assert status == 1
    assert min(x for x, _ in landmark["region"]) == 150  # of the middle square, 600 px wide
    assert 500 < max(x for x, _ in landmark["region"]) < 700
    assert unknown["region"] is None
    assert list(failure) == ["photo", "error"]
    assert names(target) == ["a.heatmap.jpg"]
    _, out, _ = predict(tmp_path / "photos", "--json")
    assert "region" not in out


def test_the_region_is_that_of_the_library(
    predict, tiny_bundle: Path, tmp_path: Path, target: Path
) -> None:
    import whereshot
    from whereshot.recognize import recognition_to_dict

    photo = half_red(tmp_path / "a.png")
    found = whereshot.load(tiny_bundle).recognize(photo, region=True)
    _, out, _ = predict(photo, "--json", "--heatmap", target)
    assert json.loads(out)["region"] == recognition_to_dict(found, region=True)["region"]


def test_photos_of_one_name_have_pictures_of_their_own(
    predict, paint: Paint, tmp_path: Path, target: Path
) -> None:
    photos = [
        paint(tmp_path / "x" / "a.jpg", "red"),
        paint(tmp_path / "y" / "a.jpg", "green"),
        paint(tmp_path / "y" / "a.png", "blue"),
    ]
    assert predict(*photos, "--heatmap", target).status == 0
    assert names(target) == ["a-2.heatmap.jpg", "a-3.heatmap.jpg", "a.heatmap.jpg"]
    before = {name: (target / name).read_bytes() for name in names(target)}
    assert len(set(before.values())) == 3
    # In another order, one by one, and a photo twice: each finds its own again.
    for photo in (*reversed(photos), photos[1]):
        assert predict(photo, photo, "--heatmap", target).status == 0
    assert {name: (target / name).read_bytes() for name in names(target)} == before


def test_a_photo_that_changed_has_its_picture_drawn_anew(
    predict, paint: Paint, tmp_path: Path, target: Path
) -> None:
    photo = paint(tmp_path / "a.jpg", "red")
    predict(photo, "--heatmap", target)
    before = (target / "a.heatmap.jpg").read_bytes()
    paint(photo, "green", size=(90, 50))
    predict(photo, "--heatmap", target)
    assert names(target) == ["a.heatmap.jpg"]
    assert (target / "a.heatmap.jpg").read_bytes() != before
    assert pixels(target / "a.heatmap.jpg").shape == (50, 90, 3)


def test_a_file_that_is_none_of_ours_is_never_touched(
    predict, paint: Paint, tmp_path: Path, target: Path
) -> None:
    photo = paint(tmp_path / "a.jpg", "red")
    target.mkdir(parents=True)
    elsewhere = tmp_path / "precious.jpg"
    elsewhere.write_bytes(b"precious")
    (target / "a.heatmap.jpg").write_bytes(b"not ours")
    paint(target / "a-2.heatmap.jpg", "green")  # not even where it is a JPEG
    (target / "a-3.heatmap.jpg").symlink_to(elsewhere)
    (target / "a-4.heatmap.jpg").symlink_to(tmp_path / "nowhere")
    (target / "a-5.heatmap.jpg").mkdir()
    if hasattr(os, "mkfifo"):
        os.mkfifo(target / "a-6.heatmap.jpg")
    second = (target / "a-2.heatmap.jpg").read_bytes()
    assert predict(photo, "--heatmap", target).status == 0
    assert (target / "a.heatmap.jpg").read_bytes() == b"not ours"
    assert (target / "a-2.heatmap.jpg").read_bytes() == second
    assert elsewhere.read_bytes() == b"precious"
    assert not (tmp_path / "nowhere").exists()
    drawn = [name for name in names(target) if (target / name).is_file() and name > "a-5"]
    assert "a-7.heatmap.jpg" in drawn


def test_a_link_to_a_picture_of_ours_is_not_followed(
    predict, paint: Paint, tmp_path: Path, target: Path
) -> None:
    photo = paint(tmp_path / "a.jpg", "red")
    predict(photo, "--heatmap", target)
    kept = tmp_path / "kept.jpg"
    shutil.move(target / "a.heatmap.jpg", kept)
    (target / "a.heatmap.jpg").symlink_to(kept)
    before = kept.read_bytes()
    paint(photo, "green")
    predict(photo, "--heatmap", target)
    assert kept.read_bytes() == before
    assert names(target) == ["a-2.heatmap.jpg", "a.heatmap.jpg"]


@pytest.mark.skipif(sys.platform != "linux", reason="names that other systems don't take")
@pytest.mark.parametrize(
    "name",
    [
        b"caf\xc3\xa9 \xe2\x98\x83.jpg",
        b"caf\xe9.jpg",  # not UTF-8
        b"new\nline\x1b[31m.jpg",
        b"-k.jpg",
        b"..jpg",
        b"a b;$(touch x)`.jpg",
        b"a.heatmap.jpg",
        b"x" * 251 + b".jpg",
        "ü".encode() * 125 + b".jpg",
    ],
    ids=str,
)
def test_whatever_a_photo_is_called_its_picture_lies_in_the_folder(
    predict, paint: Paint, tmp_path: Path, target: Path, name: bytes
) -> None:
    photo = tmp_path / "photos" / os.fsdecode(name)
    shutil.copy(paint(tmp_path / "red.jpg", "red"), _made(photo))
    assert predict(photo, "--heatmap", target).status == 0
    [made] = names(target)
    assert made.endswith(".heatmap.jpg")
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "not there yet",
        "photos",
        "red.jpg",
    ]
    predict(photo, "--heatmap", target)
    assert names(target) == [made]


def _made(path: Path) -> Path:
    path.parent.mkdir(parents=True)
    return path


def test_pictures_among_the_photos_are_not_taken_for_photos(
    predict, paint: Paint, tmp_path: Path
) -> None:
    library = tmp_path / "library"
    paint(library / "a.jpg", "red")
    paint(library / "mine.heatmap.jpg", "green")  # a photo of somebody's who likes the name
    for folder in (library, library / "z"):
        for _ in range(2):
            _, out, _ = predict(library, "--json", "--heatmap", folder)
            seen = [Path(json.loads(line)["photo"]).name for line in out.splitlines()]
            assert seen == ["a.jpg", "mine.heatmap.jpg"]
        for made in (*library.glob("a.heatmap.jpg"), *library.glob("mine.heatmap.heatmap.jpg")):
            made.unlink()
    assert names(library / "z") == ["a.heatmap.jpg", "mine.heatmap.heatmap.jpg"]


@pytest.mark.parametrize("size", [(4000, 3000), (3000, 4000), (5000, 40), (1, 1)])
def test_a_picture_has_at_most_1600_pixels_a_side(
    predict, paint: Paint, tmp_path: Path, target: Path, size: tuple[int, int]
) -> None:
    photo = paint(tmp_path / "a.jpg", "red", size=size)
    assert predict(photo, "--heatmap", target).status == 0
    height, width, _ = pixels(target / "a.heatmap.jpg").shape
    assert max(width, height) == min(1600, max(size))
    assert width / height == pytest.approx(size[0] / size[1], rel=0.1)


def test_a_picture_says_nothing_of_where_the_photo_was_taken_or_lies(
    predict, paint: Paint, tmp_path: Path, target: Path
) -> None:
    predict(paint(tmp_path / "a.jpg", "red", gps=(45, -100)), "--heatmap", target)
    with Image.open(target / "a.heatmap.jpg") as image:
        assert not image.getexif()
    assert str(tmp_path).encode() not in (target / "a.heatmap.jpg").read_bytes()


def test_a_folder_that_can_not_be_made_is_told_before_any_photo_is_looked_at(
    predict, paint: Paint, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("Dear diary")
    status, out, err = predict(paint(tmp_path / "a.jpg"), "--heatmap", tmp_path / "file")
    assert status == 1
    assert out == ""
    assert err.startswith("whereshot: ")
    assert "file" in err
    assert (tmp_path / "file").read_text() == "Dear diary"


def test_a_full_disk_ends_the_run_and_leaves_no_half_picture(
    predict, paint: Paint, tmp_path: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from whereshot.cli import _heatmaps

    photo = paint(tmp_path / "a.jpg", "red")

    class Full:
        def __init__(self, file: Any) -> None:
            self._file = file

        def __enter__(self) -> Full:
            return self

        def __exit__(self, *error: object) -> None:
            self._file.close()

        def write(self, content: bytes) -> None:
            self._file.write(content[:100])
            raise OSError(28, "No space left on device")

    opened = Path.open
    monkeypatch.setattr(
        _heatmaps.Path,
        "open",
        lambda self, mode="r", *rest, **options: (
            Full(opened(self, mode)) if mode == "xb" else opened(self, mode, *rest, **options)
        ),
    )
    status, _, err = predict(photo, "--heatmap", target)
    assert status == 1
    assert "No space left on device" in err
    assert names(target) == []


def test_a_photo_that_is_gone_when_it_is_drawn_is_told_and_the_others_go_on(
    predict, paint: Paint, tmp_path: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from whereshot.recognize import OnnxRecognizer

    photos = [paint(tmp_path / f"{name}.jpg", "red") for name in "abc"]
    heatmap = OnnxRecognizer.heatmap

    def vanish(self: OnnxRecognizer, photo: str, landmark_id: str | None = None) -> Any:
        if photo.endswith("b.jpg"):
            Path(photo).unlink()
        return heatmap(self, photo, landmark_id)

    monkeypatch.setattr(OnnxRecognizer, "heatmap", vanish)
    status, out, err = predict(*photos, "--json", "--heatmap", target)
    assert status == 1
    assert len(out.splitlines()) == 3
    assert "no heatmap: " in err
    assert "b.jpg" in err
    assert names(target) == ["a.heatmap.jpg", "c.heatmap.jpg"]
