"""Tables hold what was computed, and nothing else."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
from study_rows import row
from untrained import untrained_run

from whereshot.errors import RunError
from whereshot.learn import architectures
from whereshot.learn.compare.columns import share
from whereshot.learn.compare.records import Comparison, Pair, RunRow, Score
from whereshot.learn.evaluation import Evaluation
from whereshot.learn.intervals import Estimate
from whereshot.learn.show import (
    Table,
    accuracy_table,
    comparison_table,
    confused_table,
    pairs_table,
    read_study,
    study_table,
    training_table,
    worst_table,
)
from whereshot.learn.study.records import Choice, Study

ESTIMATE = Estimate(0.7, 0.6, 0.8)


def cells(table: Table) -> dict[str, tuple[str, ...]]:
    return {first: rest for first, *rest in map(tuple, table.rows)}  # type: ignore[misc]


def test_accuracy_has_a_column_for_each_evaluation(evaluation: Evaluation) -> None:
    table = accuracy_table({"one": evaluation, "again": evaluation})

    assert table.head == ("", "one", "again")
    assert cells(table)["photos"] == ["6", "6"]
    assert cells(table)["top-1"] == [share(evaluation.accuracy.top1)] * 2
    assert cells(table)["top-1"][0].startswith("66.7 %")
    assert evaluation.open_set is not None
    auroc = f"{evaluation.open_set.certainty.auroc:.3f}"
    assert cells(table)["AUROC, landmark or none"] == [auroc, auroc]


def test_auroc_has_no_row_where_nobody_asked_about_other_photos(evaluation: Evaluation) -> None:
    alone = dataclasses.replace(evaluation, open_set=None)
    assert "AUROC, landmark or none" not in cells(accuracy_table({"one": alone}))
    both = cells(accuracy_table({"one": alone, "two": evaluation}))
    assert both["AUROC, landmark or none"][0] == "-"


def test_the_worst_and_the_confused_name_both_landmarks(evaluation: Evaluation) -> None:
    assert worst_table(evaluation).rows == (
        ("Golden Gate Bridge", "3", "67 %", "Niagara Falls"),
        ("Machu Picchu", "3", "67 %", "Golden Gate Bridge"),
    )
    assert confused_table(evaluation, 1).rows == (
        ("Golden Gate Bridge", "Niagara Falls", "1 of 3"),
    )


def test_training_is_told_by_the_run_s_own_files(tmp_path: Path) -> None:
    run = untrained_run(tmp_path / "run", ["a", "b"])
    meta = json.loads((run / "meta.json").read_text())
    meta["data"] = {"training_photos": 4782, "validation_photos": 100}
    meta["results"] = {"best_epoch": 8, "train_seconds": 90.0, "validation_top1": 0.9}
    (run / "meta.json").write_text(json.dumps(meta))

    found = cells(training_table(run))

    assert found["photos to train on"] == ["4,782"]
    assert found["epoch that was kept"] == ["9"]  # people count from 1
    assert found["minutes"] == ["1.5"]
    assert found["top-1, held out"][0].startswith("90.0 % (")


def test_an_unknown_figure_is_a_dash(tmp_path: Path) -> None:
    run = untrained_run(tmp_path / "run", ["a", "b"])
    assert cells(training_table(run))["minutes"] == ["-"]


def test_a_comparison_has_a_column_for_each_run_and_a_row_for_each_pair() -> None:
    score = Score("photos", "f", 10, ESTIMATE, ESTIMATE, ESTIMATE)
    runs = (
        RunRow("a", "runs/a", "finished", test=score, parameters=1_500_000, gflops=0.5),
        RunRow("b", "runs/b", "finished", test=score, cpu_milliseconds=3.25),
    )
    gain = Estimate(0.1, -0.02, 0.2)
    found = Comparison(runs, (Pair("a", "b", 10, gain, gain, 1, 2, 1.0),), {}, "photos", "f")

    table = cells(comparison_table(found))

    assert comparison_table(found).head == ("", "a", "b")
    assert table["test top-1"] == ["70.0 % (60.0-80.0)"] * 2
    assert table["parameters"] == ["1.50 M", "-"]
    assert pairs_table(found).rows == (
        ("b", "+10.0 (-2.0 to +20.0)", "+10.0 (-2.0 to +20.0)", "2 : 1", "1"),
    )


@pytest.mark.slow
def test_every_architecture_of_our_own_is_in_the_table() -> None:
    from whereshot.learn.show import architecture_table

    table = architecture_table(32, classes=3)

    assert set(architectures.names()) <= {each[0] for each in table.rows}
    assert table.head[-1] == "GFLOPs at 32 px"


def test_a_study_is_read_as_it_was_written(tmp_path: Path) -> None:
    score = Score("photos", "f", 10, ESTIMATE, ESTIMATE, ESTIMATE)
    rows = (row("fast", 0.8, 5.0, test=score, train_seconds=60.0), row("broken", None, None))
    choice = Choice("fast", "fast", 0.01, "because")
    study = Study(rows, ("fast",), choice, "photos", 100, 3, False, "a CPU", {"name": "x"}, "study")
    (tmp_path / "study.json").write_text(json.dumps(study.to_dict()))

    found = read_study(tmp_path)

    assert found == study
    assert [each[0] for each in study_table(found).rows] == [
        "fast at 32 px *", "broken at 32 px"
    ]  # fmt: skip
    assert study_table(found).rows[0][1:] == ("80.0 % (75.0-85.0)", "5.0", "-", "1.0")


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"rows": [{}], "front": [], "choice": null}'])
def test_a_damaged_study_is_an_error_that_names_the_file(tmp_path: Path, text: str) -> None:
    (tmp_path / "study.json").write_text(text)
    with pytest.raises(RunError, match=r"study\.json"):
        read_study(tmp_path)


def test_a_study_that_is_not_there_is_an_error_with_the_command(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="whereshot study"):
        read_study(tmp_path)
