"""docs/how-to/teach-a-landmark.md: its example runs, and what it says of files is so."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import get_args

import pytest
from pages import ROOT, blocks, rows

from whereshot.recognize import shipped_bundles
from whereshot.recognize.lesson import FEW_PHOTOS, PICTURE_SIDE, CautionKind

PAGE = ROOT / "docs" / "how-to" / "teach-a-landmark.md"


def test_the_page_s_python_runs(
    tmp_path: Path,
    samples: Path,
    own_home: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if "world" not in shipped_bundles():
        pytest.skip("no shipped bundle")
    shutil.copy(samples / "machu_picchu.jpg", tmp_path / "photo.jpg")
    monkeypatch.chdir(tmp_path)
    (block,) = blocks(PAGE, "python")
    exec(block.text, {})
    assert "learned from 1 photo: expected 3 or more" in capsys.readouterr().out
    assert (own_home / "enrolled" / "world" / "blarney_castle.npz").is_file()


def test_every_warning_of_an_enrollment_has_a_row() -> None:
    of_refresh = {"not_learned"}
    found = rows(PAGE.read_text(encoding="utf-8"))
    assert len(found) == len(set(get_args(CautionKind)) - of_refresh)


def test_the_page_has_the_figures_of_the_code() -> None:
    text = " ".join(PAGE.read_text(encoding="utf-8").split())
    assert f"there are fewer than {FEW_PHOTOS} photos" in text
    assert f"at most {PICTURE_SIDE} pixels large" in text
