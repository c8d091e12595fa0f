"""`data.exclude`: what training leaves out, what it tells of it, and what a resume checks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tiny_training import meta_of, tiny_photos, tiny_recipe

from whereshot.errors import DatasetError, RecipeError, RunError
from whereshot.learn import trainer
from whereshot.learn.dataset import index_folder
from whereshot.learn.train import train

pytestmark = pytest.mark.usefixtures("one_thread")

SHORT = ("schedule.frozen_epochs=0", "schedule.epochs=1")


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_photos(tmp_path_factory.mktemp("photos"))


@pytest.fixture
def suspects(tmp_path: Path) -> Path:
    path = tmp_path / "suspects.txt"
    path.write_text("# looked at by eye\nplace_1/2.png\nplace_0/5.png\t# a map\n")
    return path


def excluding(photos: Path, suspects: Path, *more: str) -> Any:
    return tiny_recipe(photos, *SHORT, f"data.exclude={suspects}", *more)


def test_photos_left_out_are_neither_trained_nor_validated_on_and_the_meta_names_them(
    photos: Path, tmp_path: Path, suspects: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    used: set[str] = set()
    real = trainer.Trainer.__init__

    def spied(self: Any, recipe: Any, folder: Any, portions: Any, *rest: Any) -> None:
        for index in (portions.training, portions.held_out):
            used.update(path.relative_to(index.root).as_posix() for path in index.paths)
        real(self, recipe, folder, portions, *rest)

    monkeypatch.setattr(trainer.Trainer, "__init__", spied)
    stages: list[tuple[str, int]] = []
    train(
        excluding(photos, suspects),
        tmp_path / "run",
        report=lambda stage, done, total, figures: stages.append((stage, total)),
    )
    data = meta_of(tmp_path / "run")["data"]
    assert data["excluded"] == ["place_0/5.png", "place_1/2.png"]
    assert ("photos left out by data.exclude", 2) in stages
    assert data["training_photos"] + data["validation_photos"] == len(used) == 16
    assert not used & set(data["excluded"])
    # The folder is the same, whatever is left out of it: an evaluation on it is told so.
    assert data["fingerprint"] == index_folder(photos, "train").fingerprint()


def test_without_a_list_nothing_is_left_out(photos: Path, tmp_path: Path) -> None:
    train(tiny_recipe(photos, *SHORT), tmp_path / "run")
    assert meta_of(tmp_path / "run")["data"]["excluded"] == []


@pytest.mark.parametrize(
    ("content", "error", "message"),
    [
        (None, RecipeError, "can't be read"),
        ("place_1/22.png\n", DatasetError, r"Closest to the first: 'place_1/\d\.png'"),
        ("".join(f"place_2/{n}.png\n" for n in range(6)), DatasetError, "all 6 photos"),
    ],
)
def test_a_wrong_list_leaves_no_run_behind(
    photos: Path, tmp_path: Path, content: str | None, error: type[Exception], message: str
) -> None:
    path = tmp_path / "list.txt"
    if content is not None:
        path.write_text(content)
    with pytest.raises(error, match=message):
        train(excluding(photos, path), tmp_path / "run")
    assert not (tmp_path / "run").exists()


class Stopped(Exception):  # noqa: N818 - not an error
    """What ends a run in a test."""


@pytest.fixture
def stopped(photos: Path, tmp_path: Path, suspects: Path) -> Path:
    """A run that was stopped after the first of its two epochs."""

    def report(stage: str, done: int, total: int, figures: dict[str, float]) -> None:
        if stage == "epoch 2":
            raise Stopped

    with pytest.raises(Stopped):
        train(excluding(photos, suspects, "schedule.epochs=2"), tmp_path / "run", report=report)
    return tmp_path / "run"


def test_a_run_goes_on_when_its_list_was_moved_and_commented(
    photos: Path, tmp_path: Path, suspects: Path, stopped: Path
) -> None:
    moved = tmp_path / "elsewhere.txt"
    moved.write_text("place_0/5.png\n# and\nplace_1/2.png\n")
    suspects.unlink()
    train(excluding(photos, moved, "schedule.epochs=2"), stopped, resume=True)
    assert meta_of(stopped)["results"]["train_seconds"] > 0


def test_a_run_does_not_go_on_with_other_photos_left_out(
    photos: Path, suspects: Path, stopped: Path
) -> None:
    suspects.write_text("place_0/5.png\nplace_1/3.png\n")
    with pytest.raises(RunError, match=r"other photos left out.*2 then, 2 now.*--to"):
        train(excluding(photos, suspects, "schedule.epochs=2"), stopped, resume=True)
    with pytest.raises(RunError, match="another recipe"):
        train(tiny_recipe(photos, *SHORT, "schedule.epochs=2"), stopped, resume=True)


def test_a_run_from_before_the_key_goes_on(photos: Path, tmp_path: Path) -> None:
    from whereshot.learn.run import META, write_json

    def report(stage: str, done: int, total: int, figures: dict[str, float]) -> None:
        if stage == "epoch 2":
            raise Stopped

    recipe = tiny_recipe(photos, *SHORT, "schedule.epochs=2")
    with pytest.raises(Stopped):
        train(recipe, tmp_path / "run", report=report)
    meta = meta_of(tmp_path / "run")
    del meta["data"]["excluded"], meta["recipe"]["data"]["exclude"]
    write_json(tmp_path / "run" / META, meta)
    train(recipe, tmp_path / "run", resume=True)
    assert meta_of(tmp_path / "run")["data"]["excluded"] == []
