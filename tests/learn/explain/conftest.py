"""Photos and networks that explanations are tested on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from untrained import untrained_run

from whereshot.learn.subject import Subject, load_subject

Paint = Callable[..., Path]


@pytest.fixture
def painted(tmp_path: Path, paint: Paint) -> Path:
    """Ten photos, of which three show another landmark's color."""
    folder = tmp_path / "painted"
    for number in range(4):
        paint(folder / "Golden_Gate_Bridge" / f"{number}.png", "red")
    for number in range(2):
        paint(folder / "Machu_Picchu" / f"{number}.png", "green")
        paint(folder / "Machu_Picchu" / f"odd{number}.png", "red")
    paint(folder / "Niagara_Falls" / "0.png", "blue")
    paint(folder / "Niagara_Falls" / "odd.png", "green")
    return folder


@pytest.fixture
def bundle(tiny_bundle: Path) -> Subject:
    """Red is the Golden Gate Bridge, green Machu Picchu, blue Niagara Falls."""
    return load_subject(tiny_bundle)


@pytest.fixture
def run_subject(tmp_path: Path, one_thread: None) -> Subject:
    """An untrained network of the same three landmarks, with maps of 2 x 2 cells."""
    classes = ("Golden_Gate_Bridge", "Machu_Picchu", "Niagara_Falls")
    return load_subject(untrained_run(tmp_path / "run", classes, "model.size=64"))


@pytest.fixture(scope="package")
def untrained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run whose head takes all that a recipe has: powers, embedding, cosines, sub-centers."""
    return untrained_run(
        tmp_path_factory.mktemp("untrained") / "run",
        ("a", "b", "c"),
        "model.pool=gem",
        "model.embedding=8",
        "model.head=cosine",
        "model.subcenters=2",
    )


@pytest.fixture(scope="package")
def exported(untrained: Path) -> Path:
    """The same as an ONNX graph."""
    from whereshot.learn.export import export_onnx
    from whereshot.learn.run import load_run

    target = untrained.with_name("model.onnx")
    export_onnx(load_run(untrained), target)
    return target
