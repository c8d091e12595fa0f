"""Charts of counts and of training, read back from what matplotlib was told to draw."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from made_photos import data_set
from untrained import untrained_run

from whereshot.errors import RunError
from whereshot.learn.dataset import index_folder
from whereshot.learn.show import show_counts, show_curves


def write_history(folder: Path, losses: list[float]) -> None:
    rows = [
        {"epoch": epoch, "loss": loss, "validation_top1": 0.1 * epoch, "size": 32.0}
        for epoch, loss in enumerate(losses)
    ]
    (folder / "history.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def test_each_landmark_has_a_bar_for_each_part(tmp_path: Path) -> None:
    data_set(tmp_path, {"train/16.Eiffel_Tower": 3, "train/Petra": 1, "test/Petra": 2})
    train, test = (index_folder(tmp_path, part) for part in ("train", "test"))

    (axis,) = show_counts({"train": train, "test": test}).axes

    # From the bottom up: the most frequent landmark of the first part is on top.
    assert [label.get_text() for label in axis.get_yticklabels()] == ["Petra", "Eiffel Tower"]
    widths = [[bar.get_width() for bar in container] for container in axis.containers]
    assert widths == [[1, 3], [2, 0]]
    assert [bar.get_x() for bar in axis.containers[1]] == [1, 3]


def test_curves_are_those_of_the_history(tmp_path: Path) -> None:
    run = untrained_run(tmp_path / "run", ["a", "b"])
    write_history(run, [2.0, 1.5, 1.25])

    loss, accuracy, size = show_curves(run).axes

    training = loss.lines[0]
    assert list(training.get_xdata()) == [1, 2, 3]
    assert list(training.get_ydata()) == [2.0, 1.5, 1.25]
    assert list(accuracy.lines[0].get_ydata()) == pytest.approx([0.0, 0.1, 0.2])
    assert list(size.lines[0].get_ydata()) == [32, 32, 32]


def test_curves_of_several_runs_are_told_apart_by_name(tmp_path: Path) -> None:
    runs = [untrained_run(tmp_path / name, ["a", "b"]) for name in ("first", "other")]
    for run in runs:
        write_history(run, [2.0, 1.0])

    loss = show_curves(*runs).axes[0]

    names = [text.get_text() for text in loss.get_legend().get_texts()]
    assert names == [
        "first, training", "first, held out", "other, training", "other, held out"
    ]  # fmt: skip
    assert loss.lines[0].get_color() != loss.lines[2].get_color()


def test_curves_of_what_is_no_run_or_has_not_begun_are_errors(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="not a training run"):
        show_curves(tmp_path)
    run = untrained_run(tmp_path / "run", ["a", "b"])
    with pytest.raises(RunError, match="no epochs to show"):
        show_curves(run)


def test_a_figure_is_not_shown_twice(tmp_path: Path) -> None:
    import matplotlib.pyplot as plt

    run = untrained_run(tmp_path / "run", ["a", "b"])
    write_history(run, [2.0, 1.0])
    show_curves(run)

    assert not plt.get_fignums()  # what a notebook would show at the end of a cell, once more
