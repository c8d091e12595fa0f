"""`whereshot tune`, from its arguments to its files; the trials themselves are tested in learn."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tiny_training import TINY_RECIPE, tiny_photos

pytestmark = pytest.mark.usefixtures("one_quiet_process")


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_photos(tmp_path_factory.mktemp("photos"))


@pytest.fixture
def recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "tiny.toml"
    path.write_text(TINY_RECIPE)
    return path


def words(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.splitlines() if line.strip()]


def test_it_prints_the_trials_best_first_and_where_the_best_recipe_is(
    run: Any, recipe: Path, photos: Path
) -> None:
    # fmt: off
    done = run(
        "tune", recipe, "--data", photos, "--trials", 2,
        "--search", "optim.lr=1e-4:1e-2:log", "--search", "augment.preset=light,strong",
    )
    # fmt: on
    assert done.status == 0, done.err
    lines = words(done.out)
    assert lines[0] == "trial state calibrated loss top-1 epochs values"
    assert sorted(line.split()[0] for line in lines[1:3]) == ["trial-0001", "trial-0002"]
    assert all(" finished " in line for line in lines[1:3])
    assert any(line.endswith("lr 0.001 preset light") for line in lines[1:3])
    assert lines[-2:] == ["runs/tiny-tune/best.toml", "runs/tiny-tune/report.html"]
    assert "trial 1" in done.err
    assert "trial-0002: finished" in done.err

    again = run("tune", recipe, "--data", photos, "--trials", 2)
    assert (again.status, again.out) == (1, "")
    assert "already holds a search" in again.err
    resumed = run("tune", recipe, "--data", photos, "--trials", 2, "--resume", "--json")
    record = json.loads(resumed.out)
    assert resumed.status == 0
    assert [row["state"] for row in record["trials"]] == ["finished", "finished"]
    assert record["best"] in (1, 2)
    assert [row["key"] for row in record["space"]] == ["optim.lr", "augment.preset"]


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["--search", "optim.lrr=1:2"], 1, "Unknown recipe key 'optim.lrr'"),
        (["--search", "optim.lr=2:1"], 1, "from a lower to a higher number"),
        (["--set", "data.validation=0"], 1, "set data.validation above 0"),
        (["--goal", "beauty"], 2, "beauty"),
        (["--trials", "0"], 2, "--trials"),
        ([], 1, "No folder at 'nowhere'"),
    ],
)
def test_a_mistake_is_one_line(
    run: Any, recipe: Path, arguments: list[str], status: int, said: str
) -> None:
    done = run("tune", recipe, *arguments)
    assert (done.status, done.out) == (status, "")
    assert said in done.err


def test_options_reach_the_search(
    run: Any, recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from whereshot.learn.tune import search
    from whereshot.learn.tune.records import Search

    asked: list[dict[str, Any]] = []

    def note(chosen: Any, folder: Path, **options: Any) -> Search:
        asked.append({"recipe": chosen, "folder": folder, **options})
        return Search("tiny", str(folder), "loss", (), (), {})

    monkeypatch.setattr(search, "tune", note)
    done = run("tune", recipe, "--minutes", 5, "--goal", "macro", "--no-prune", "--to", "there")
    assert done.status == 1
    assert done.err.splitlines()[-1].startswith("whereshot: No trial is finished")
    run("tune", recipe, "--trials", 3, "--minutes", 5, "--set", "optim.lr=0.5")
    run("tune", recipe)
    assert [(each["trials"], each["minutes"]) for each in asked] == [(None, 5), (3, 5), (20, None)]
    assert [str(each["folder"]) for each in asked] == ["there", "runs/tiny-tune", "runs/tiny-tune"]
    assert (asked[0]["goal"], asked[0]["prune"], asked[0]["space"]) == ("macro", False, None)
    assert (asked[1]["goal"], asked[1]["prune"]) == ("loss", True)
    assert asked[1]["recipe"].optim.lr == 0.5


def test_an_interrupted_search_says_how_to_go_on(
    run: Any, recipe: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from whereshot.learn.tune import search

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(search, "tune", interrupted)
    done = run("tune", recipe)
    assert done.status == 130
    assert done.err.splitlines()[-1] == "Stopped. Go on with the same command and --resume."


def test_without_optuna_it_says_what_to_install(
    run: Any, recipe: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from importlib import util

    find = util.find_spec
    monkeypatch.setattr(util, "find_spec", lambda name: None if name == "optuna" else find(name))
    done = run("tune", recipe)
    assert done.status == 1
    assert "Searching needs optuna" in done.err


@pytest.mark.parametrize("verb", ["tune", "compare"])
def test_help_imports_nothing_heavy(verb: str) -> None:
    code = (
        f"import sys; from whereshot.cli import main; main(['{verb}', '--help']); "
        "heavy = {'torch', 'optuna', 'numpy', 'rich.progress', 'tomli_w'}; "
        "sys.exit(sorted(heavy & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
