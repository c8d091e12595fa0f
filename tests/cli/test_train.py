from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from disk_space import no_file_above
from tiny_training import TINY_RECIPE, meta_of, tiny_photos

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


def whereshot(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run whereshot as a program of its own, on one thread, for as long as it takes."""
    return subprocess.run(
        [sys.executable, "-m", "whereshot", *map(str, arguments)],
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )


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


@pytest.mark.slow
def test_folders_with_too_little_in_them_are_named_and_the_others_are_trained_on(
    recipe: Path, tmp_path: Path
) -> None:
    photos = tiny_photos(tmp_path / "photos") / "train"
    (photos / "nobody_came").mkdir()
    (photos / "lonely").mkdir()
    (photos / "place_0" / "5.png").rename(photos / "lonely" / "0.png")
    (photos / "place_1" / "bad.jpg").write_bytes(b"\xff\xd8\xff broken")
    done = whereshot("train", recipe, "--data", photos.parent, "--json")
    assert done.returncode == 0, done.stderr
    assert "Without photos, and so never learned: nobody_came." in done.stderr
    assert "none held out, so that no figure measures them: lonely." in done.stderr
    assert "left out: " in done.stderr
    assert "bad.jpg" in done.stderr
    results = json.loads(done.stdout)
    assert results["run"] == "runs/tiny"
    assert 0 <= results["validation_top1"] <= 1
    meta = meta_of(tmp_path / "runs/tiny")
    assert meta["classes"] == ["lonely", "nobody_came", "place_0", "place_1", "place_2"]
    assert meta["data"]["training_counts"][:2] == [1, 0]


@pytest.mark.parametrize(
    ("folders", "said"),
    [
        (["16.Eiffel_Tower", "eiffel tower"], "names one class twice: '16.Eiffel_Tower' and 'eif"),
        ([], "has 3 class folders but no photos"),
    ],
)
def test_folders_that_can_not_be_trained_on_are_one_line_and_leave_no_run(
    run: Callable, recipe: Path, photos: Path, tmp_path: Path, folders: list[str], said: str
) -> None:
    data = tmp_path / "data" / "train"
    for name in ("a", "b", "c"):
        (data / name).mkdir(parents=True)
    for name in folders:
        shutil.copytree(photos / "train" / "place_0", data / name)
    done = run("train", recipe, "--data", data)
    assert (done.status, done.out) == (1, "")
    assert done.err.splitlines()[-1].startswith(f"whereshot: '{data}' {said}")
    assert not (tmp_path / "runs").exists()


def test_a_full_disk_is_one_line_and_the_run_goes_on_when_there_is_room(
    run: Callable, recipe: Path, photos: Path, tmp_path: Path
) -> None:
    with no_file_above(1_000_000):
        done = run("train", recipe, "--data", photos)
    assert (done.status, done.out) == (1, "")
    assert done.err.splitlines()[-1] == (
        "whereshot: 'runs/tiny/checkpoint.pt' can't be written: File too large. What was there "
        "before is whole: make room for it, or get the right to write, and go on with --resume."
    )
    assert run("train", recipe, "--data", photos, "--resume").status == 0
    assert run("train", recipe, "--data", photos, "--to", "whole").status == 0
    weights = [(tmp_path / name / "weights.safetensors") for name in ("runs/tiny", "whole")]
    assert weights[0].read_bytes() == weights[1].read_bytes()


def test_going_on_with_other_photos_or_their_checkpoint_is_refused(
    run: Callable, recipe: Path, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from whereshot.learn import trainer

    others = tiny_photos(tmp_path / "others", each=7)
    epochs = ["--set", "schedule.epochs=2"]
    with monkeypatch.context() as patch:
        patch.setattr(trainer, "out_of_patience", lambda _, scores: scores and 1 / 0)
        for data, to in ((photos, "mine"), (others, "theirs")):
            with pytest.raises(ZeroDivisionError):
                run("train", recipe, *epochs, "--data", data, "--to", to)
    resume = ["train", recipe, *epochs, "--to", "mine", "--resume", "--data"]
    done = run(*resume, others)
    assert done.status == 1
    assert "was started on other photos than those now in" in done.err
    own = (tmp_path / "mine/checkpoint.pt").read_bytes()
    shutil.copy("theirs/checkpoint.pt", "mine/checkpoint.pt")
    done = run(*resume, photos)
    assert done.status == 1
    assert "is the checkpoint of a run on other photos" in done.err
    (tmp_path / "mine/checkpoint.pt").write_bytes(own)
    assert run(*resume, photos).status == 0


@pytest.mark.slow
def test_kill_9_at_any_moment_and_a_resume_reach_the_same_weights(
    command: Callable, recipe: Path, photos: Path, tmp_path: Path
) -> None:
    lively = ["--set=schedule.epochs=25", "--set=model.dropout=0.3", "--set=augment.mixup=0.5"]
    arguments = ["train", recipe, "--data", photos, *lively, "--set=data.workers=1", "--to"]
    assert whereshot(*arguments, "whole").returncode == 0
    for lines in (1, 7, 14):  # it must not end before it is seen
        running = subprocess.Popen(
            command(*arguments, "killed", "--resume"),
            env=os.environ | {"OMP_NUM_THREADS": "1"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        history = tmp_path / "killed" / "history.jsonl"
        while running.poll() is None:
            if history.exists() and len(history.read_bytes().splitlines()) >= lines:
                running.kill()
            time.sleep(0.005)
        assert running.returncode == -signal.SIGKILL
        assert not (tmp_path / "killed" / "weights.safetensors").exists()
    assert whereshot(*arguments, "killed", "--resume").returncode == 0
    for name in ("weights.safetensors", "history.jsonl"):
        assert (tmp_path / "killed" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    results = [meta_of(tmp_path / name)["results"] for name in ("killed", "whole")]
    assert results[0] | {"train_seconds": 0} == results[1] | {"train_seconds": 0}


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from whereshot.cli import main; main(['train', '--help']); "
        "sys.exit(sorted({'torch', 'timm', 'numpy', 'rich.progress'} & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert b"--resume" in done.stdout
    assert b"--set" in done.stdout
