from __future__ import annotations

import dataclasses
import logging
import math
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from tiny_training import history_of, meta_of, on_one_thread, tiny_photos, tiny_recipe

from whereshot.errors import DatasetError, RunError
from whereshot.learn import learner, trainer
from whereshot.learn.config import from_dict
from whereshot.learn.dataset import index_folder
from whereshot.learn.loader import EvalPhotos, seed_of
from whereshot.learn.network import LandmarkNet
from whereshot.learn.run import load_run
from whereshot.learn.train import train
from whereshot.photo import Preprocessing

pytestmark = pytest.mark.usefixtures("one_thread")

# Everything random is in it: dropout, drop path, mixing, balance, sub-centers; and both phases.
LIVELY = (
    "schedule.frozen_epochs=2",
    "schedule.epochs=2",
    "schedule.start_size=32",
    "schedule.grow=0.5",
    "model.size=48",
    "model.dropout=0.3",
    "model.drop_path=0.2",
    "model.head=cosine",
    "model.subcenters=2",
    "augment.mixup=0.5",
    "data.balance=0.5",
    "optim.accumulate=2",
)


class Stopped(Exception):  # noqa: N818 - not an error
    """What ends a run in a test."""


def stop_at(stage: str, step: int):
    def report(name: str, done: int, total: int, figures: dict[str, float]) -> None:
        if (name, done) == (stage, step):
            raise Stopped

    return report


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_photos(tmp_path_factory.mktemp("photos"))


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory, photos: Path) -> Iterator[Path]:
    """A finished run of the lively recipe."""
    with on_one_thread():
        yield train(tiny_recipe(photos, *LIVELY), tmp_path_factory.mktemp("runs") / "whole")


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def same_result(one: Path, other: Path) -> bool:
    results = [meta_of(folder)["results"] | {"train_seconds": 0} for folder in (one, other)]
    weights = [(folder / "weights.safetensors").read_bytes() for folder in (one, other)]
    return (
        weights[0] == weights[1]
        and history_of(one) == history_of(other)
        and results[0] == results[1]
    )


# -- it learns -----------------------------------------------------------------------------


def test_it_learns_sixteen_photos_by_heart(tmp_path: Path) -> None:
    photos = tiny_photos(tmp_path, classes=4, each=4)
    recipe = tiny_recipe(
        photos,
        "data.validation=0",
        "augment.min_scale=1",
        "optim.batch=16",
        "optim.lr=0.01",
        "optim.ema=0",
        "schedule.frozen_epochs=0",
        "schedule.epochs=30",
    )
    run = load_run(train(recipe, tmp_path / "run"))
    index = index_folder(photos, "train")
    seen = EvalPhotos(index, Preprocessing(32))
    planes = torch.stack([seen[number][0] for number in range(16)]).float()
    with torch.inference_mode():
        answers = run.network.from_planes(planes).logits.argmax(1).tolist()
    assert answers == list(index.labels)
    losses = [row["loss"] for row in history_of(run.folder)]
    assert losses[0] > 1.3  # ln 4: it began with nothing
    assert losses[-1] < 0.7 * losses[0]


