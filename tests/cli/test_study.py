from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tiny_training import TINY, meta_of, tiny_photos

from whereshot.errors import RunError

pytestmark = pytest.mark.usefixtures("one_quiet_process")

RECIPE = """
precision = "float32"
[data]
validation = 0.25
workers = 0
[model]
weights = "none"
[schedule]
frozen_epochs = 0
freeze_batch_norm = false
"""


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tiny_photos(tmp_path_factory.mktemp("photos"))
    shutil.copytree(folder / "train", folder / "test")
    return folder


@pytest.fixture
def arguments(tmp_path: Path, photos: Path) -> list[object]:
    """A study of one tiny network."""
    recipe = tmp_path / "tiny.toml"
    recipe.write_text(RECIPE)
    # fmt: off
    return [
        "study", "--recipe", recipe, "--data", photos, "--to", tmp_path / "study", "--epochs", "1",
        "--backbones", TINY, "--sizes", "32", "--modes", "full",
    ]
    # fmt: on


@pytest.fixture
def timed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "whereshot.learn.compare.kept.cpu_milliseconds", lambda model, classes: model.size / 10
    )


@pytest.mark.usefixtures("timed")
def test_a_study_from_photos_to_a_choice(run: Callable, arguments: list, tmp_path: Path) -> None:
    done = run(*arguments, "--set", "seed=3")
    assert done.status == 0, done.err
    assert "test_efficientnet" in done.out
    assert "the choice" in done.out
    assert "Take test_efficientnet at 32 px, all of it fine-tuned: " in done.out
    assert done.out.endswith(f"{tmp_path / 'study' / 'study.html'}\n")
    assert "1/1 test_efficientnet-32-full: epoch 1  " in done.err
    record = json.loads((tmp_path / "study" / "study.json").read_text())
    (row,) = record["rows"]
    assert row["cpu_milliseconds"] == 3.2
    assert record["choice"]["name"] == row["name"] == "test_efficientnet-32-full"
    assert "--set seed=3" in record["command"]
    assert meta_of(Path(row["folder"]))["seed"] == 3
    assert record["choice"]["why"] in (tmp_path / "study" / "study.html").read_text()


@pytest.mark.slow
def test_times_are_measured_on_this_machine(run: Callable, arguments: list) -> None:
    (row,) = json.loads(run(*arguments, "--json").out)["rows"]
    assert row["problem"] is None
    assert 0 < row["cpu_milliseconds"] < 1000


@pytest.mark.usefixtures("timed")
def test_json_is_the_record_and_the_report_goes_where_it_is_told(
    run: Callable, arguments: list, tmp_path: Path
) -> None:
    done = run(*arguments, "--json", "--test", "--html", tmp_path / "elsewhere.html")
    assert done.status == 0, done.err
    record = json.loads(done.out)
    assert record == json.loads((tmp_path / "study" / "study.json").read_text())
    assert record["rows"][0]["test"]["photos"] == 18
    page = (tmp_path / "elsewhere.html").read_text()
    assert "The test photos were measured once, when everything was trained" in page
    assert not (tmp_path / "study" / "study.html").exists()


@pytest.mark.usefixtures("timed")
def test_one_backbone_out_of_reach_is_named_and_the_others_go_on(
    run: Callable, arguments: list, monkeypatch: pytest.MonkeyPatch
) -> None:
    from whereshot.learn import architectures

    build = architectures.build

    def offline(name: str, **options):
        if name == "timm/test_resnet":
            raise RunError("No weights for 'test_resnet' from timm's hub. Go online.")
        return build(name, **options)

    monkeypatch.setattr(architectures, "build", offline)
    arguments[arguments.index(TINY)] = f"test_resnet, {TINY}"
    done = run(*arguments)
    assert done.status == 1
    assert "Take test_efficientnet at 32 px" in done.out
    assert "failed" in done.out
    assert done.err.splitlines()[-1] == (
        "whereshot: test_resnet-32-full: No weights for 'test_resnet' from timm's hub. Go online."
    )


def test_an_interrupted_study_says_how_to_go_on(
    run: Callable, arguments: list, monkeypatch: pytest.MonkeyPatch
) -> None:
    from whereshot.learn.study import conduct

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(conduct, "train", interrupted)
    done = run(*arguments)
    assert done.status == 130
    assert done.err.splitlines()[-1] == "Stopped. The same command goes on from here."


@pytest.mark.parametrize(
    ("option", "value", "status", "said"),
    [
        ("--sizes", "32,large", 2, "expected sizes in px such as 192,224, got 'large'"),
        ("--sizes", "", 1, "A study needs a backbone, a size and a mode"),
        ("--modes", "whole", 1, "Unknown mode 'whole'. Expected some of: frozen, partial, full."),
        ("--data", "nowhere", 1, "No folder at 'nowhere'."),
        ("--recipe", "nothing.toml", 1, "No recipe at 'nothing.toml'."),
        ("--html", "nowhere/study.html", 1, "No folder at 'nowhere' to write 'study.html' into."),
        ("--epochs", "0", 2, "greater than or equal to 1"),
    ],
)
def test_a_mistake_is_told_before_anything_is_trained(
    run: Callable,
    arguments: list,
    tmp_path: Path,
    option: str,
    value: str,
    status: int,
    said: str,
) -> None:
    done = run(*arguments, option, value)
    assert done.status == status
    assert said in " ".join(done.err.replace("│", " ").split())
    assert not (tmp_path / "study").exists()


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from whereshot.cli import main; main(['study', '--help']); "
        "sys.exit(sorted({'torch', 'timm', 'numpy', 'rich.progress'} & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert b"--backbones" in done.stdout
