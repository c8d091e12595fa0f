"""An evaluation of painted photos whose answers are known."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from whereshot.learn.evaluate import Answered, answer, measure
from whereshot.learn.evaluation import Evaluation
from whereshot.learn.subject import load_subject


@pytest.fixture
def answered(tiny_bundle: Path, tmp_path: Path, paint: Callable[..., Path]) -> Answered:
    """The Golden Gate Bridge is red and Machu Picchu green; two of six are not."""
    folder = tmp_path / "painted"
    for number, color in enumerate(("red", "red", "blue")):
        paint(folder / "Golden_Gate_Bridge" / f"{number}.png", color)
    for number, color in enumerate(("green", "green", "red")):
        paint(folder / "Machu_Picchu" / f"{number}.png", color)
    paint(tmp_path / "none" / "grey.png", "grey")
    return answer(load_subject(tiny_bundle), folder, unknown=tmp_path / "none")


@pytest.fixture
def evaluation(answered: Answered) -> Evaluation:
    return measure(answered, resamples=50)
