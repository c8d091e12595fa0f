"""Which photos inputs stand for, and the list that is kept of them."""

from __future__ import annotations

import os
from pathlib import Path

import fsspec
import pytest

from whereshot.cli._photos import expand_photos
from whereshot.errors import BatchError
from whereshot.progress import silent
from whereshot.scale.batch import listing
from whereshot.scale.batch.listing import keep_list, kept_list, photos_of
from whereshot.scale.batch.storage import locate


@pytest.mark.parametrize(
    "pattern",
    ["", "trip", "*.png", "trip/*", "**/*.png", "t*", "gps.jpg", "gone.jpg", "*[0-3].png"],
)
def test_a_batch_takes_the_photos_that_predict_takes_in_that_order(
    album: Path, pattern: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(album.parent)
    asked = f"{album.name}/{pattern}".rstrip("/")
    expected = list(expand_photos([asked], pytest.fail))
    assert expected
    assert list(photos_of([asked])) == expected


def test_a_url_stands_for_the_photos_that_the_folder_has(album: Path) -> None:
    memory = fsspec.filesystem("memory")
    for path in album.rglob("*.*"):
        memory.pipe(f"/album/{path.relative_to(album)}", path.read_bytes())
    memory.pipe("/album/.hidden/a.jpg", b"")
    local = [os.path.relpath(path, album) for path in photos_of([str(album)])]
    assert list(photos_of(["memory://album"])) == [f"memory://album/{path}" for path in local]
    found = [Path(path).name for path in photos_of(["memory://album/**/*[24].png"])]
    assert sorted(found) == sorted(path.name for path in album.rglob("*[24].png"))
    assert len(found) > 4


def test_a_list_has_a_photo_in_each_line(tmp_path: Path) -> None:
    (tmp_path / "photos.txt").write_bytes(b"a.jpg\r\n\ns3://bucket/b.jpg\nodd \xff.jpg")
    found = list(photos_of([str(tmp_path / "photos.txt"), "c.jpg"]))
    assert found == ["a.jpg", "s3://bucket/b.jpg", os.fsdecode(b"odd \xff.jpg"), "c.jpg"]


@pytest.mark.parametrize(
    "asked",
    ["nothing/*.jpg", "memory://nothing/*.jpg", "empty", "photso", "memory://photso", "no.txt"],
)
def test_an_input_without_photos_is_refused(
    asked: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BatchError, match=r"no photos in|can't be listed|is not there"):
        list(photos_of([asked]))


def test_the_list_that_is_kept_is_the_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "_ROWS_PER_FILE", 4)
    names = [*(f"{number}.jpg" for number in range(9)), os.fsdecode(b"odd \xff.jpg")]
    source = keep_list(names, locate(tmp_path), silent)
    assert source.rows == [4, 4, 2]
    for each in (source, kept_list(locate(tmp_path), source.rows, source.fingerprint)):
        assert [item.name for item in each.read(0, len(names))] == names
        assert [item.name for item in each.read(3, 9)] == names[3:9]
    other = keep_list(names[1:], locate(tmp_path / "other"), silent)
    assert source.fingerprint != other.fingerprint
