"""A search with real training, and a real kill in the midst of it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import tomli_w
from tiny_training import tiny_photos, tiny_recipe

from whereshot.learn.config import Recipe, override, read_recipe, to_dict
from whereshot.learn.run import load_run
from whereshot.learn.train import train
from whereshot.learn.tune.search import tune
from whereshot.learn.tune.space import Choice, Range, Space

pytestmark = pytest.mark.usefixtures("one_thread")
SPACE: Space = (
    Range("optim.lr", 1e-4, 1e-2, log=True),
    Choice("augment.preset", ("light", "strong")),
)


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_photos(tmp_path_factory.mktemp("photos"))


def recipe_of(photos: Path) -> Recipe:
    return tiny_recipe(photos, "schedule.frozen_epochs=0", "schedule.epochs=2")


def test_trials_are_runs_and_the_best_recipe_reaches_the_best_trial_s_figures(
    photos: Path, tmp_path: Path
) -> None:
    found = tune(recipe_of(photos), tmp_path / "search", space=SPACE, trials=3)
    assert [row.state for row in found.trials] == ["finished"] * 3
    for row in found.trials:
        run = load_run(tmp_path / "search" / row.folder)
        assert run.recipe.optim.lr == row.values["optim.lr"]
        assert run.recipe.augment.preset == row.values["augment.preset"]
        assert row.value is not None
        assert row.value in row.curve
    best = found.best
    assert best is not None
    train(read_recipe(tmp_path / "search" / "best.toml"), tmp_path / "again")
    again = (tmp_path / "again" / "history.jsonl").read_text()
    assert again == (tmp_path / "search" / best.folder / "history.jsonl").read_text()


def test_training_that_really_diverges_is_a_failed_trial(photos: Path, tmp_path: Path) -> None:
    space: Space = (Choice("optim.lr", (1e30, 1e-3, 2e-3)),)
    recipe = override(recipe_of(photos), ["optim.lr=1e30", "optim.clip=0"])
    found = tune(recipe, tmp_path, space=space, trials=4)
    first = found.trials[0]
    assert first.state == "failed"
    assert "Training diverged in epoch 1" in str(first.problem)
    assert {path.name for path in (tmp_path / first.folder).iterdir()} <= {
        "meta.json",
        "history.jsonl",
        "tensorboard",
    }
    states = {(row.values["optim.lr"] == 1e30, row.state) for row in found.trials}
    assert states == {(False, "finished"), (True, "failed")}


@pytest.mark.slow
def test_a_search_that_is_killed_for_good_goes_on_to_the_same_result(
    photos: Path, tmp_path: Path
) -> None:
    recipe = recipe_of(photos)
    (tmp_path / "tiny.toml").write_text(tomli_w.dumps(to_dict(recipe)))
    words = [sys.executable, "-m", "whereshot", "tune", str(tmp_path / "tiny.toml")]
    words += ["--search", "optim.lr=1e-4:1e-2:log", "--search", "augment.preset=light,strong"]
    words += ["--trials", "4", "--json", "--to"]
    quiet = {**os.environ, "OMP_NUM_THREADS": "1"}
    whole = subprocess.run([*words, str(tmp_path / "whole")], env=quiet, capture_output=True)
    assert whole.returncode == 0, whole.stderr

    killed = [*words, str(tmp_path / "killed")]
    process = subprocess.Popen(
        killed, env=quiet, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 300
    # In the midst of the third trial: its first epoch is done.
    while not (tmp_path / "killed" / "trial-0003" / "checkpoint.pt").exists():
        assert process.poll() is None, "it ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    done = subprocess.run([*killed, "--resume"], env=quiet, capture_output=True)
    assert done.returncode == 0, done.stderr

    def figures(text: bytes) -> list[object]:
        keys = ("number", "state", "values", "value", "top1", "curve")
        return [[row[key] for key in keys] for row in json.loads(text)["trials"]]

    assert figures(done.stdout) == figures(whole.stdout)
