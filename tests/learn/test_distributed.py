from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import timm
import torch
from made_photos import saved, scene
from PIL import Image
from safetensors.torch import load_file
from several_processes import script, torchrun
from tiny_training import history_of, meta_of, on_one_thread, tiny_photos, tiny_recipe
from torch import nn

from whereshot.errors import RunError
from whereshot.learn import distributed
from whereshot.learn.distributed import Team, join_team
from whereshot.learn.loader import seed_of
from whereshot.learn.lr_finder import find_learning_rate
from whereshot.learn.network import LandmarkNet
from whereshot.learn.optim import set_mode
from whereshot.learn.train import train

pytestmark = pytest.mark.usefixtures("one_thread")

# No BatchNorm, and no chance that differs between processes; all else that a batch may be part of:
# shares of 3 and 2, mixing, unknown photos, groups of batches, the average, both phases.
TOGETHER = (
    "model.architecture=timm/test_convnext",
    "schedule.frozen_epochs=1",
    "schedule.epochs=4",
    "schedule.freeze_batch_norm=true",
    "optim.batch=5",
    "optim.accumulate=2",
    "optim.lr=1e-3",
    "optim.head_lr=4e-3",
    "optim.ema=0.5",
    "augment.mixup=0.2",
    "augment.cutmix=0.2",
    "data.balance=0.5",
    "data.unknown_share=0.2",
)


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Reddish, greenish and bluish photos, which are told apart within a few steps; grey ones."""
    root = tmp_path_factory.mktemp("photos")
    tints = {"red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255)}
    for label, (name, tint) in enumerate(tints.items()):
        for number in range(8):
            picture = scene(100 * label + number, (64, 48))
            picture = Image.blend(picture, Image.new("RGB", picture.size, tint), 0.6)
            saved(picture, root / "train" / name / f"{number}.png")
    for number in range(6):
        saved(scene(900 + number, (64, 48)).convert("L"), root / "things" / f"{number}.png")
    return root


def assignments(photos: Path) -> tuple[str, ...]:
    return (*TOGETHER, f"data.unknown={photos / 'things'}")


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory, photos: Path) -> Iterator[Path]:
    """The run of one process."""
    with on_one_thread():
        yield train(
            tiny_recipe(photos, *assignments(photos)), tmp_path_factory.mktemp("runs") / "one"
        )


def assert_the_same_result(folder: Path, alone: Path) -> None:
    here, there = (load_file(each / "weights.safetensors") for each in (folder, alone))
    assert list(here) == list(there)
    for name, value in there.items():
        # Numbers are added up in another order, and Adam's first steps enlarge what that changes.
        assert torch.allclose(here[name], value, atol=2e-5), name
    assert len(history_of(folder)) == len(history_of(alone)) == 5
    for one, other in zip(history_of(folder), history_of(alone), strict=True):
        assert one == pytest.approx(other, abs=1e-3)
    results = [meta_of(each)["results"] | {"train_seconds": 0} for each in (folder, alone)]
    assert results[0].pop("precision") == results[1].pop("precision") == "float32"
    assert results[0] == pytest.approx(results[1], rel=1e-2)


# -- with real processes -------------------------------------------------------------------


@pytest.mark.slow
def test_two_processes_reach_what_one_reaches_and_the_first_alone_writes(
    photos: Path, alone: Path, tmp_path: Path
) -> None:
    recipe = tmp_path / "tiny.toml"
    recipe.write_text("")
    settings = [f"--set={key}={_toml(value)}" for key, value in _flat(alone)]
    folder = tmp_path / "two"
    done = torchrun("-m", "whereshot", "train", recipe, "--to", folder, *settings)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{folder}\n"
    assert done.stderr.count("epoch 3 done") == 1
    assert done.stderr.count("nothing to keep") == 1  # a warning of the first process alone
    assert_the_same_result(folder, alone)
    assert meta_of(folder)["processes"] == 2
    assert meta_of(alone)["processes"] == 1
    assert meta_of(folder)["data"] == meta_of(alone)["data"]
    names = {path.name for path in folder.iterdir()}
    assert names == {"weights.safetensors", "meta.json", "history.jsonl", "tensorboard"}
    assert len(list((folder / "tensorboard").iterdir())) == 1
    # The test is one: the weights have gone a long way, and the kept ones are not the first.
    torch.manual_seed(seed_of(0, "weights"))
    start = LandmarkNet(tiny_recipe(photos, *assignments(photos)).model, 3).state_dict()
    moved = load_file(alone / "weights.safetensors")
    assert max(float((moved[name] - start[name]).abs().max()) for name in moved) > 2e-3
    assert meta_of(alone)["results"]["best_epoch"] >= 3


def _flat(run: Path) -> list[tuple[str, object]]:
    pairs: list[tuple[str, object]] = []
    for key, value in meta_of(run)["recipe"].items():
        if isinstance(value, dict):
            pairs += [(f"{key}.{inner}", each) for inner, each in value.items()]
        else:
            pairs.append((key, value))
    return pairs


def _toml(value: object) -> str:
    return json.dumps(value)


@pytest.mark.slow
def test_a_process_that_is_killed_ends_all_and_a_resume_reaches_the_same(
    photos: Path, alone: Path, tmp_path: Path
) -> None:
    body = f"""
