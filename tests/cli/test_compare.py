"""`whereshot compare`, from its arguments to its files."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from made_photos import saved, scene
from tiny_training import on_one_thread, tiny_photos, tiny_recipe


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    from whereshot.learn.train import train

    root = tmp_path_factory.mktemp("desk")
    photos = tiny_photos(root / "photos")
    for label in range(3):
        saved(scene(900 + label, (64, 48)), photos / "test" / f"place_{label}" / "0.png")
    with on_one_thread():
        train(tiny_recipe(photos, "schedule.epochs=1"), root / "probe")
        train(tiny_recipe(photos, "schedule.epochs=2"), root / "full")
        yield root


@pytest.fixture
def desk(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("whereshot.learn.compare.kept.cpu_milliseconds", lambda model, classes: 7.5)
    for name in ("probe", "full"):
        shutil.copytree(trained / name, tmp_path / name)
    (tmp_path / "photos").symlink_to(trained / "photos")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def words(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.splitlines() if line.strip()]


def test_it_prints_what_runs_reached_and_cost_and_how_they_differ(run, desk: Path) -> None:
    done = run("compare", "probe", "full", "--data", "photos")
    lines = words(done.out)
    assert done.status == 0
    assert lines[0].startswith("test: 3 photos in photos/test")
    assert lines[1] == "run validation top-1 test top-1 test macro test top-5"
    assert [line.split()[0] for line in lines[2:4]] == ["probe", "full"]
    assert lines[4].startswith("against probe top-1, points macro, points")
    assert "run network px parameters GFLOPs CPU ms epochs train min" in lines
    assert any(line.startswith("full timm/test_efficientnet 32 0.10 M") for line in lines)
    assert any("▁" in line and line.startswith("full") for line in lines)
    assert lines[-2:] == ["recipes differ in probe full", "schedule.epochs 1 2"]


def test_json_is_one_object_and_nothing_else(run, desk: Path) -> None:
    done = run("compare", "probe", "full", "--data", "photos", "--json", "--no-time")
    record = json.loads(done.out)
    assert done.status == 0
    assert [each["name"] for each in record["runs"]] == ["probe", "full"]
    assert record["pairs"][0]["photos"] == 3
    assert record["runs"][0]["cpu_milliseconds"] is None


def test_a_report_is_written(run, desk: Path) -> None:
    done = run("compare", "probe", "full", "--html", "out.html")
    assert done.status == 0
    page = (desk / "out.html").read_text(encoding="utf-8")
    assert "2 runs side by side" in page
    assert "CPU ms" in page
    assert done.out


def test_a_run_that_can_not_be_read_is_named_and_the_status_is_1(run, desk: Path) -> None:
    (desk / "stopped").mkdir()
    shutil.copy(desk / "probe" / "meta.json", desk / "stopped")
    done = run("compare", "probe", "nothing", "stopped", "--json")
    assert done.status == 1
    errors = done.err.splitlines()[-2:]
    assert errors[0].startswith("whereshot: nothing: 'nothing' is not a training run")
    assert errors[1] == "whereshot: stopped: unfinished: 0 of 2 epochs are done"
    assert [each["state"] for each in json.loads(done.out)["runs"]] == [
        "finished",
        "unreadable",
        "unfinished",
    ]
    assert run("compare", "probe", "stopped", "--json").status == 0


def test_names_reach_the_terminal_as_text(run, desk: Path) -> None:
    shutil.copytree(desk / "probe", desk / "[red]\x1b[2J")
    done = run("compare", "[red]\x1b[2J", "full")
    assert "\x1b" not in done.out
    assert r"[red]\x1b[2J" in done.out


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        ([], 2, "give run folders, or --architectures"),
        (["probe", "--architectures"], 2, "give run folders, or --architectures"),
        (["probe", "--html", "nowhere/a.html"], 1, "No folder at 'nowhere'"),
        (["probe", "--data", "nowhere"], 1, "No folder at 'nowhere'"),
    ],
)
def test_a_mistake_is_told_before_the_work(
    run, desk: Path, arguments: list[str], status: int, said: str
) -> None:
    done = run("compare", *arguments)
    assert (done.status, done.out) == (status, "")
    assert said in " ".join(done.err.replace("│", " ").split())


def test_architectures_are_listed_with_their_cost(run, monkeypatch: pytest.MonkeyPatch) -> None:
    from whereshot.learn import architectures, cost

    monkeypatch.setattr(cost, "cpu_milliseconds", lambda *_, **__: 12.34)
    done = run("compare", "--architectures", "--size", 64)
    assert done.status == 0
    lines = words(done.out)
    names = [*architectures.names(), *cost.PRETRAINED]
    assert [line.split()[0] for line in lines[1 : len(names) + 1]] == names
    assert all(line.endswith(" 12.3") for line in lines[1 : len(names) + 1])
    assert lines[len(names)].startswith("timm/tf_efficientnet_lite2 imagenet 4.8")

    done = run("compare", "--architectures", "--size", 64, "--no-time", "--json")
    rows = json.loads(done.out)
    assert [row["name"] for row in rows] == names
    assert {row["cpu_milliseconds"] for row in rows} == {None}
