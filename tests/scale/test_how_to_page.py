"""The page on very large landmark sets: its Python runs, its table lists the files."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from pages import ROOT, blocks, inline_code

from whereshot.scale import build
from whereshot.scale.index_files import CODES_FILE, MANIFEST_FILE, OWNERS_FILE, VECTORS_FILE

PAGE = ROOT / "docs" / "how-to" / "very-large-landmark-sets.md"


def test_the_python_of_the_page_runs(
    tiny_bundle: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    shutil.copytree(tiny_bundle, tmp_path / "path/to/bundle")
    monkeypatch.chdir(tmp_path)
    (block,) = blocks(PAGE, "python")
    names: dict[str, object] = {}
    exec(block.text, names)
    assert "stored" in capsys.readouterr().out
    assert (tmp_path / "landmarks.index" / MANIFEST_FILE).is_file()
    assert len(build.open_index("landmarks.index")) == len(names["index"])  # type: ignore[arg-type]


def test_the_files_and_the_limit_of_the_page_are_those_of_the_code() -> None:
    assert {MANIFEST_FILE, VECTORS_FILE, OWNERS_FILE, CODES_FILE} <= set(inline_code(PAGE))
    text = PAGE.read_text(encoding="utf-8")
    (limit,) = re.findall(r"Up to ([\d,]+) prototypes", text)
    assert int(limit.replace(",", "")) == build.EXACT_UP_TO