import os, signal
from pathlib import Path
from tiny_training import tiny_recipe
from whereshot.learn.train import train

killed = Path({str(tmp_path / "killed")!r})

def report(stage, done, total, figures):
    if (stage, done) == ("epoch 3", 2) and not killed.exists():
        killed.touch()
        os.kill(os.getpid(), signal.SIGKILL)

train(
    tiny_recipe({str(photos)!r}, *{assignments(photos)!r}),
    {str(tmp_path / "run")!r}, resume=True, report=report,
)
"""
    program = script(tmp_path, body)
    first = torchrun(program)
    assert first.returncode == 1
    assert "SIGKILL" in first.stderr or "-9" in first.stderr
    assert len(history_of(tmp_path / "run")) == 2
    assert torchrun(program).returncode == 0
    assert_the_same_result(tmp_path / "run", alone)


@pytest.mark.slow
def test_what_processes_tell_each_other(tmp_path: Path) -> None:
    body = """
import json, os, sys
from pathlib import Path
import torch
from torch import nn
from whereshot.errors import DatasetError
from whereshot.learn.distributed import join_team

def talkers():
    threads = Path("/proc/self/task").glob("*/comm")
    return [name for name in (each.read_text().strip() for each in threads) if "gloo" in name]

torch.set_num_threads(1)
with join_team() as team:
    assert (team.rank, team.size) == (int(os.environ["RANK"]), 2)
    assert team.leads == (team.rank == 0)
    calls = []
    assert team.first(lambda: calls.append(1) or [1, torch.ones(2)])[0] == 1
    assert len(calls) == (1 if team.leads else 0)

    def fail():
        raise DatasetError("no photos")

    for kind, function in ((DatasetError, fail), (OSError, lambda: open("/nowhere/at/all"))):
        try:
            team.first(function)
        except kind as error:
            assert kind is OSError or str(error) == "no photos"
        else:
            raise AssertionError("no error")
    assert team.gather(team.rank * 10) == [0, 10]
    assert team.total(0.25 + team.rank) == 1.5
    batch = torch.arange(15, dtype=torch.uint8).reshape(5, 3)
    assert torch.equal(team.whole(batch[team.share(5)], 5), batch)

    norm = nn.BatchNorm2d(2)
    norm(torch.full((2, 2, 3, 3), float(team.rank)))
    frozen = nn.BatchNorm2d(2).eval()
    frozen.running_mean.fill_(team.rank)
    team.average_norms(nn.Sequential(norm, frozen))
    assert torch.allclose(norm.running_mean, torch.full((2,), 0.1 * 0.5))
    assert frozen.running_mean[0] == team.rank

    layer = nn.Linear(3, 1, bias=False)
    layer.weight.data.fill_(1.0)
    wrapped = team.wrap(layer)
    for later in (True, False):
        with team.gradients_later(wrapped, later=later):
            wrapped(torch.full((1, 3), 1.0 + team.rank)).sum().backward()
        grad = 2 * 1.5 if not later else 1.0 + team.rank
        assert torch.allclose(layer.weight.grad, torch.full((1, 3), grad)), layer.weight.grad
    everyone = team.gather("fine")
    assert "pt_gloo_runloop" in talkers() or sys.platform != "linux"
