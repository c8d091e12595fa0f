"""Charts of answers, read back from what matplotlib was told to draw."""

from __future__ import annotations

import numpy as np
from study_rows import row

from whereshot.learn.compare.records import RunRow, Score
from whereshot.learn.evaluation import Evaluation
from whereshot.learn.intervals import Estimate
from whereshot.learn.show import show_confidence, show_confusion, show_trade_off
from whereshot.learn.study.records import Choice, Study


def study(*rows, choice: Choice | None = None) -> Study:
    return Study(tuple(rows), ("fast",), choice, "photos", 100, 3, False, "a CPU", {})


def test_confusion_has_a_row_for_what_was_tested_and_a_column_for_what_was_answered(
    evaluation: Evaluation,
) -> None:
    (axis,) = show_confusion(evaluation).axes

    shown = [label.get_text() for label in axis.get_yticklabels()]
    answers = [label.get_text() for label in axis.get_xticklabels()]
    assert shown == ["Golden Gate Bridge", "Machu Picchu"]
    assert answers == ["Golden Gate Bridge", "Machu Picchu", "Niagara Falls"]
    colors = np.asarray(axis.images[0].get_array())  # (rows, columns, RGB)
    assert colors.shape == (2, 3, 3)
    assert np.allclose(colors[0, 1], 1)  # nobody took the bridge for the ruins: white
    assert colors[0, 0, 2] > colors[0, 0, 0]  # right: blue
    assert colors[0, 2, 0] > colors[0, 2, 2]  # wrong: red
    assert colors[1, 0, 0] > colors[1, 0, 2]


def test_confidence_tells_right_wrong_and_none_apart(evaluation: Evaluation) -> None:
    sure, honest = show_confidence(evaluation).axes

    names = [text.get_text() for text in sure.get_legend().get_texts()]
    assert names == ["right: 4 photos", "wrong: 2 photos", "without a landmark: 1 photos"]
    for patch in sure.patches:
        assert sum(patch.get_data().values) == 1.0
    error = f"after: error {evaluation.calibrated.ece.value:.3f}"
    assert error in [text.get_text() for text in honest.get_legend().get_texts()]


def test_a_trade_off_of_a_study_rings_the_choice_and_leaves_out_what_was_not_measured() -> None:
    found = study(
        row("fast", 0.8, 5.0),
        row("slow", 0.9, 20.0, mode="partial"),
        row("broken", None, None),
        choice=Choice("fast", "slow", 0.01, "why"),
    )

    (axis,) = show_trade_off(found).axes

    dots = [
        (line.get_xdata()[0], line.get_ydata()[0]) for line in axis.lines if line.get_ls() == "None"
    ]
    assert dots == [(5.0, 80.0), (5.0, 80.0), (20.0, 90.0)]  # the first with its ring
    assert [text.get_text() for text in axis.get_legend().get_texts()] == ["full", "partial"]


def test_a_trade_off_of_runs_takes_the_test_photos_where_it_can() -> None:
    held_out, tested = Estimate(0.9, 0.8, 1.0), Estimate(0.7, 0.6, 0.8)
    score = Score("photos", "f", 10, tested, tested, tested)
    rows = [
        RunRow("a", "runs/a", "finished", validation=held_out, test=score, cpu_milliseconds=3.0),
        RunRow("b", "runs/b", "finished", validation=held_out, cpu_milliseconds=4.0),
    ]

    (axis,) = show_trade_off(rows).axes

    assert [line.get_ydata()[0] for line in axis.lines if line.get_ls() == "None"] == [70.0, 90.0]
