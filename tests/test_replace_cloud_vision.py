"""The how-to page on replacing Google Cloud Vision: its code gets the answers that it shows."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from pages import ROOT, blocks, rows
from serving import serving

import whereshot
from whereshot.serve.app import create_app
from whereshot.serve.uploads import UploadLimits
from whereshot.serve.vision.requests import MAX_IMAGES

PAGE = ROOT / "docs" / "how-to" / "replace-cloud-vision.md"
THERE = "http://127.0.0.1:8321"

pytestmark = pytest.mark.usefixtures("direct")


@pytest.fixture(scope="module")
def site() -> Any:
    with serving(create_app(whereshot.load())) as url:
        yield url


@pytest.fixture
def desk(tmp_path: Path, samples: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copy(samples / "great_wall_of_china.jpg", tmp_path / "photo.jpg")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_python_block_prints_the_landmark_and_its_place(
    desk: Path, site: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (block,) = blocks(PAGE, "python")
    assert THERE in block.text
    exec(block.text.replace(THERE, site), {})
    assert capsys.readouterr().out == "Great Wall of China 0.99 40.4319 116.5704\n"


def test_the_curl_commands_get_the_answer_of_the_page(desk: Path, site: str, curl: str) -> None:
    (block,) = [each for each in blocks(PAGE, "sh") if "curl" in each.text]
    script = block.text.replace(THERE, site).replace("curl ", f"{curl} --silent --noproxy '*' ")
    done = subprocess.run(["bash", "-ec", script], capture_output=True, check=True, timeout=60)
    (shown,) = blocks(PAGE, "json")
    real, written = json.loads(done.stdout), json.loads(shown.text)
    (found,), (example,) = (each["responses"][0]["landmarkAnnotations"] for each in (real, written))
    # Another version of ONNX Runtime may round otherwise.
    assert found.pop("score") == pytest.approx(example.pop("score"), abs=0.01)
    corners = [
        [corner[side] for corner in each.pop("boundingPoly")["vertices"] for side in "xy"]
        for each in (found, example)
    ]
    assert corners[0] == pytest.approx(corners[1], abs=12)
    assert found == example


def test_the_limits_of_the_page_are_those_of_the_server() -> None:
    text, limits = PAGE.read_text(encoding="utf-8"), UploadLimits()
    assert f"Up to {MAX_IMAGES} images in one request" in text
    assert f"each up to {limits.file_bytes // 1024**2} MB" in text
    table = {name: cells for name, *cells in rows(text)}
    assert table["size of a request"][1] == f"{limits.request_bytes // 1024**2} MB"
    assert re.search(rf"\b{len(whereshot.load().landmarks)} in the shipped", table["landmarks"][1])
