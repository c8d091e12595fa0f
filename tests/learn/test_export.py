"""Exports hold the normalization and the class names, and compute what the network computes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from made_photos import data_set
from tiny_training import tiny_recipe

from whereshot.errors import ExportError
from whereshot.learn.dataset import index_folder
from whereshot.learn.delivery import FORMATS, deliver
from whereshot.learn.export import export_onnx, load_torchscript
from whereshot.learn.parity import Parity, compare_exports, open_export, require_parity
from whereshot.learn.run import Run, load_run
from whereshot.learn.train import train
from whereshot.photo import Preprocessing, decode, prepare
from whereshot.recognize import read_bundle

CLASSES = ("Eiffel_Tower", "Machu_Picchu", "Stonehenge")


def silent(stage: str, done: int, total: int, figures: dict[str, float]) -> None:
    """Report nothing."""


@pytest.fixture(scope="module")
def photos_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("photos")
    data_set(root / "train", dict.fromkeys(CLASSES, 6))
    data_set(root / "test", dict.fromkeys(CLASSES, 3))
    data_set(root / "unknown" / "train", {"things": 8})
    return root


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, photos_folder: Path) -> Run:
    return load_run(train(tiny_recipe(photos_folder), tmp_path_factory.mktemp("runs") / "tiny"))


@pytest.fixture(scope="module")
def delivered(
    tmp_path_factory: pytest.TempPathFactory, run: Run, photos_folder: Path
) -> tuple[list[Parity], Path]:
    folder = tmp_path_factory.mktemp("export")
    parities, _ = deliver(run, folder, FORMATS, unknown=photos_folder / "unknown", report=silent)
    return parities, folder


@pytest.mark.slow
def test_every_format_gives_the_logits_of_the_network_on_the_test_photos(
    delivered: tuple[list[Parity], Path],
) -> None:
    parities, _ = delivered
    assert [parity.format for parity in parities] == list(FORMATS)
    for parity in parities:
        assert parity.photos == 9
        assert parity.max_logit_difference < 1e-3
        assert parity.export_top1 == parity.network_top1


@pytest.mark.slow
def test_the_bundle_names_the_landmarks_in_output_order_and_can_be_read_back(
    delivered: tuple[list[Parity], Path],
) -> None:
    bundle = read_bundle(delivered[1] / "tiny")
    assert [landmark.id for landmark in bundle.landmarks] == [
        "eiffel_tower",
        "machu_picchu",
        "stonehenge",
    ]
    assert bundle.prototypes.owner.tolist() == [0, 1, 2]
    assert bundle.raw["verdict"]["chosen_for"]["unknown_photos"] == 8
    assert bundle.min_probability >= 0.5
    assert bundle.provenance["parity"][0]["format"] == "onnx"


@pytest.mark.slow
def test_no_export_carries_a_path_of_this_machine(
    delivered: tuple[list[Parity], Path], photos_folder: Path
) -> None:
    _, folder = delivered
    for path in folder.rglob("*.*"):
        content = path.read_bytes()
        assert str(photos_folder).encode() not in content, path
        assert str(Path(__file__).parents[2]).encode() not in content or path.suffix == ".pt2", path


@pytest.mark.slow
def test_class_names_lie_inside_each_file(delivered: tuple[list[Parity], Path]) -> None:
    _, folder = delivered
    properties = {p.key: p.value for p in onnx.load(folder / "tiny" / "model.onnx").metadata_props}
    assert json.loads(properties["classes"]) == list(CLASSES)
    assert load_torchscript(folder / "tiny.torchscript.pt").class_names == list(CLASSES)
    extra = {"classes.json": ""}
    torch.export.load(folder / "tiny.exported.pt2", extra_files=extra)
    assert json.loads(extra["classes.json"]) == list(CLASSES)


@pytest.mark.slow
def test_the_torchscript_predictor_takes_photos_of_any_size(
    delivered: tuple[list[Parity], Path], run: Run, samples: Path
) -> None:
    predictor = load_torchscript(delivered[1] / "tiny.torchscript.pt")
    pixels = decode(samples / "machu_picchu.jpg", min_side=64)
    planes = torch.from_numpy(pixels.transpose(2, 0, 1).copy())[None]
    probabilities = predictor(planes).detach()
    assert probabilities.shape == (1, 3)
    assert float(probabilities.sum()) == pytest.approx(1, abs=1e-5)
    prepared = torch.from_numpy(prepare(pixels, Preprocessing(run.recipe.model.size)))[None]
    with torch.inference_mode():
        expected = torch.softmax(run.network(prepared).logits / run.temperature, 1)
    # Two resizers, Pillow's and torch's, differ by a grey level here and there.
    assert probabilities.numpy() == pytest.approx(expected.numpy(), abs=0.02)


@pytest.mark.slow
def test_swapped_channels_are_found_and_refused(
    tmp_path: Path, run: Run, photos_folder: Path
) -> None:
    export_onnx(run, tmp_path / "model.onnx")
    model = open_export("onnx", tmp_path / "model.onnx")

    def swapped(pixels: np.ndarray) -> np.ndarray:
        return model(np.ascontiguousarray(pixels[..., ::-1]))

    index = index_folder(photos_folder, "test").matched_to(run.classes)
    fine, wrong = compare_exports(run, {"onnx": model, "swapped": swapped}, index)
    require_parity([fine])
    assert not wrong.holds
    with pytest.raises(ExportError, match="swapped export differs"):
        require_parity([fine, wrong])


def test_an_export_that_answers_not_a_number_does_not_pass() -> None:
    assert not Parity("onnx", 10, 0.9, 0.9, float("nan")).holds
    assert not Parity("onnx", 10, 0.9, 0.903, 0.0).holds
    assert Parity("onnx", 10, 0.9, 0.901, 0.009).holds


@pytest.mark.slow
def test_a_class_that_the_gazetteer_does_not_know_is_refused_before_any_work(
    tmp_path: Path,
) -> None:
    data_set(tmp_path / "photos" / "train", {"Nowhere_In_Particular": 3, "Eiffel_Tower": 3})
    data_set(tmp_path / "photos" / "test", {"Eiffel_Tower": 1})
    strange = load_run(train(tiny_recipe(tmp_path / "photos"), tmp_path / "run"))
    with pytest.raises(ExportError, match="Nowhere_In_Particular"):
        deliver(strange, tmp_path / "out", ("onnx",), report=silent)
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_what_is_there_is_kept_unless_overwriting_is_asked_for(tmp_path: Path, run: Run) -> None:
    deliver(run, tmp_path, ("onnx",), report=silent)
    before = (tmp_path / "tiny" / "bundle.json").stat().st_mtime_ns
    with pytest.raises(ExportError, match="Already there"):
        deliver(run, tmp_path, ("onnx",), report=silent)
    assert (tmp_path / "tiny" / "bundle.json").stat().st_mtime_ns == before
    deliver(run, tmp_path, ("onnx",), overwrite=True, report=silent)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["tiny"]
