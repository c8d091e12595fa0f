"""From a run to what is shipped: checked first, whole or not at all, and with its report."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from exportable import exportable_run
from made_photos import data_set

from whereshot.errors import DatasetError, ExportError
from whereshot.learn import delivery, parity
from whereshot.learn.delivery import FORMATS, BundleOptions, Delivery, Photos, deliver
from whereshot.learn.run import Run
from whereshot.recognize import load, read_bundle

pytestmark = pytest.mark.usefixtures("one_thread")

CLASSES = ("16.Eiffel_Tower", "Machu_Picchu", "Stonehenge")


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("photos")
    data_set(root / "train", dict.fromkeys(CLASSES, 3))
    data_set(root / "test", dict.fromkeys(CLASSES, 2))
    data_set(root / "unknown" / "train", {"things": 8})
    return root


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, photos: Path) -> Run:
    held = ["16.Eiffel_Tower/0.jpg", "Stonehenge/1.jpg"]
    return exportable_run(
        tmp_path_factory.mktemp("runs") / "tiny", photos, CLASSES, data={"validation_paths": held}
    )


@pytest.fixture(scope="module")
def delivered(
    tmp_path_factory: pytest.TempPathFactory, run: Run, photos: Path
) -> tuple[Delivery, list[str]]:
    stages: list[str] = []

    def report(stage: str, done: int, total: int, figures: dict[str, float]) -> None:
        assert 0 <= done <= total
        stages.append(f"{stage} {done}/{total}")

    folder = tmp_path_factory.mktemp("export")
    found = deliver(run, folder, FORMATS, photos=Photos(unknown=photos / "unknown"), report=report)
    return found, stages


@pytest.mark.slow
def test_each_format_takes_its_place_and_nothing_else_does(
    delivered: tuple[Delivery, list[str]],
) -> None:
    found, _ = delivered
    assert list(found.written) == list(FORMATS)
    assert sorted(path.name for path in found.report.parent.iterdir()) == [
        "tiny",
        "tiny.exported.pt2",
        "tiny.parity.json",
        "tiny.parity.md",
        "tiny.torchscript.pt",
    ]


@pytest.mark.slow
def test_progress_moves_within_each_stage(delivered: tuple[Delivery, list[str]]) -> None:
    _, stages = delivered
    for step in (
        "exporting onnx 0/3",
        "exporting onnx 2/3",
        "exporting torchscript 1/3",
        "exporting exported 1/2",
        "checking parity 4/6",
        "checking parity 6/6",
        "making prototypes 11/11",
        "choosing the threshold 4/6",
        "choosing the threshold 6/6",
    ):
        assert step in stages


@pytest.mark.slow
def test_the_report_has_the_figures_and_says_of_which_files(
    delivered: tuple[Delivery, list[str]],
) -> None:
    found, _ = delivered
    report = json.loads(found.report.read_text())
    assert [row["format"] for row in report["exports"]] == list(FORMATS)
    for row, path in zip(
        report["exports"],
        ("tiny/model.onnx", "tiny.torchscript.pt", "tiny.exported.pt2"),
        strict=True,
    ):
        content = (found.report.parent / path).read_bytes()
        assert row["file"] == path
        assert (row["bytes"], row["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
        assert row["photos"] == 6
        assert row["holds"] is True
        assert row["max_logit_difference"] < 1e-3
        assert row["export_top1"] == row["network_top1"]
    assert report["allowed"] == {"top1_points": 0.2, "logit_difference": 0.01}
    table = found.report.with_suffix(".md").read_text().splitlines()
    assert "top-1 of 6 photos" in table[0]
    assert [line.split("|")[1].strip() for line in table[2:]] == ["PyTorch", *FORMATS]


@pytest.mark.slow
def test_the_bundle_names_the_landmarks_in_output_order_and_where_they_come_from(
    delivered: tuple[Delivery, list[str]],
) -> None:
    found, _ = delivered
    bundle = read_bundle(found.written["onnx"])
    ids = ["eiffel_tower", "machu_picchu", "stonehenge"]
    assert [landmark.id for landmark in bundle.landmarks] == ids
    assert bundle.provenance["classes"] == dict(zip(CLASSES, ids, strict=True))
    assert sorted(set(bundle.prototypes.owner.tolist())) == [0, 1, 2]
    # Of 9 photos to learn from, 2 were held out; of 8 without a landmark, half.
    assert len(bundle.prototypes.owner) <= 7
    assert 0 < len(bundle.prototypes.others) <= 4
    assert [row["format"] for row in bundle.provenance["parity"]] == list(FORMATS)
    chosen_for = bundle.raw["verdict"]["chosen_for"]
    assert (chosen_for["unknown_photos"], chosen_for["landmark_photos"]) == (4, 2)
    assert bundle.rule is None, "6 photos are too few to fit one"
    assert len(bundle.held_out) == 2
    assert bundle.min_probability >= 0.5
    assert found.threshold is not None
    assert found.threshold.min_probability == bundle.min_probability


@pytest.mark.slow
def test_the_bundle_recognizes_photos(delivered: tuple[Delivery, list[str]], samples: Path) -> None:
    found, _ = delivered
    answer = load(found.written["onnx"]).recognize(samples / "machu_picchu.jpg")
    assert len(answer.predictions) == 3


@pytest.fixture
def quick(delivered: tuple[Delivery, list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    """The network's ONNX file is copied instead of made once more."""
    made = delivered[0].written["onnx"] / "model.onnx"

    def copy(_: Run, path: Path, __: Any) -> None:
        shutil.copy(made, path)

    monkeypatch.setattr(delivery, "_WRITERS", {**delivery._WRITERS, "onnx": copy})