# A thread that still talks when Python shuts down may abort the process, now and then.
assert wrapped and "pt_gloo_runloop" not in talkers()
if team.leads:
    print(json.dumps(everyone))
"""
    done = torchrun(script(tmp_path, body))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == ["fine", "fine"]


@pytest.mark.slow
def test_one_program_can_train_twice(tmp_path: Path) -> None:
    body = """
import time
from whereshot.learn.distributed import join_team

for late in (0, 1, 0):
    with join_team() as team:
        assert team.gather(team.rank) == [0, 1]
    time.sleep(2 if team.rank == late else 0)
"""
    done = torchrun(script(tmp_path, body), timeout=120)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_an_error_in_one_process_is_told_and_ends_the_other(tmp_path: Path) -> None:
    body = """
import sys
from whereshot.cli._shared import run_guarded
from whereshot.errors import DatasetError
from whereshot.learn.distributed import join_team

def work():
    with join_team() as team:
        team.gather(1)
        if team.rank == 1:
            raise DatasetError("my disk is gone")
        team.gather(2)

sys.exit(run_guarded(work))
"""
    done = torchrun(script(tmp_path, body))
    assert done.returncode == 1
    assert "whereshot: my disk is gone" in done.stderr
    own = [line for line in done.stderr.splitlines() if line.startswith("whereshot: ")]
    others = [line for line in own if "my disk" not in line]
    # The first process is ended by torchrun, or has noticed before.
    assert all("Process 1 of 2 lost the others" in line for line in others)
    assert "program.py" not in "".join(line for line in done.stderr.splitlines() if "File" in line)


# -- in this process -----------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 2, 3, 8])
@pytest.mark.parametrize("photos", [16, 17, 31, 64])
def test_shares_are_a_batch_without_gaps_and_differ_by_one_at_most(size: int, photos: int) -> None:
    batch = list(range(photos))
    shares = [batch[Team(rank, size).share(photos)] for rank in range(size)]
    assert [photo for share in shares for photo in share] == batch
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


def test_a_batch_that_is_too_small_to_share_says_so() -> None:
    Team(0, 1).check_batch(1)
    Team(0, 4).check_batch(8)
    with pytest.raises(RunError, match=r"7 photos is too small for 4 processes.*optim\.batch"):
        Team(0, 4).check_batch(7)


def test_one_process_alone_is_a_team_that_exchanges_nothing() -> None:
    with join_team() as team:
        assert team == Team(0, 1)
        assert team.leads
        planes, layer = torch.ones(3, 2), nn.Linear(2, 2)
        assert team.whole(planes, 3) is planes
        assert team.wrap(layer) is layer
        assert team.share_norms(layer) is layer
        assert (team.gather(5), team.total(2.5), team.first(lambda: 7)) == ([5], 2.5, 7)
        with team.gradients_later(layer, later=True):
            pass


def test_batch_norm_on_cpus_is_warned_of_where_it_learns(caplog: pytest.LogCaptureFixture) -> None:
    recipe = tiny_recipe("photos", "model.embedding=4")
    network = LandmarkNet(recipe.model, 3)
    with caplog.at_level(logging.WARNING):
        set_mode(network, backbone_trains=True, freeze_batch_norm=False)
        assert not Team(0, 1).warn_of_norms(network)
        assert Team(1, 2).warn_of_norms(network)
        assert caplog.text == ""
        assert Team(0, 2).warn_of_norms(network)
    assert "sees only the 2th part" not in caplog.text
    assert "BatchNorm sees only its process's share of a batch" in caplog.text
    caplog.clear()
    network = LandmarkNet(tiny_recipe("photos").model, 3)
    set_mode(network, backbone_trains=True, freeze_batch_norm=True)
    assert not Team(0, 2).warn_of_norms(network)


def test_on_gpus_batch_norm_is_synchronized_and_can_be_frozen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    network = LandmarkNet(tiny_recipe("photos", "model.embedding=4").model, 3)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    pixels = torch.randint(0, 256, (2, 32, 32, 3), dtype=torch.uint8)
    logits = network.eval()(pixels).logits
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    shared = Team(0, 2).share_norms(network)
    kinds = {type(module) for module in shared.modules()}
    assert not kinds & {nn.BatchNorm2d, nn.BatchNorm1d, timm.layers.BatchNormAct2d}
    norms = [module for module in shared.modules() if isinstance(module, nn.SyncBatchNorm)]
    assert len(norms) > 10
    assert list(shared.state_dict()) == list(before)
    assert all(torch.equal(value, before[name]) for name, value in shared.state_dict().items())
    assert torch.equal(shared.eval()(pixels).logits, logits)
    set_mode(shared, backbone_trains=True, freeze_batch_norm=True)
    assert [norm.training for norm in norms] == [False] * (len(norms) - 1) + [True]  # the neck's
    assert not Team(0, 2).warn_of_norms(shared)


def test_more_processes_than_gpus_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setenv("LOCAL_RANK", "1")
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "2")
    with pytest.raises(RunError, match=r"2 processes for 1 GPUs.*--nproc-per-node 1"):
        distributed._meet()


def test_a_lost_process_is_an_error_that_says_how_to_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(distributed.dist, "is_initialized", lambda: True)
    monkeypatch.setattr(distributed.dist, "get_rank", lambda: 1)
    monkeypatch.setattr(distributed.dist, "get_world_size", lambda: 2)
    with pytest.raises(RunError, match="Process 2 of 2 lost the others"), join_team():
        raise RuntimeError("[gloo/transport/tcp/pair.cc:1] Connection closed by peer")
    with pytest.raises(RuntimeError, match="our bug"), join_team():
        raise RuntimeError("our bug")


def test_learning_rates_are_not_looked_for_by_several_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(distributed.dist, "is_initialized", lambda: True)
    monkeypatch.setattr(distributed.dist, "get_rank", lambda: 0)
    monkeypatch.setattr(distributed.dist, "get_world_size", lambda: 2)
    with pytest.raises(RunError, match="one process"):
        find_learning_rate(tiny_recipe(tiny_photos(tmp_path)))


def test_the_parts_of_held_out_photos_are_put_back_in_order(
    photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from whereshot.learn import validation
    from whereshot.learn.dataset import index_folder
    from whereshot.learn.learner import Learner

    index = index_folder(photos, "train")
    learner = Learner(tiny_recipe(photos), index.counts(), Team())
    whole = validation.answer(learner, index)
    parts: list[validation.Seen] = []

    class Noted(Exception):  # noqa: N818 - not an error
        pass

    def note(self: Team, mine: validation.Seen) -> list[validation.Seen]:
        parts.append(mine)
        raise Noted

    monkeypatch.setattr(Team, "gather", note)
    for rank in range(5):
        learner.team = Team(rank, 5)
        with pytest.raises(Noted):
            validation.answer(learner, index)
    assert [len(part.labels) for part in parts] == [5, 5, 5, 5, 4]
    monkeypatch.setattr(Team, "gather", lambda self, mine: parts)
    together = validation.answer(learner, index)
    assert np.allclose(together.logits, whole.logits, atol=1e-6)
    assert together.labels.tolist() == list(index.labels)
