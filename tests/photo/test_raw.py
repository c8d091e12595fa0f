from __future__ import annotations

import contextlib
import subprocess
import sys
from datetime import datetime, timedelta, timezone

import numpy as np
import pytest
import raw_files
from PIL import Image
from raw_files import jpeg

from whereshot.errors import DamagedPhotoError, UnsupportedPhotoError
from whereshot.photo import decode
from whereshot.photo.raw import largest_jpeg, viewable

RED, GREEN = (220, 30, 30), (30, 220, 30)
PICTURE = jpeg(RED, (640, 480))
THUMBNAIL = jpeg(GREEN, (160, 120))
TAKEN = datetime(2024, 3, 1, 12, 30, 5)  # noqa: DTZ001 - cameras without an offset write local time

KINDS = {
    "a.NEF": raw_files.nef(PICTURE, THUMBNAIL),
    "b.cr2": raw_files.cr2(PICTURE, b"\xff\xd8\xff\xc3 lossless" * 50),
    "c.rw2": raw_files.rw2(PICTURE),
    "d.orf": raw_files.orf(PICTURE),
    "e.raf": raw_files.raf(PICTURE),
    "f.CR3": raw_files.cr3(PICTURE),
}


def color(picture: bytes) -> tuple[int, ...]:
    return tuple(decode(picture).reshape(-1, 3).mean(axis=0).round().astype(int).tolist())


@pytest.mark.parametrize("name", KINDS)
def test_the_picture_inside_is_found(name):
    picture = viewable(KINDS[name], name).picture
    assert np.abs(np.subtract(color(picture), RED)).max() <= 2
    assert sorted(decode(picture).shape[:2]) == [480, 640]


@pytest.mark.parametrize("name", ["a.NEF", "b.cr2", "c.rw2", "d.orf"])
def test_the_raw_file_says_when_and_with_what(name):
    exif = viewable(KINDS[name], name).exif
    assert (exif.camera, exif.taken_at) == ("NIKON D750", TAKEN)


def test_a_cr3_says_where_too():
    exif = viewable(KINDS["f.CR3"], "f.CR3").exif
    assert exif.camera == "Canon EOS R6"
    assert exif.taken_at == TAKEN.replace(tzinfo=timezone(timedelta(hours=2)))
    assert exif.location.latitude == pytest.approx(-13.1631, abs=1e-4)
    assert exif.location.longitude == pytest.approx(-72.545, abs=1e-4)


def test_a_raf_is_described_by_its_picture():
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "FUJIFILM", "X-T5"
    data = raw_files.raf(jpeg(RED, (640, 480), exif=exif))
    assert viewable(data, "a.raf").exif.camera == "FUJIFILM X-T5"


def test_the_picture_is_turned_as_the_raw_file_says():
    data = raw_files.nef(PICTURE, THUMBNAIL, orientation=6)
    assert decode(viewable(data, "a.nef").picture).shape[:2] == (640, 480)
    assert decode(viewable(KINDS["f.CR3"], "f.cr3").picture).shape[:2] == (640, 480)


def test_a_picture_that_says_itself_how_it_is_held_is_left_alone():
    exif = Image.Exif()
    exif[0x0112] = 8
    data = raw_files.nef(jpeg(RED, (640, 480), exif=exif), THUMBNAIL, orientation=6)
    assert viewable(data, "a.nef").picture == jpeg(RED, (640, 480), exif=exif)


@pytest.mark.parametrize("tag", ["JpgFromRaw", "PreviewImage"])
def test_exiftool_finds_the_same_picture(exiftool, tmp_path, tag):
    name = {"JpgFromRaw": "a.NEF", "PreviewImage": "b.cr2"}[tag]
    path = tmp_path / name
    path.write_bytes(KINDS[name])
    found = subprocess.run([exiftool, "-b", f"-{tag}", str(path)], capture_output=True, check=True)
    assert found.stdout == largest_jpeg(KINDS[name])


def test_other_files_stay_as_they_are():
    assert viewable(PICTURE, "a.jpg").picture == PICTURE
    assert viewable(PICTURE, "a.nef").picture == PICTURE, "a JPEG that somebody renamed"


def test_thumbnails_are_not_good_enough(monkeypatch):
    monkeypatch.setitem(sys.modules, "rawpy", None)
    data = raw_files.nef(THUMBNAIL, THUMBNAIL)
    with pytest.raises(UnsupportedPhotoError, match="pip install 'whereshot"):
        viewable(data, "a.nef")


def test_rawpy_develops_what_holds_no_picture():
    pytest.importorskip("rawpy")
    red, green, blue = color(viewable(raw_files.dng_without_picture(), "a.dng").picture)
    assert red > 2 * max(green, blue, 1)


def test_what_rawpy_can_not_develop_is_damaged():
    pytest.importorskip("rawpy")
    with pytest.raises(DamagedPhotoError, match="can't be developed"):
        viewable(b"nothing of the kind" * 10, "a.dng")


@pytest.mark.parametrize("name", KINDS)
def test_a_file_cut_anywhere_gives_a_picture_or_none_and_ends(name, monkeypatch):
    monkeypatch.setitem(sys.modules, "rawpy", None)
    data = KINDS[name]
    for length in range(0, len(data), 97):
        with contextlib.suppress(UnsupportedPhotoError):
            assert viewable(data[:length], name).picture.startswith(b"\xff\xd8\xff")


@pytest.mark.parametrize("name", KINDS)
def test_a_file_with_wrong_bytes_gives_a_picture_or_none_and_ends(name, monkeypatch):
    monkeypatch.setitem(sys.modules, "rawpy", None)
    rng = np.random.default_rng(0)
    for _ in range(60):
        data = bytearray(KINDS[name])
        for place in rng.integers(0, len(data), 8).tolist():
            data[place] = int(rng.integers(0, 256))
        with contextlib.suppress(UnsupportedPhotoError):
            viewable(bytes(data), name)


def test_directories_in_a_circle_end():
    data = bytearray(raw_files.tiff([raw_files.about()]))
    first = int.from_bytes(data[4:8], "little")
    link = first + 2 + 12 * int.from_bytes(data[first : first + 2], "little")
    data[link : link + 4] = first.to_bytes(4, "little")
    assert largest_jpeg(bytes(data)) is None


def test_a_picture_is_found_among_many_false_beginnings():
    data = raw_files.orf(PICTURE)
    assert largest_jpeg(data + b"\xff\xd8\xff\xe1\0\4" * 500) is not None
