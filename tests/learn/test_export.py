"""Exports hold all that is needed to use them: normalization, class names, how photos go in."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from exportable import exportable_run

from whereshot.learn.export import (
    EXTRA_FILES,
    export_onnx,
    export_program,
    export_torchscript,
    load_torchscript,
)
from whereshot.learn.run import Run
from whereshot.photo import Preprocessing, decode, prepare

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_thread")]

CLASSES = ("16.Eiffel_Tower", "41.Machu_Picchu", "07.Stonehenge")
FILES = ("a.onnx", "a.torchscript.pt", "a.exported.pt2")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("runs") / "tiny"
    return exportable_run(folder, "photos", CLASSES, "model.fit=squash")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, run: Run) -> Path:
    folder = tmp_path_factory.mktemp("exports")
    for name, write in zip(FILES, (export_onnx, export_torchscript, export_program), strict=True):
        steps: list[tuple[int, int]] = []
        write(run, folder / name, lambda *step, into=steps: into.append(step))
        assert steps == [(done, steps[-1][1]) for done in range(len(steps))]
        assert steps[-1][0] == steps[-1][1]
    return folder


def test_onnx_says_in_its_metadata_how_to_use_it(folder: Path) -> None:
    model = onnx.load(folder / "a.onnx")
    properties = {p.key: p.value for p in model.metadata_props}
    assert json.loads(properties.pop("classes")) == list(CLASSES)
    assert properties == {"size": "32", "fit": "squash", "temperature": "0.7"}
    assert "softmax(logits / temperature)" in model.doc_string
    assert "squashed" in model.doc_string


def test_torchscript_has_it_as_attributes(folder: Path) -> None:
    predictor = load_torchscript(folder / "a.torchscript.pt")
    assert predictor.class_names == list(CLASSES)
    assert (predictor.size, predictor.squash, predictor.temperature) == (32, True, 0.7)


def test_an_exported_program_has_it_as_files(folder: Path) -> None:
    extra = dict.fromkeys(EXTRA_FILES, "")
    torch.export.load(folder / "a.exported.pt2", extra_files=extra)
    classes, preprocessing = (json.loads(extra[name]) for name in EXTRA_FILES)
    assert classes == list(CLASSES)
    assert preprocessing == {"size": 32, "fit": "squash", "temperature": 0.7}


def test_no_file_carries_a_path_of_this_machine(folder: Path) -> None:
    root = str(Path(__file__).parents[2]).encode()
    for name in FILES:
        contents = [(folder / name).read_bytes()]
        if zipfile.is_zipfile(folder / name):  # its records may be compressed
            with zipfile.ZipFile(folder / name) as archive:
                contents = [archive.read(record) for record in archive.namelist()]
        assert not [name for content in contents if root in content]


def test_the_predictor_gives_the_probabilities_of_the_network_for_a_whole_photo(
    folder: Path, run: Run, samples: Path
) -> None:
    predictor = load_torchscript(folder / "a.torchscript.pt")
    pixels = decode(samples / "machu_picchu.jpg")  # as large as it is
    probabilities = predictor(torch.from_numpy(pixels).permute(2, 0, 1)[None])
    prepared = prepare(pixels, Preprocessing(run.recipe.model.size, run.recipe.model.fit))
    with torch.inference_mode():
        expected = torch.softmax(run.network(torch.from_numpy(prepared)[None]).logits / 0.7, 1)
    np.testing.assert_allclose(probabilities.numpy(), expected.numpy(), atol=1e-5)