def test_the_average_of_weights_is_what_is_kept(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[trainer.Trainer] = []
    finish = trainer.Trainer._results
    monkeypatch.setattr(trainer.Trainer, "_results", lambda self: kept.append(self) or finish(self))
    run = load_run(train(tiny_recipe(photos, "data.validation=0"), tmp_path / "run"))
    last = kept[0].learner
    assert last.average is not None
    for name, value in run.network.state_dict().items():
        assert torch.equal(value, last.average.module.state_dict()[name])
    weight = "head.linear.weight"
    assert not torch.equal(run.network.state_dict()[weight], last.network.state_dict()[weight])


# -- what a run leaves ---------------------------------------------------------------------


def test_a_run_folder_holds_what_it_promises_and_nothing_else(uninterrupted: Path) -> None:
    names = {re.sub(r"events\..*", "events", name) for name in contents(uninterrupted)}
    assert names == {"weights.safetensors", "meta.json", "history.jsonl", "tensorboard/events"}
    history = history_of(uninterrupted)
    assert [row["epoch"] for row in history] == [0, 1, 2, 3]
    assert [row["size"] for row in history] == [32, 32, 32, 48]
    for row in history:
        assert math.isfinite(row["loss"])
        assert 0 <= row["validation_top1"] <= 1
        assert 0 <= row["validation_macro"] <= 1
        assert row["validation_loss"] > 0


def test_the_meta_says_all_that_a_repetition_needs(uninterrupted: Path, photos: Path) -> None:
    meta = meta_of(uninterrupted)
    index = index_folder(photos, "train")
    assert from_dict(meta["recipe"]) == tiny_recipe(photos, *LIVELY)
    assert meta["classes"] == ["place_0", "place_1", "place_2"]
    assert meta["seed"] == 0
    assert {"python", "whereshot", "torch", "torchvision", "timm"} <= set(meta["versions"])
    data = meta["data"]
    assert data["fingerprint"] == index.fingerprint()
    assert (data["training_photos"], data["validation_photos"]) == (12, 6)
    assert data["training_counts"] == [4, 4, 4]
    assert data["unreadable"] == []
    paths = {path.relative_to(index.root).as_posix() for path in index.paths}
    assert set(data["validation_paths"]) < paths
    results = meta["results"]
    history = history_of(uninterrupted)
    losses = [row["validation_loss"] for row in history]
    assert results["best_epoch"] == losses.index(min(losses))
    assert results["validation_top1"] == history[results["best_epoch"]]["validation_top1"]
    assert results["temperature"] > 0
    assert results["train_seconds"] > 0
    assert results["precision"] == "float32"


def test_the_recipe_in_the_meta_gives_the_same_weights_again(
    uninterrupted: Path, tmp_path: Path
) -> None:
    again = train(from_dict(meta_of(uninterrupted)["recipe"]), tmp_path / "again")
    assert same_result(again, uninterrupted)


@pytest.mark.filterwarnings("ignore:This DataLoader will create")  # more than there are cores
@pytest.mark.parametrize("workers", [1, 3])
def test_the_number_of_workers_changes_nothing(
    photos: Path, uninterrupted: Path, tmp_path: Path, workers: int
) -> None:
    recipe = tiny_recipe(photos, *LIVELY, f"data.workers={workers}")
    assert same_result(train(recipe, tmp_path / "run"), uninterrupted)


def test_another_seed_gives_other_weights(photos: Path, tmp_path: Path) -> None:
    quick = ("schedule.epochs=0", "data.validation=0")
    runs = [train(tiny_recipe(photos, *quick, f"seed={n}"), tmp_path / f"{n}") for n in (0, 1)]
    assert not same_result(*runs)


def test_progress_is_reported_stage_by_stage(photos: Path, tmp_path: Path) -> None:
    calls: list[tuple[str, int, int]] = []
    train(
        tiny_recipe(photos, "schedule.epochs=1"),
        tmp_path / "run",
        report=lambda stage, done, total, figures: calls.append((stage, done, total)),
    )
    stages = list(dict.fromkeys(stage for stage, _, _ in calls))
    assert stages == [
        "reading the photos",
        "looking for near-duplicates",
        "epoch 1",
        "epoch 1 done",
        "epoch 2",
        "epoch 2 done",
    ]
    for stage in stages:
        done = [(d, t) for s, d, t in calls if s == stage]
        assert done == [(n + 1, len(done)) for n in range(len(done))]


# -- stopped and resumed -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stage", "step"),
    [
        ("looking for near-duplicates", 2),  # nothing is written yet
        ("epoch 1", 2),  # before the first checkpoint
        ("epoch 2", 1),  # inside the frozen phase
        ("epoch 3", 1),  # at the border of the phases
        ("epoch 4 done", 1),  # inside the second phase, an epoch's work lost
    ],
)
def test_a_stopped_run_goes_on_to_the_result_that_it_would_have_reached(
    photos: Path, uninterrupted: Path, tmp_path: Path, stage: str, step: int
) -> None:
    recipe, folder = tiny_recipe(photos, *LIVELY), tmp_path / "run"
    with pytest.raises(Stopped):
        train(recipe, folder, report=stop_at(stage, step))
    assert not (folder / "weights.safetensors").exists()
    train(recipe, folder, resume=True)
    assert same_result(folder, uninterrupted)
    assert not (folder / "checkpoint.pt").exists()
    assert not (folder / "best.safetensors").exists()


