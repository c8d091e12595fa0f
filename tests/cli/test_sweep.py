from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from tiny_training import TINY, tiny_photos

from whereshot.cli._sweep import sweep_text

pytestmark = pytest.mark.usefixtures("one_quiet_process")


@pytest.fixture
def recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    photos = tiny_photos(tmp_path / "photos")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    path = tmp_path / "tiny.toml"
    path.write_text(
        f"""
[data]
train = "{photos}"
workers = 0
validation = 0.25
balance = 0.0
[augment]
min_scale = 0.8
[model]
architecture = "{TINY}"
weights = "none"
size = 32
[optim]
batch = 6
lr = 1e-3
head_lr = 2e-3
[schedule]
frozen_epochs = 0
freeze_batch_norm = false
"""
    )
    return path


def sweep_of(losses: list[float], suggestion: float | None, diverged: bool = False):
    from whereshot.learn.lr_finder import LearningRateSweep

    rates = tuple(10.0 ** (number - 6) for number in range(len(losses)))
    return LearningRateSweep(
        "optim.lr", rates, tuple(losses), tuple(losses), suggestion, diverged, 5.0
    )


def test_it_shows_a_chart_says_what_to_set_and_writes_nothing(
    run: Callable, recipe: Path, tmp_path: Path
) -> None:
    done = run("train", recipe, "--find-lr")
    assert done.status == 0, done.err
    lines = done.out.splitlines()
    assert lines[0].split() == ["optim.lr", "loss"]
    assert sum("<- falls fastest" in line for line in lines) == 1
    assert lines[-1].startswith("The loss falls fastest at ")
    assert "--set optim.lr=" in lines[-1]
    assert "--set optim.head_lr=" in lines[-1]
    assert "learning rate" in done.err
    assert list((tmp_path / "here").iterdir()) == []


def test_as_json_it_is_the_sweep(
    run: Callable, recipe: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep = sweep_of([4.0, 3.5, 2.0, 1.0, 90.0], 1e-4, diverged=True)
    monkeypatch.setattr(
        "whereshot.learn.lr_finder.find_learning_rate", lambda recipe, report: sweep
    )
    done = run("train", recipe, "--find-lr", "--json")
    assert done.status == 0, done.err
    found = json.loads(done.out)
    assert found == {
        "key": "optim.lr",
        "suggestion": 1e-4,
        "settings": ["optim.lr=0.0001", "optim.head_lr=0.0005"],
        "diverged": True,
        "rates": list(sweep.rates),
        "losses": list(sweep.losses),
        "smoothed": list(sweep.smoothed),
    }


@pytest.mark.parametrize("option", [["--resume"], ["--to", "runs/x"]])
def test_what_asks_for_a_run_too_is_wrong_usage(
    run: Callable, recipe: Path, option: list[str]
) -> None:
    done = run("train", recipe, "--find-lr", *option)
    assert done.status == 2
    assert "--find-lr writes no run" in done.err


def test_a_chart_marks_the_row_and_cuts_what_has_burst() -> None:
    text = sweep_text(sweep_of([4.0, 3.5, 2.0, 1.0, 90.0], 1e-4, diverged=True))
    rows = text.splitlines()[1:6]
    bars = [row.count("█") for row in rows]
    assert bars == [26, 22, 8, 0, 40]  # of 40 cells for losses from 1 to 5.5
    assert [row for row in rows if "falls fastest" in row] == [rows[2]]
    assert "Beyond, the training diverged." in text
    assert text.endswith(
        "The loss falls fastest at 0.0001. Train with: --set optim.lr=0.0001 "
        "--set optim.head_lr=0.0005"
    )


def test_a_long_sweep_is_a_short_chart() -> None:
    text = sweep_text(sweep_of([4.0 - number / 100 for number in range(99)], 1e20))
    assert len(text.splitlines()) < 30
    assert text.count("<- falls fastest") == 1


def test_without_a_fall_there_is_nothing_to_set() -> None:
    for losses in ([4.0, 4.0, 4.0], [4.0, 5.0, 9.0]):
        text = sweep_text(sweep_of(losses, None))
        assert "The loss did not fall at any rate" in text
        assert "--set" not in text
