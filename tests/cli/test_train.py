from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tiny_training import TINY, meta_of, tiny_photos

RECIPE = f"""
name = "tiny"
precision = "float32"
[data]
train = "nowhere"
validation = 0.25
workers = 0
[model]
architecture = "{TINY}"
weights = "none"
size = 32
[optim]
batch = 8
[schedule]
frozen_epochs = 0
epochs = 1
freeze_batch_norm = false
"""


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_photos(tmp_path_factory.mktemp("photos"))


@pytest.fixture
def recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "tiny.toml"
    path.write_text(RECIPE)
    return path


@pytest.fixture(autouse=True)
def one_quiet_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Torch on one thread, and the allocator as it is: this process runs other tests too."""
    import torch

    monkeypatch.setattr("whereshot.learn.memory.keep_freed_memory", lambda: True)
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def test_it_trains_into_the_named_folder_and_prints_its_path(
    run: Callable, recipe: Path, photos: Path, tmp_path: Path
) -> None:
    # fmt: off
    done = run(
        "train", recipe, "--data", photos, "--to", tmp_path / "out",
        "--set", "optim.lr=5e-4", "--set", "seed=7",
    )
    # fmt: on
    assert done.status == 0
    assert done.out == f"{tmp_path / 'out'}\n"
    meta = meta_of(tmp_path / "out")
    assert meta["recipe"]["optim"]["lr"] == 5e-4
    assert meta["seed"] == 7
    assert meta["recipe"]["data"]["train"] == str(photos)
    assert "epoch 1  1/1  loss" in done.err
    assert "epoch 1 done  1/1" in done.err
    assert "validation_top1" in done.err


def test_the_default_folder_is_named_after_the_recipe_and_resuming_it_is_safe(
    run: Callable, recipe: Path, photos: Path, tmp_path: Path
) -> None:
    first = run("train", recipe, "--data", photos)
    assert (first.status, first.out) == (0, "runs/tiny\n")
    before = {
        path: path.read_bytes() for path in (tmp_path / "runs/tiny").iterdir() if path.is_file()
    }
    again = run("train", recipe, "--data", photos)
    assert (again.status, again.out) == (1, "")
    assert again.err == (
        "whereshot: 'runs/tiny' already holds a run. Go on with it: "
        "whereshot train RECIPE --resume, or choose another folder with --to.\n"
    )
    resumed = run("train", recipe, "--data", photos, "--resume")
    assert (resumed.status, resumed.out) == (0, "runs/tiny\n")
    assert before == {path: path.read_bytes() for path in before}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--set", "optim.lrr=1"], "Unknown recipe key 'optim.lrr'. Did you mean 'optim.lr'?"),
        (["--set", "optim.lr"], "Expected key=value such as optim.lr=3e-4, got 'optim.lr'."),
        (["--set", "optim.lr=-1"], "optim.lr must be above 0 and finite, got -1.0"),
        (["--set", "model.architecture=timm/xyzzy"], "timm has no model 'xyzzy'."),
        ([], "No folder at 'nowhere'. Expected one folder of photos per landmark."),
    ],
)
def test_a_mistake_is_one_line_and_leaves_no_run(
    run: Callable, recipe: Path, photos: Path, tmp_path: Path, arguments: list[str], said: str
) -> None:
    data = ["--data", photos] if arguments else []
    done = run("train", recipe, *data, *arguments)
    assert done.status == 1
    assert done.out == ""
    assert done.err.splitlines()[-1].startswith(f"whereshot: {said}")
    assert not (tmp_path / "runs").exists()


def test_a_missing_recipe_says_where_the_shipped_ones_are(run: Callable) -> None:
    done = run("train", "nothing.toml")
    assert done.status == 1
    assert done.err == (
        "whereshot: No recipe at 'nothing.toml'. The shipped ones are in recipes/.\n"
    )


def test_without_a_recipe_the_usage_is_wrong(run: Callable) -> None:
    assert run("train").status == 2


def test_without_torch_it_says_what_to_install(
    run: Callable, recipe: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from importlib import util

    find = util.find_spec
    monkeypatch.setattr(util, "find_spec", lambda name: None if name == "torch" else find(name))
    done = run("train", recipe)
    assert done.status == 1
    assert "Training needs torch" in done.err
    assert "pip install 'whereshot[learn]'" in done.err


def test_an_interrupted_run_says_how_to_go_on(
    run: Callable, recipe: Path, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from whereshot.learn import learner

    def interrupted(*_: object, **__: object) -> float:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(learner.Learner, "backward", interrupted)
        done = run("train", recipe, "--data", photos)
    assert done.status == 130
    assert done.err.splitlines()[-1] == "Stopped. Go on with the same command and --resume."
    assert run("train", recipe, "--data", photos, "--resume").status == 0


def test_a_damaged_photo_is_named_and_the_others_are_trained_on(
    run: Callable, recipe: Path, tmp_path: Path
) -> None:
    photos = tiny_photos(tmp_path / "photos")
    (photos / "train" / "place_0" / "bad.jpg").write_bytes(b"")
    done = run("train", recipe, "--data", photos)
    assert done.status == 0
    assert [
        Path(path).name for path, _ in meta_of(tmp_path / "runs/tiny")["data"]["unreadable"]
    ] == ["bad.jpg"]


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from whereshot.cli import main; main(['train', '--help']); "
        "sys.exit(sorted({'torch', 'timm', 'numpy', 'rich.progress'} & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert b"--resume" in done.stdout
    assert b"--set" in done.stdout