def test_a_run_may_be_stopped_many_times_with_its_photos_moved_in_between(
    photos: Path, uninterrupted: Path, tmp_path: Path
) -> None:
    recipe, folder = tiny_recipe(photos, *LIVELY), tmp_path / "run"
    for number in (2, 3, 4):
        with pytest.raises(Stopped):
            train(recipe, folder, resume=True, report=stop_at(f"epoch {number}", 1))
        moved = Path(shutil.copytree(photos, tmp_path / f"moved{number}"))
        data = dataclasses.replace(recipe.data, train=str(moved), workers=number % 2)
        recipe = dataclasses.replace(recipe, data=data)
    train(recipe, folder, resume=True)
    assert same_result(folder, uninterrupted)


def test_tensorboard_has_each_epoch_once_however_often_a_run_was_stopped(
    photos: Path, tmp_path: Path
) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    recipe, folder = tiny_recipe(photos), tmp_path / "run"
    for number in (2, 3):
        with pytest.raises(Stopped):
            train(recipe, folder, resume=True, report=stop_at(f"epoch {number}", 1))
        # TensorBoard reads its files by name: the second, the process, a count in it. In one second
        # of one process, the tenth file would come before the ninth.
        time.sleep(1.01)
    train(recipe, folder, resume=True)
    events = EventAccumulator(str(folder / "tensorboard"))
    events.Reload()
    scalars = events.Scalars("loss")
    assert [scalar.step for scalar in scalars] == [0, 1, 2]
    assert [scalar.value for scalar in scalars] == pytest.approx(
        [row["loss"] for row in history_of(folder)]
    )


