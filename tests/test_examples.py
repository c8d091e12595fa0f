"""The examples of loading an export run without whereshot, and answer as it does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from pages import ROOT

EXAMPLES = ROOT / "docs" / "examples"
# A fresh interpreter, for which there is no whereshot.
ALONE = (
    "import runpy, sys; sys.modules['whereshot'] = None; del sys.argv[0]; "
    "runpy.run_path(sys.argv[0], run_name='__main__')"
)
CLASSES = tuple(f"Place_{number}" for number in range(7))
FILES = {"onnx": "m.onnx", "torchscript": "m.pt", "exported": "m.pt2"}

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A folder with exports of one network and a photo, and what the network says of it."""
    import torch
    from exportable import exportable_run
    from PIL import Image

    from whereshot.learn import export
    from whereshot.photo import Preprocessing, decode, prepare

    folder = tmp_path_factory.mktemp("exports")
    run = exportable_run(folder / "run", "photos", CLASSES, "model.size=64")
    export.export_onnx(run, folder / FILES["onnx"])
    export.export_torchscript(run, folder / FILES["torchscript"])
    export.export_program(run, folder / FILES["exported"])
    with Image.open(ROOT / "tests" / "samples" / "machu_picchu.jpg") as photo:
        # Too small for a decoder to reduce: whoever opens it has the same pixels.
        photo.resize((133, 90)).save(folder / "photo.png")
    pixels = prepare(decode(folder / "photo.png"), Preprocessing(64))
    with torch.inference_mode():
        logits = run.network(torch.from_numpy(pixels)[None]).logits[0] / run.temperature
    probabilities = torch.softmax(logits, 0).numpy()
    best = np.argsort(-probabilities)[:5]
    return folder, "".join(f"{probabilities[n]:6.1%}  {CLASSES[n]}\n" for n in best)


@pytest.mark.parametrize("kind", FILES)
def test_an_example_prints_the_five_best_names_without_whereshot(
    made: tuple[Path, str], kind: str
) -> None:
    folder, expected = made
    script = EXAMPLES / f"load_{kind}.py"
    done = subprocess.run(
        [sys.executable, "-c", ALONE, script, FILES[kind], "photo.png"],
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        timeout=1200,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == expected


def test_whereshot_really_can_not_be_imported_there(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text("import whereshot")
    done = subprocess.run([sys.executable, "-c", ALONE, script], capture_output=True, check=False)
    assert done.returncode == 1
    assert b"import of whereshot" in done.stderr


def test_an_example_is_short_and_names_nothing_of_whereshot() -> None:
    scripts = sorted(EXAMPLES.glob("*.py"))
    assert [script.name for script in scripts] == sorted(f"load_{kind}.py" for kind in FILES)
    for script in scripts:
        lines = script.read_text(encoding="utf-8").splitlines()
        assert len(lines) <= 30
        assert not any("import" in line and "whereshot" in line for line in lines)
