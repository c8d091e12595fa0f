from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from whereshot.errors import DatasetError
from whereshot.learn.compare import kept
from whereshot.learn.compare.table import compare_runs
from whereshot.learn.evaluate import evaluate
from whereshot.learn.run import load_run
from whereshot.learn.subject import load_subject

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(autouse=True)
def _quick_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Exporting takes longer than all the rest of these tests; test_cost times a real export."""
    monkeypatch.setattr(kept, "cpu_milliseconds", lambda model, classes: 7.5)


def test_figures_are_those_of_an_evaluation(desk) -> None:
    found = compare_runs([desk.first, desk.other], data=desk.photos)
    assert [row.state for row in found.runs] == ["finished", "finished"]
    assert not found.has_failures
    for row, folder in zip(found.runs, (desk.first, desk.other), strict=True):
        alone = evaluate(load_subject(folder), desk.photos)
        assert row.test is not None
        assert (row.test.top1, row.test.macro) == (alone.accuracy.top1, alone.accuracy.macro)
        assert row.test.photos == 6
        meta = json.loads((folder / "meta.json").read_text())
        assert row.validation is not None
        assert row.validation.value == pytest.approx(meta["results"]["validation_top1"])
        assert row.train_seconds == meta["results"]["train_seconds"]
        assert row.cpu_milliseconds == 7.5
        network = load_run(folder).network
        assert row.parameters == sum(each.numel() for each in network.parameters())
        assert [each["epoch"] for each in row.history] == [0, 1]
    assert [(pair.first, pair.other, pair.photos) for pair in found.pairs] == [
        ("first", "other", 6)
    ]
    pair, (first, other) = found.pairs[0], (row.test for row in found.runs)
    assert first is not None
    assert other is not None
    assert pair.top1.value == pytest.approx(other.top1.value - first.top1.value)
    assert found.differences == {"seed": (0, 3), "optim.lr": (1e-3, 5e-3)}


def test_what_was_measured_is_not_measured_again(desk, monkeypatch: pytest.MonkeyPatch) -> None:
    before = compare_runs([desk.first, desk.other], data=desk.photos)

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("measured again")

    for name in ("answer", "load_subject", "network_cost", "cpu_milliseconds"):
        monkeypatch.setattr(kept, name, refuse)
    assert compare_runs([desk.first, desk.other], data=desk.photos) == before
    assert compare_runs([desk.first, desk.other]) == before
    with pytest.raises(AssertionError, match="measured again"):
        compare_runs([desk.first], data=desk.photos, fresh=True)


def test_other_photos_and_other_weights_are_measured_anew(desk, tmp_path: Path) -> None:
    compare_runs([desk.first, desk.other], data=desk.photos)
    fewer = tmp_path / "fewer"
    shutil.copytree(desk.photos / "test", fewer)
    (fewer / "place_0" / "0.png").unlink()
    found = compare_runs([desk.first], data=fewer)
    assert found.runs[0].test is not None
    assert found.runs[0].test.photos == 5
    assert len(list((desk.first / "evaluations").iterdir())) == 2

    (desk.other / "weights.safetensors").write_bytes(
        (desk.first / "weights.safetensors").read_bytes()
    )
    same = compare_runs([desk.first, desk.other], data=desk.photos)
    assert same.pairs[0].first_only == same.pairs[0].other_only == 0


def test_without_photos_those_are_taken_that_most_runs_know(desk, tmp_path: Path) -> None:
    assert compare_runs([desk.first, desk.other], milliseconds=False).data is None
    fewer = tmp_path / "fewer"
    shutil.copytree(desk.photos / "test", fewer)
    (fewer / "place_0" / "0.png").unlink()
    compare_runs([desk.first, desk.other], data=desk.photos, milliseconds=False)
    compare_runs([desk.first], data=fewer, milliseconds=False)
    found = compare_runs([desk.first, desk.other], milliseconds=False)
    assert found.data == str(desk.photos / "test")
    assert {row.test.photos for row in found.runs if row.test} == {6}


def test_a_damaged_kept_file_is_as_good_as_none(desk) -> None:
    before = compare_runs([desk.first], data=desk.photos)
    (path,) = (desk.first / "evaluations").iterdir()
    record = json.loads(path.read_text())
    del record["photos"][0]
    for broken in ("", "[]", "{", json.dumps(record), json.dumps({"weights": record["weights"]})):
        path.write_text(broken)
        (desk.first / "cost.json").write_text(broken)
        assert compare_runs([desk.first], data=desk.photos).runs[0].test == before.runs[0].test
    assert json.loads(path.read_text())["photos"][0] == "place_0/0.png"


def test_a_time_from_another_processor_is_not_told(desk, monkeypatch: pytest.MonkeyPatch) -> None:
    compare_runs([desk.first])
    monkeypatch.setattr(kept, "processor_name", lambda: "another")
    assert compare_runs([desk.first], milliseconds=False).runs[0].cpu_milliseconds is None
    monkeypatch.setattr(kept, "cpu_milliseconds", lambda model, classes: 3.0)
    row = compare_runs([desk.first]).runs[0]
    assert row.cpu_milliseconds == 3.0
    assert str(row.processor).startswith("another, ONNX Runtime ")


def test_one_network_is_timed_once(desk, monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([1.0, 2.0])
    monkeypatch.setattr(kept, "cpu_milliseconds", lambda model, classes: next(times))
    found = compare_runs([desk.first, desk.other])
    assert [row.cpu_milliseconds for row in found.runs] == [1.0, 1.0]


def test_unfinished_and_damaged_runs_are_rows_with_the_reason(desk, tmp_path: Path) -> None:
    unfinished, damaged, empty = (tmp_path / name for name in ("stopped", "damaged", "empty"))
    shutil.copytree(desk.other, unfinished)
    (unfinished / "weights.safetensors").unlink()
    history = (unfinished / "history.jsonl").read_text().splitlines()
    (unfinished / "history.jsonl").write_text(history[0] + "\n" + history[1][:20])
    shutil.copytree(desk.other, damaged)
    (damaged / "weights.safetensors").write_bytes(b"not weights")
    empty.mkdir()
    folders = [unfinished, desk.first, damaged, empty, tmp_path / "nowhere", desk.other]
    found = compare_runs(folders, data=desk.photos)
    states = [row.state for row in found.runs]
    assert states == ["unfinished", "finished", "finished", "unreadable", "unreadable", "finished"]
    reasons = [row.problem or "" for row in found.runs]
    assert reasons[0] == "unfinished: 1 of 2 epochs are done"
    assert "does not fit its meta.json" in reasons[2]
    assert "is not a training run" in reasons[3]
    assert "is not a training run" in reasons[4]
    assert reasons[1] == reasons[5] == ""
    assert [row.test is not None for row in found.runs] == [False, True, False, False, False, True]
    assert found.runs[0].parameters == found.runs[1].parameters
    assert found.pairs == ()  # the first has no answers to set the others against
    assert found.has_failures


def test_only_an_unfinished_run_is_no_failure(desk) -> None:
    (desk.other / "weights.safetensors").unlink()
    assert not compare_runs([desk.first, desk.other]).has_failures


def test_a_recipe_that_can_not_be_read_is_a_row_too(desk) -> None:
    meta = json.loads((desk.other / "meta.json").read_text())
    meta["recipe"]["optim"]["momentum"] = 0.9
    (desk.other / "meta.json").write_text(json.dumps(meta))
    row = compare_runs([desk.first, desk.other]).runs[1]
    assert row.state == "unreadable"
    assert "momentum" in str(row.problem)


def test_an_older_run_has_the_defaults_of_keys_that_are_newer(desk) -> None:
    meta = json.loads((desk.other / "meta.json").read_text())
    del meta["recipe"]["data"]["unknown"]
    (desk.other / "meta.json").write_text(json.dumps(meta))
    assert "data.unknown" not in compare_runs([desk.first, desk.other]).differences


def test_a_run_that_can_not_be_written_to_is_compared_all_the_same(
    desk, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("whereshot.learn.run.write_json", full)
    with caplog.at_level(logging.WARNING):
        found = compare_runs([desk.first], data=desk.photos)
    assert found.runs[0].test is not None
    assert "No space left on device" in caplog.text


def test_runs_of_one_name_go_by_their_paths(desk, tmp_path: Path) -> None:
    twin = tmp_path / "elsewhere" / "first"
    shutil.copytree(desk.first, twin)
    found = compare_runs([desk.first, twin, desk.other])
    assert [row.name for row in found.runs] == [str(desk.first), str(twin), "other"]


def test_photos_that_are_not_there_are_an_error(desk, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="No folder"):
        compare_runs([desk.first], data=tmp_path / "nowhere")


def test_photos_of_other_landmarks_are_a_problem_of_the_run(desk, tmp_path: Path, paint) -> None:
    paint(tmp_path / "others" / "My_Garden" / "a.png")
    found = compare_runs([desk.first], data=tmp_path / "others")
    assert "has no photos of a landmark that first knows" in str(found.runs[0].problem)
    assert found.has_failures


def test_the_json_is_plain(desk) -> None:
    found = compare_runs([desk.first, desk.other], data=desk.photos)
    record = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert record["schema"] == "1.0"
    assert record["runs"][1]["test"]["top1"].keys() == {"value", "low", "high"}
    assert record["differences"]["optim.lr"] == [1e-3, 5e-3]


def test_a_bundle_takes_part_as_the_run_it_was_made_of(desk) -> None:
    found = compare_runs(["world_scratch", desk.first])
    row = found.runs[0]
    assert (row.kind, row.state, row.problem) == ("bundle", "finished", None)
    assert row.name.startswith("world_scratch@")
    assert row.architecture == "residual"
    assert row.train_seconds is not None
    assert row.validation is not None
    assert row.parameters is not None
    assert row.cpu_milliseconds == 7.5
    assert found.differences["model.architecture"] == ("residual", found.runs[1].architecture)


def test_a_bundle_that_tells_nothing_of_its_training_is_measured(
    tiny_bundle: Path, paint: Callable[..., Path], tmp_path: Path
) -> None:
    for folder, color in (("Golden_Gate_Bridge", "red"), ("Machu_Picchu", "blue")):
        paint(tmp_path / "photos" / "test" / folder / "1.png", color)
    before = {path.name: path.read_bytes() for path in tiny_bundle.iterdir()}
    row = compare_runs([tiny_bundle], data=tmp_path / "photos").runs[0]
    assert row.problem is None
    assert row.test is not None
    assert (row.test.photos, row.test.top1.value) == (2, 0.5)
    assert (row.architecture, row.train_seconds, row.recipe) == (None, None, {})
    assert {path.name: path.read_bytes() for path in tiny_bundle.iterdir()} == before


def test_a_damaged_bundle_is_a_row_that_says_so(tiny_bundle: Path, desk, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged"
    shutil.copytree(tiny_bundle, damaged)
    (damaged / "model.onnx").write_bytes(b"cut off")
    found = compare_runs([damaged, desk.first])
    assert found.runs[0].state == "unreadable"
    assert "model.onnx" in str(found.runs[0].problem)
    assert found.has_failures
    assert found.runs[1].problem is None