def test_a_run_killed_between_its_note_and_its_checkpoint_notes_the_epoch_once(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    recipe, folder = tiny_recipe(photos), tmp_path / "run"
    save = trainer.save_checkpoint

    def killed(path: Path, progress: trainer.Progress, *rest: object) -> None:
        if progress.epoch == 2:
            raise Stopped
        save(path, progress, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(trainer, "save_checkpoint", killed)
    with pytest.raises(Stopped):
        train(recipe, folder)
    assert len(history_of(folder)) == 2
    monkeypatch.setattr(trainer, "save_checkpoint", save)
    train(recipe, folder, resume=True)
    assert [row["epoch"] for row in history_of(folder)] == [0, 1, 2]
    events = EventAccumulator(str(folder / "tensorboard"))
    events.Reload()
    assert [scalar.step for scalar in events.Scalars("loss")] == [0, 1, 2]


def test_a_checkpoint_that_ranked_its_epochs_by_top1_goes_on_with_the_loss(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    losses = iter([1.0, 0.5, 0.2])

    def better_and_better(*_: object) -> dict[str, float]:
        return {"validation_top1": 0.93, "validation_macro": 0.93, "validation_loss": next(losses)}

    monkeypatch.setattr(trainer, "figures_of", better_and_better)
    recipe, folder = tiny_recipe(photos), tmp_path / "run"
    with pytest.raises(Stopped):
        train(recipe, folder, report=stop_at("epoch 2", 1))
    state = torch.load(folder / "checkpoint.pt", weights_only=True)
    torch.save(state | {"best_score": 0.93}, folder / "checkpoint.pt")
    train(recipe, folder, resume=True)
    assert meta_of(folder)["results"]["best_epoch"] == 2


@pytest.mark.slow
def test_a_run_killed_by_the_system_goes_on_to_the_same_weights(
    photos: Path, uninterrupted: Path, tmp_path: Path
) -> None:
    program = f"""
import os, signal, sys, torch
sys.path[:0] = {sys.path!r}
from tiny_training import tiny_recipe
from whereshot.learn.train import train

def report(stage, done, total, figures):
    if (stage, done) == ("epoch 3", 2):
        os.kill(os.getpid(), signal.SIGKILL)

torch.set_num_threads(1)
train(tiny_recipe({str(photos)!r}, *{LIVELY!r}), {str(tmp_path / "run")!r}, report=report)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert done.returncode == -9, done.stderr.decode()
    assert (tmp_path / "run" / "checkpoint.pt").is_file()
    (tmp_path / "run" / "checkpoint.pt.part").write_bytes(b"half a checkpoint")
    train(tiny_recipe(photos, *LIVELY), tmp_path / "run", resume=True)
    assert same_result(tmp_path / "run", uninterrupted)


def test_a_run_stopped_while_it_calibrates_is_finished_by_a_resume(
    photos: Path, uninterrupted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object) -> None:
        raise Stopped

    recipe, folder = tiny_recipe(photos, *LIVELY), tmp_path / "run"
    with monkeypatch.context() as patch:
        patch.setattr(trainer, "load_file", stopped)
        with pytest.raises(Stopped):
            train(recipe, folder)
    train(recipe, folder, resume=True)
    assert same_result(folder, uninterrupted)


def test_resuming_a_finished_run_changes_nothing_and_needs_no_photos(
    photos: Path, uninterrupted: Path, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(uninterrupted, tmp_path / "run"))
    before = contents(folder)
    # Killed after its weights were in place, a run leaves its last checkpoint behind.
    (folder / "checkpoint.pt").write_bytes(b"left behind")
    recipe = tiny_recipe(tmp_path / "photos_are_gone", *LIVELY)
    assert train(recipe, folder, resume=True) == folder
    assert contents(folder) == before


def test_resuming_where_no_run_is_starts_one(photos: Path, tmp_path: Path) -> None:
    recipe = tiny_recipe(photos, "schedule.epochs=0")
    assert load_run(train(recipe, tmp_path / "new", resume=True)).classes[0] == "place_0"


@pytest.mark.parametrize("finished", [True, False])
def test_resuming_with_another_recipe_is_refused(
    photos: Path, uninterrupted: Path, tmp_path: Path, finished: bool
) -> None:
    folder = Path(shutil.copytree(uninterrupted, tmp_path / "run"))
    if not finished:
        (folder / "weights.safetensors").unlink()
    before = contents(folder)
    with pytest.raises(RunError, match="was started with another recipe"):
        train(tiny_recipe(photos, *LIVELY, "optim.lr=0.5"), folder, resume=True)
    assert contents(folder) == before


def test_resuming_on_other_photos_is_refused(
    photos: Path, uninterrupted: Path, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(uninterrupted, tmp_path / "run"))
    (folder / "weights.safetensors").unlink()
    before = contents(folder)
    other = Path(shutil.copytree(photos, tmp_path / "other"))
    next(other.rglob("*.png")).unlink()
    with pytest.raises(RunError, match="was started on other photos"):
        train(tiny_recipe(other, *LIVELY), folder, resume=True)
    assert contents(folder) == before


def test_a_run_is_never_overwritten(photos: Path, uninterrupted: Path, tmp_path: Path) -> None:
    before = contents(uninterrupted)
    with pytest.raises(RunError, match="already holds a run"):
        train(tiny_recipe(photos), uninterrupted)
    assert contents(uninterrupted) == before
    # What is left of a run is no run, and not ours to overwrite.
    for name in ("weights.safetensors", "checkpoint.pt"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / name).write_bytes(b"precious")
        with pytest.raises(RunError, match=rf"holds '{name}' but no meta\.json"):
            train(tiny_recipe(photos), folder, resume=True)
        assert contents(folder) == {name: b"precious"}


def test_resuming_on_other_photos_without_a_landmark_is_refused(
    photos: Path, tmp_path: Path
) -> None:
    things = Path(shutil.copytree(photos / "train" / "place_0", tmp_path / "things"))
    recipe, folder = tiny_recipe(photos, f"data.unknown={things}"), tmp_path / "run"
    with pytest.raises(Stopped):
        train(recipe, folder, report=stop_at("epoch 2", 1))
    (things / "0.png").unlink()
    with pytest.raises(RunError, match=r"other photos without a landmark.*things'\. Restore"):
        train(recipe, folder, resume=True)


def test_resuming_when_other_photos_can_be_read_is_refused(photos: Path, tmp_path: Path) -> None:
    mine = Path(shutil.copytree(photos, tmp_path / "mine"))
    recipe, folder = tiny_recipe(mine), tmp_path / "run"
    with pytest.raises(Stopped):
        train(recipe, folder, report=stop_at("epoch 2", 1))
    victim = mine / "train" / "place_2" / "1.png"
    sound = victim.read_bytes()
    victim.write_bytes(bytes(len(sound)))
    with pytest.raises(
        RunError, match=r"when other photos could be read .unreadable now: 1, then: 0"
    ):
        train(recipe, folder, resume=True)
    victim.write_bytes(sound)
    train(recipe, folder, resume=True)


def test_a_checkpoint_of_another_data_set_is_refused(photos: Path, tmp_path: Path) -> None:
    others = tiny_photos(tmp_path / "others", each=7)
    for root, name in ((photos, "mine"), (others, "others_run")):
        with pytest.raises(Stopped):
            train(tiny_recipe(root), tmp_path / name, report=stop_at("epoch 2", 1))
    mine, foreign = tmp_path / "mine", tmp_path / "others_run" / "checkpoint.pt"
    own = (mine / "checkpoint.pt").read_bytes()
    shutil.copy(foreign, mine / "checkpoint.pt")
    before = contents(mine)
    with pytest.raises(
        RunError, match=r"checkpoint\.pt' is the checkpoint of a run on other photos"
    ):
        train(tiny_recipe(photos), mine, resume=True)
    assert contents(mine) == before
    (mine / "checkpoint.pt").write_bytes(own)
    train(tiny_recipe(photos), mine, resume=True)


@pytest.mark.parametrize("different", ["classes", "backbone"])
def test_a_checkpoint_of_another_network_is_refused_though_it_names_no_photos(
    photos: Path, tmp_path: Path, different: str
) -> None:
    root, more = photos, ()
    if different == "classes":
        root = tiny_photos(tmp_path / "others", classes=4)
    else:
        more = ("model.architecture=timm/test_resnet",)
    for recipe, name in ((tiny_recipe(photos), "mine"), (tiny_recipe(root, *more), "other")):
        with pytest.raises(Stopped):
            train(recipe, tmp_path / name, report=stop_at("epoch 2", 1))
    state = torch.load(tmp_path / "other" / "checkpoint.pt", weights_only=True)
    del state["data"]  # as checkpoints were before
    torch.save(state, tmp_path / "mine" / "checkpoint.pt")
    with pytest.raises(RunError, match="checkpoint of another run: it does not fit this recipe"):
        train(tiny_recipe(photos), tmp_path / "mine", resume=True)


def test_a_checkpoint_from_before_it_named_its_photos_is_read(
    photos: Path, uninterrupted: Path, tmp_path: Path
) -> None:
    recipe, folder = tiny_recipe(photos, *LIVELY), tmp_path / "run"
    with pytest.raises(Stopped):
        train(recipe, folder, report=stop_at("epoch 4", 1))
    state = torch.load(folder / "checkpoint.pt", weights_only=True)
    del state["data"], state["scaler"]
    for group in state["optimizer"]["param_groups"]:
        del group["part"]
    torch.save(state, folder / "checkpoint.pt")
    train(recipe, folder, resume=True)
    assert same_result(folder, uninterrupted)


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", None])
def test_a_damaged_checkpoint_is_a_clear_error(
    photos: Path, tmp_path: Path, content: bytes | None
) -> None:
    recipe, folder = tiny_recipe(photos), tmp_path / "run"
    with pytest.raises(Stopped):
        train(recipe, folder, report=stop_at("epoch 2", 1))
    path = folder / "checkpoint.pt"
    path.write_bytes(path.read_bytes()[:5000] if content is None else content)
    with pytest.raises(RunError, match=r"checkpoint\.pt' is damaged"):
        train(recipe, folder, resume=True)


# -- phases, batches, stopping early -------------------------------------------------------


def test_without_a_second_phase_only_the_head_learns(photos: Path, tmp_path: Path) -> None:
    recipe = tiny_recipe(photos, "schedule.frozen_epochs=2", "schedule.epochs=0")
    run = load_run(train(recipe, tmp_path / "run"))
    torch.manual_seed(seed_of(0, "weights"))
    start = LandmarkNet(recipe.model, 3).state_dict()
    for name, value in run.network.state_dict().items():
        assert torch.equal(value, start[name]) == (not name.startswith("head.")), name


def test_without_a_frozen_phase_the_whole_network_learns_from_the_start(
    photos: Path, tmp_path: Path
) -> None:
    recipe = tiny_recipe(photos, "schedule.frozen_epochs=0", "schedule.epochs=2")
    with pytest.raises(Stopped):
        train(recipe, tmp_path / "run", report=stop_at("epoch 2", 1))
    stopped = load_run(train(recipe, tmp_path / "run", resume=True))
    whole = load_run(train(recipe, tmp_path / "whole"))
    for name, value in whole.network.state_dict().items():
        assert torch.equal(value, stopped.network.state_dict()[name]), name


def test_without_held_out_photos_the_last_weights_are_kept(photos: Path, tmp_path: Path) -> None:
    run = load_run(train(tiny_recipe(photos, "data.validation=0"), tmp_path / "run"))
    assert run.meta["data"]["validation_photos"] == 0
    assert run.meta["data"]["training_photos"] == 18
    assert run.meta["results"]["best_epoch"] == 2
    assert "validation_top1" not in run.meta["results"]
    assert run.temperature == 1.0


def test_a_batch_larger_than_the_data_set_is_the_whole_data_set(
    photos: Path, tmp_path: Path
) -> None:
    steps: list[int] = []
    train(
        tiny_recipe(photos, "optim.batch=500", "schedule.epochs=0"),
        tmp_path / "run",
        report=lambda stage, done, total, _: steps.append(total) if stage == "epoch 1" else None,
    )
    assert steps == [1]


@pytest.mark.parametrize("accumulate", [3, 5, 2])
def test_accumulated_gradients_are_those_of_one_large_batch(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, accumulate: int
) -> None:
    gradients: list[torch.Tensor] = []
    update = learner.Learner.update

    def noted(self: learner.Learner) -> None:
        gradient = self.network.head.get_parameter("linear.weight").grad
        assert gradient is not None
        gradients.append(gradient.clone())
        update(self)

    monkeypatch.setattr(learner.Learner, "update", noted)
    # The head alone on a silent rate: photos and weights are the same in both runs.
    still = ("schedule.epochs=0", "optim.head_lr=1e-30", "optim.weight_decay=0")
    train(tiny_recipe(photos, *still, "optim.batch=12"), tmp_path / "large")
    small = ("optim.batch=4", f"optim.accumulate={accumulate}")
    train(tiny_recipe(photos, *still, *small), tmp_path / "small")
    large, *parts = gradients
    # 12 photos make 3 batches of 4: one group of 3 (also where 5 are asked for), or 2 and 1.
    assert len(parts) == (2 if accumulate == 2 else 1)
    whole = (2 * parts[0] + parts[1]) / 3 if accumulate == 2 else parts[0]
    assert torch.allclose(whole, large, atol=1e-6)


def test_a_run_that_gets_no_better_ends_early(photos: Path, tmp_path: Path) -> None:
    still = ("optim.lr=1e-30", "optim.head_lr=1e-30", "schedule.freeze_batch_norm=true")
    patient = ("schedule.frozen_epochs=0", "schedule.epochs=9", "schedule.patience=2")
    run = train(tiny_recipe(photos, *still, *patient), tmp_path / "run")
    assert len(history_of(run)) == 3
    assert meta_of(run)["results"]["best_epoch"] == 2


def test_bfloat16_trains_too(photos: Path, tmp_path: Path) -> None:
    recipe = tiny_recipe(photos, "precision=bfloat16", "schedule.epochs=1")
    run = load_run(train(recipe, tmp_path / "run"))
    assert run.meta["results"]["precision"] == "bfloat16"
    assert {value.dtype for value in run.network.parameters()} == {torch.float32}


def test_an_angular_margin_trains_and_makes_the_loss_larger(photos: Path, tmp_path: Path) -> None:
    cosine = ("model.head=cosine", "schedule.epochs=0", "optim.head_lr=1e-30")
    plain = train(tiny_recipe(photos, *cosine), tmp_path / "plain")
    margin = train(tiny_recipe(photos, *cosine, "model.margin=0.4"), tmp_path / "margin")
    assert history_of(margin)[0]["loss"] > history_of(plain)[0]["loss"] + 1
    assert history_of(margin)[0]["validation_loss"] == history_of(plain)[0]["validation_loss"]


# -- what goes wrong -----------------------------------------------------------------------


def test_unreadable_photos_are_left_out_and_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    photos = tiny_photos(tmp_path / "photos")
    bad = photos / "train" / "place_1" / "bad.jpg"
    bad.write_bytes(b"\xff\xd8\xff broken")
    with caplog.at_level(logging.WARNING):
        run = train(tiny_recipe(photos, "schedule.epochs=0"), tmp_path / "run")
    data = meta_of(run)["data"]
    assert data["training_photos"] + data["validation_photos"] == 18
    assert [path for path, _ in data["unreadable"]] == [str(bad)]
    assert "left out" in caplog.text


def test_a_single_landmark_trains_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    photos = tiny_photos(tmp_path / "photos", classes=1, each=8)
    with caplog.at_level(logging.WARNING):
        run = load_run(train(tiny_recipe(photos), tmp_path / "run"))
    assert run.temperature == 1.0
    assert run.meta["results"]["validation_top1"] == 1.0
    assert "photos of one landmark only" in caplog.text


def test_a_network_without_weights_and_without_statistics_is_warned_of(
    photos: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    frozen = tiny_recipe(photos, "schedule.epochs=0")
    with caplog.at_level(logging.WARNING):
        train(frozen, tmp_path / "frozen")
    assert "schedule.freeze_batch_norm = false and schedule.frozen_epochs = 0" in caplog.text
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        train(tiny_recipe(photos, "schedule.frozen_epochs=0"), tmp_path / "free")
    assert caplog.text == ""


def test_one_photo_is_not_enough(tmp_path: Path) -> None:
    photos = tiny_photos(tmp_path / "photos", classes=1, each=1)
    with pytest.raises(DatasetError, match="has one photo to train on, expected 2 or more"):
        train(tiny_recipe(photos), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_file_in_the_place_of_the_run_is_left_as_it_is(photos: Path, tmp_path: Path) -> None:
    (tmp_path / "run").write_text("precious")
    with pytest.raises(RunError, match="run' is a file"):
        train(tiny_recipe(photos), tmp_path / "run")
    assert (tmp_path / "run").read_text() == "precious"
    with pytest.raises(RunError, match="can't be made a folder for the run: Not a directory"):
        train(tiny_recipe(photos), tmp_path / "run" / "deeper")


def test_two_processes_do_not_train_into_one_folder(photos: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"

    def second(stage: str, done: int, total: int, figures: dict[str, float]) -> None:
        if (stage, done) == ("epoch 2", 1):
            with pytest.raises(RunError, match="Another process trains into"):
                train(tiny_recipe(photos), folder, resume=True)

    train(tiny_recipe(photos), folder, report=second)
    assert load_run(folder).meta["processes"] == 1
    assert train(tiny_recipe(photos), folder, resume=True) == folder


def test_a_missing_folder_leaves_no_run_behind(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="No folder at"):
        train(tiny_recipe(tmp_path / "nowhere"), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_network_that_can_not_be_built_leaves_no_run_behind(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    online = tiny_recipe(photos, "model.weights=imagenet", "model.architecture=timm/test_resnet")
    with pytest.raises(RunError, match="No weights for 'test_resnet' from timm's hub"):
        train(online, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_loss_that_is_no_number_ends_the_run(photos: Path, tmp_path: Path) -> None:
    huge = ("optim.lr=1e36", "optim.head_lr=1e36", "optim.weight_decay=0", "optim.clip=0")
    message = r"diverged in epoch 1: the loss became (nan|inf)\. Lower optim\.lr"
    with pytest.raises(RunError, match=message):
        train(tiny_recipe(photos, *huge, "schedule.frozen_epochs=0"), tmp_path / "run")
    assert not (tmp_path / "run" / "weights.safetensors").exists()


def test_weights_that_burst_in_the_last_step_are_never_kept(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    update = learner.Learner.update

    def burst(self: learner.Learner) -> None:
        update(self)
        self.network.head.get_parameter("linear.bias").data[1] = math.inf

    monkeypatch.setattr(learner.Learner, "update", burst)
    with pytest.raises(RunError, match="in epoch 1: the weights became infinite"):
        train(tiny_recipe(photos, "optim.batch=64", "data.validation=0"), tmp_path / "run")
    assert not (tmp_path / "run" / "best.safetensors").exists()
