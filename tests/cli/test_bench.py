"""`whereshot bench`: figures that add up, with what they need beside them to mean something."""

from __future__ import annotations

import json
import platform
from collections.abc import Callable
from pathlib import Path

import onnxruntime
import pytest

from whereshot.cli.bench import summary

Paint = Callable[..., Path]


@pytest.fixture
def bench(run, tiny_bundle: Path):
    """Run `bench` with the tiny bundle."""
    return lambda *arguments: run("bench", *arguments, "--bundle", tiny_bundle, "--repeats", 2)


def test_the_json_names_stages_rate_and_machine(bench, paint: Paint, tmp_path: Path) -> None:
    paths = [paint(tmp_path / f"{color}.jpg", color) for color in ("red", "green")]
    status, out, err = bench(*paths, "--workers", 2, "--json")
    assert (status, err) == (0, "")
    found = json.loads(out)
    assert (found["bundle"], found["photos"], found["repeats"]) == ("tiny@1", 2, 2)
    stages = found["milliseconds"]
    assert stages["load"] > 0
    for stage in ("decode", "model", "both"):
        assert 0 < stages[stage]["median"] <= stages[stage]["p90"]
    assert stages["both"]["median"] > stages["model"]["median"]
    assert found["photos_per_second"]["workers"] == 2
    assert found["photos_per_second"]["rate"] > 0
    machine = found["machine"]
    assert machine["onnxruntime"] == onnxruntime.__version__
    assert machine["python"] == platform.python_version()
    assert machine["cores"] >= 1
    assert machine["cpu"]


def test_the_table_is_for_a_person(bench, paint: Paint, tmp_path: Path) -> None:
    paint(tmp_path / "red.jpg")
    status, out, _ = bench(tmp_path)
    assert status == 0
    for word in ("decode", "model", "median", "90 %", "photos/s", "tiny@1", "ONNX Runtime"):
        assert word in out


def test_a_bad_photo_is_told_and_the_others_are_measured(
    bench, paint: Paint, tmp_path: Path
) -> None:
    paint(tmp_path / "red.jpg")
    (tmp_path / "bad.jpg").touch()
    status, out, err = bench(tmp_path, "--json")
    assert status == 1
    assert json.loads(out)["photos"] == 1
    assert "bad.jpg" in err


def test_nothing_to_measure_is_a_failure(bench, tmp_path: Path) -> None:
    status, out, err = bench(tmp_path)
    assert (status, out) == (1, "")
    assert "no photo to measure with" in err


def test_no_more_photos_than_asked_for_are_taken(bench, paint: Paint, tmp_path: Path) -> None:
    for number in range(4):
        paint(tmp_path / f"{number}.jpg")
    _, out, _ = bench(tmp_path, "--limit", 3, "--json")
    assert json.loads(out)["photos"] == 3


def test_the_summary_is_the_median_and_the_nearest_rank() -> None:
    assert summary([float(number) for number in range(1, 11)]) == {"median": 5.5, "p90": 9.0}
    assert summary([7.0]) == {"median": 7.0, "p90": 7.0}
