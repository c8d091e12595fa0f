"""What the tests of shipping a network share: the tiny bundle as an export, and its photos."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from whereshot.learn.bundling import Exported
from whereshot.learn.dataset import PhotoIndex, index_folder
from whereshot.photo import Preprocessing
from whereshot.recognize import Session, read_bundle


@pytest.fixture
def exported(tiny_bundle: Path) -> Exported:
    """The network of the tiny bundle."""
    return Exported(Session(read_bundle(tiny_bundle).model_path), Preprocessing(32), 1.0)


@pytest.fixture
def colors(tmp_path: Path, paint: Callable[..., Path]) -> PhotoIndex:
    """Two photos of each of the tiny network's landmarks."""
    for color in ("red", "green", "blue"):
        for number in range(2):
            paint(tmp_path / "photos" / color / f"{number}.png", color)
    return index_folder(tmp_path / "photos").matched_to(["red", "green", "blue"])
