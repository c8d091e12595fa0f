"""An exported network asked once more about the photos that its run was asked about."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from made_photos import data_set
from untrained import untrained_run

from whereshot.learn.evaluate import answer, measure
from whereshot.learn.export import export_torchscript, load_torchscript
from whereshot.learn.retest import retest
from whereshot.learn.run import load_run
from whereshot.learn.subject import load_subject

CLASSES = ("Eiffel_Tower", "Machu_Picchu", "Petra")


@pytest.mark.usefixtures("one_thread")
def test_the_exported_network_gives_the_run_s_answers_and_is_measured_like_it(
    tmp_path: Path,
) -> None:
    run = untrained_run(tmp_path / "run", CLASSES, temperature=2.0)
    photos = data_set(tmp_path / "photos", dict.fromkeys(CLASSES, 2))
    answered = answer(load_subject(run), photos)
    export_torchscript(load_run(run), tmp_path / "net.pt")
    predictor = load_torchscript(tmp_path / "net.pt")
    seen: list[tuple[str, int, int]] = []

    again = retest(predictor, answered, report=lambda *step: seen.append(step))

    assert again.answers.logits is not answered.answers.logits
    np.testing.assert_allclose(again.answers.logits, answered.answers.logits, atol=1e-4)
    assert again.answers.paths == answered.answers.paths
    assert seen[-1] == ("retest", 6, 6)
    assert measure(again).accuracy == measure(answered).accuracy


@pytest.mark.usefixtures("one_thread")
def test_a_predictor_of_other_classes_is_refused(tmp_path: Path) -> None:
    run = untrained_run(tmp_path / "run", CLASSES)
    photos = data_set(tmp_path / "photos", dict.fromkeys(CLASSES, 1))
    answered = answer(load_subject(run), photos)

    class Stranger:
        class_names = ("Petra", "Machu_Picchu", "Eiffel_Tower")

    with pytest.raises(ValueError, match=r"expected a predictor of run.*in their order"):
        retest(Stranger(), answered)
    with pytest.raises(ValueError, match="got one with 0 classes"):
        retest(type("Empty", (), {"class_names": ()})(), dataclasses.replace(answered))
