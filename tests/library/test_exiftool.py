"""exiftool as it is called: what comes of photos that it can't change, and of one that hangs."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from plug import tree_of
from sidecars import packet

from whereshot.library.exiftool import ExifTool
from whereshot.photo.embedded import embedded_xmp

PLACE = packet("<photoshop:City>Agra</photoshop:City>")


@pytest.mark.parametrize("suffix", ["jpg", "png", "tif"])
def test_a_copy_has_the_xmp_and_the_photo_stays(
    suffix: str, exiftool: str, paint: Callable[..., Path], tmp_path: Path
) -> None:
    photo = paint(tmp_path / f"-a\n{suffix}.{suffix}", "red")
    photo.chmod(0o604)
    before = tree_of(tmp_path)
    tool, copy = ExifTool(), tmp_path / f"copy.{suffix}"
    assert tool.read_xmp(photo) is None
    tool.write_copy(photo, PLACE, copy)
    found = embedded_xmp(copy)
    assert found is not None
    assert b"Agra" in found
    again = tmp_path / f"again.{suffix}"
    tool.write_copy(copy, None, again)
    assert tool.read_xmp(again) is None
    after = tree_of(tmp_path)
    assert after[photo.name] == before[photo.name]
    assert after[copy.name][2:] == before[photo.name][2:]  # permissions and time


def test_a_photo_that_it_cannot_change_is_an_error_without_half_a_copy(
    exiftool: str, tmp_path: Path
) -> None:
    photo = tmp_path / "a.jpg"
    photo.write_bytes(b"no photo")
    with pytest.raises(OSError, match=r"exiftool: "):
        ExifTool().write_copy(photo, PLACE, tmp_path / "copy.jpg")
    assert [path.name for path in tmp_path.iterdir()] == ["a.jpg"]


def test_one_that_hangs_is_an_error(
    exiftool: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hang(*_: object, **options: object) -> None:
        raise subprocess.TimeoutExpired("exiftool", 120)

    monkeypatch.setattr(subprocess, "run", hang)
    with pytest.raises(OSError, match="did not end within 120 seconds"):
        ExifTool().read_xmp(tmp_path / "a.jpg")


def test_a_packet_is_found_near_the_end_too_but_not_behind_a_jpeg(tmp_path: Path) -> None:
    photo = tmp_path / "a.tif"
    photo.write_bytes(b"II*\0" + bytes(3 << 20) + PLACE)
    found = embedded_xmp(photo)
    assert found is not None
    assert found in PLACE
    photo.write_bytes(b"\xff\xd8" + bytes(3 << 20) + PLACE)
    assert embedded_xmp(photo) is None
    photo.write_bytes(b"")
    assert embedded_xmp(photo) is None