@pytest.mark.slow
@pytest.mark.usefixtures("quick")
def test_a_network_of_anything_is_exported_without_a_bundle(tmp_path: Path, run: Run) -> None:
    flowers = dataclasses.replace(run, classes=("buttercup", "daisy", "tulip"))
    for part in ("train", "test"):
        data_set(tmp_path / "photos" / part, dict.fromkeys(flowers.classes, 1))
    formats, photos = ("torchscript", "onnx"), Photos(tmp_path / "photos")
    with pytest.raises(ExportError, match=r"'buttercup' is no landmark.*--no-bundle"):
        deliver(flowers, tmp_path / "out", formats, photos=photos)
    assert not (tmp_path / "out").exists()
    found = deliver(flowers, tmp_path / "out", formats, name="flowers", photos=photos, bundle=None)
    assert [path.name for path in found.written.values()] == [
        "flowers.torchscript.pt",
        "flowers.onnx",
    ]
    assert all(path.is_file() for path in found.written.values())
    assert found.report.name == "flowers.parity.json"
    assert json.loads(found.report.read_text())["name"] == "flowers"
    assert found.threshold is None


@pytest.mark.slow
@pytest.mark.usefixtures("quick")
def test_what_is_there_is_kept_unless_overwriting_is_asked_for(tmp_path: Path, run: Run) -> None:
    formats = ("onnx", "torchscript")
    found = deliver(run, tmp_path, formats)
    assert found.threshold is not None
    assert found.threshold.chosen_for is None  # there were no photos to choose it on
    files = [tmp_path / "tiny" / "bundle.json", tmp_path / "tiny.torchscript.pt"]
    before = [path.stat().st_mtime_ns for path in files]
    with pytest.raises(ExportError, match="Already there"):
        deliver(run, tmp_path, formats)
    assert [path.stat().st_mtime_ns for path in files] == before
    options = BundleOptions(version=2)
    deliver(run, tmp_path, formats, bundle=options, overwrite=True)
    assert read_bundle(tmp_path / "tiny").title == "tiny@2"
    assert files[1].stat().st_mtime_ns > before[1]


# -- what goes wrong -----------------------------------------------------------------------


@pytest.fixture
def no_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail where the work begins."""

    def begin(*_: Any) -> None:
        raise AssertionError("the work began")

    monkeypatch.setattr(delivery, "_WRITERS", dict.fromkeys(FORMATS, begin))


def test_an_export_that_differs_is_refused_and_nothing_is_written(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(_: Run, path: Path, __: Any) -> None:
        path.write_bytes(b"a network")

    def compare(_: Any, models: Any, *__: Any) -> parity.Comparison:
        found = [parity.Parity(kind, 6, 0.9, 0.9, 0.0) for kind in models]
        found[-1] = dataclasses.replace(found[-1], max_logit_difference=0.02)
        return parity.Comparison(tuple(found))

    monkeypatch.setattr(delivery, "_WRITERS", dict.fromkeys(FORMATS, write))
    monkeypatch.setattr(parity, "open_export", lambda *_: None)
    monkeypatch.setattr(parity, "compare_exports", compare)
    with pytest.raises(ExportError, match="The exported export differs from the network on 6"):
        deliver(run, tmp_path / "out", ("torchscript", "exported"))
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.usefixtures("no_work")
@pytest.mark.parametrize("name", ["a/b", "..", " ", "a\0b"])
def test_a_name_that_is_no_folder_s_is_refused(tmp_path: Path, run: Run, name: str) -> None:
    with pytest.raises(ExportError, match="can't be the name of a folder"):
        deliver(run, tmp_path / "out", name=name)


@pytest.mark.usefixtures("no_work")
def test_missing_photos_are_an_error_before_any_work(
    tmp_path: Path, run: Run, photos: Path
) -> None:
    with pytest.raises(DatasetError, match="No folder at"):
        deliver(run, tmp_path / "out", photos=Photos(data=tmp_path / "nowhere"))
    with pytest.raises(DatasetError, match="No folder at"):
        deliver(run, tmp_path / "out", photos=Photos(unknown=tmp_path / "nowhere"))
    data_set(tmp_path / "half" / "train", dict.fromkeys(CLASSES, 1))
    with pytest.raises(DatasetError, match="has 'train' but no 'test'"):
        deliver(run, tmp_path / "out", photos=Photos(tmp_path / "half"))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("share", [-0.1, 5, float("nan")])
def test_a_share_of_false_names_that_is_none_is_refused(share: float) -> None:
    with pytest.raises(ValueError, match=r"max_false_share must be in \[0, 1\], such as 0\.01"):
        BundleOptions(max_false_share=share)
