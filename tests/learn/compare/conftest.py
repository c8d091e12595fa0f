"""Tiny runs to compare, trained once."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import NamedTuple

import pytest
from made_photos import saved, scene
from tiny_training import on_one_thread, tiny_photos, tiny_recipe


class Desk(NamedTuple):
    """A copy of trained runs that a test may damage."""

    photos: Path
    first: Path
    other: Path


@pytest.fixture(scope="session")
def _trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from whereshot.learn.train import train

    root = tmp_path_factory.mktemp("compared")
    photos = tiny_photos(root / "photos")
    for label in range(3):
        for number in range(2):
            picture = scene(1000 + 100 * label + number, (64, 48))
            saved(picture, photos / "test" / f"place_{label}" / f"{number}.png")
    with on_one_thread():
        train(tiny_recipe(photos, "schedule.epochs=1"), root / "first")
        train(tiny_recipe(photos, "schedule.epochs=1", "optim.lr=5e-3", "seed=3"), root / "other")
    return root


@pytest.fixture
def desk(_trained: Path, tmp_path: Path) -> Desk:
    for name in ("first", "other"):
        shutil.copytree(_trained / name, tmp_path / "runs" / name)
    return Desk(_trained / "photos", tmp_path / "runs" / "first", tmp_path / "runs" / "other")
