"""A photo has one sidecar."""

from __future__ import annotations

from pathlib import Path

import pytest

from whereshot.photo.sidecar import sidecar_path


@pytest.mark.parametrize(
    ("present", "expected"),
    [
        ([], "IMG_1.jpg.xmp"),
        (["IMG_1.xmp"], "IMG_1.xmp"),
        (["IMG_1.XMP"], "IMG_1.XMP"),
        (["IMG_1.jpg.XMP", "IMG_1.xmp"], "IMG_1.jpg.XMP"),
        (["IMG_1.jpg.xmp", "IMG_1.xmp"], "IMG_1.jpg.xmp"),
        (["IMG_2.xmp"], "IMG_1.jpg.xmp"),
    ],
)
def test_the_sidecar_that_is_there_is_taken(
    tmp_path: Path, present: list[str], expected: str
) -> None:
    for name in present:
        (tmp_path / name).touch()
    assert sidecar_path(tmp_path / "IMG_1.jpg") == tmp_path / expected


def test_a_folder_is_no_sidecar(tmp_path: Path) -> None:
    (tmp_path / "IMG_1.xmp").mkdir()
    assert sidecar_path(tmp_path / "IMG_1.jpg") == tmp_path / "IMG_1.jpg.xmp"
