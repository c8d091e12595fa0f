from __future__ import annotations

import json

import pytest

from whereshot.cli import main

A, B, C, D, E = (f"{number}123456789abcdef" for number in range(5))
RECOGNITION = f"id,landmarks,Usage\n{A},0 12,Public\n{B},,Public\n{C},7,Private\n{D},1,Ignored\n"
RETRIEVAL = f"id,images,Usage\n{A},x y,Public\n{B},None,Ignored\n{C},z,Private\n{D},w,Private\n"
LANDMARKS = (
    "landmark_id,folder,name,category\n"
    "12,12.Eiffel_Tower,Eiffel Tower,http://commons.wikimedia.org/wiki/Category:Eiffel_Tower\n"
    "7,7.Pont_du_Gard,Pont du Gard,http://commons.wikimedia.org/wiki/Category:Pont_du_Gard\n"
)


@pytest.fixture
def score(tmp_path, capsys):
    """Score predictions against a solution: the figures, or the error of a run that fails."""

    def score(predictions, solution=RECOGNITION, *options, name="predictions.csv"):
        source, truth = tmp_path / name, tmp_path / "solution.csv"
        if predictions is not None:
            source.write_text(predictions, encoding="utf-8")
        truth.write_text(solution, encoding="utf-8")
        status = main(["data", "score", str(source), str(truth), "--json", *options])
        out, err = capsys.readouterr()
        return json.loads(out) if status == 0 else err

    return score


def record(photo, *guesses, verdict="landmark"):
    predictions = [
        {"id": name.lower().replace(" ", "_"), "name": name, "probability": probability}
        for name, probability in guesses
    ]
    return json.dumps({"photo": photo, "verdict": verdict, "predictions": predictions}) + "\n"


def test_a_submission_for_recognition_is_scored_in_both_splits(score):
    figures = score(f"id,landmarks\n{B},5 0.9\n{A},12 0.5 \n{D},nonsense\n\n{C},\n")
    assert figures["public"] == {
        "gap": 0.5,
        "gap_landmarks_only": 1.0,
        "top_1_accuracy": 1.0,
        "photos": 2,
        "with_landmark": 1,
        "predictions": 2,
    }
    assert figures["private"]["gap"] == 0
    assert figures["private"]["predictions"] == 0


def test_a_submission_for_retrieval_is_scored_in_both_splits(score):
    figures = score(f"id,images\n{A},q y x \n{C},z\n{B},anything\n", RETRIEVAL)
    assert figures["public"]["map_100"] == pytest.approx((1 / 2 + 2 / 3) / 2)
    assert figures["private"] == {"map_100": 0.5, "queries": 2, "predictions": 1}


def test_text_has_a_column_for_each_split(tmp_path, capsys):
    (tmp_path / "p.csv").write_text(f"id,landmarks\n{A},12 0.5\n{C},8 1\n")
    (tmp_path / "s.csv").write_text(RECOGNITION)
    assert main(["data", "score", str(tmp_path / "p.csv"), str(tmp_path / "s.csv")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["public", "private"]
    assert lines[1].split() == ["global", "average", "precision", "(GAP)", "1.0000", "0.0000"]
    assert lines[-1].split()[-2:] == ["1", "1"]


def test_a_split_that_the_solution_does_not_have_is_left_out(score):
    assert list(
        score(f"id,landmarks\n{A},12 0.5\n", RECOGNITION.replace("Private", "Ignored"))
    ) == ["public"]


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "landmarks.csv"
    path.write_text(LANDMARKS)
    return ["--landmarks", str(path)]


def test_records_of_predict_are_predictions(score, table):
    lines = (
        record(f"deep/{A}.jpg", ("Eiffel Tower", 0.6), ("Pont du Gard", 0.2))
        + record(f"C:\\photos\\{B}.jpg", ("Pont du Gard", 0.1), verdict="unknown")
        + json.dumps({"photo": f"{C}.jpg", "error": {"type": "DamagedPhotoError", "message": ""}})
        + "\n\n"
    )
    figures = score(lines, RECOGNITION, *table, name="p.ndjson")
    assert figures["public"]["gap"] == 1
    assert figures["public"]["predictions"] == 2
    assert figures["private"]["predictions"] == 0


def test_a_landmark_that_the_set_does_not_have_is_a_wrong_guess(tmp_path, capsys, table):
    source, truth = tmp_path / "p.ndjson", tmp_path / "s.csv"
    source.write_text(
        record(f"{B}.jpg", ("Big Ben", 0.9)) + record(f"{A}.jpg", ("Eiffel Tower", 0.5))
    )
    truth.write_text(RECOGNITION)
    assert main(["data", "score", str(source), str(truth), "--json", *table]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["public"]["gap"] == 0.5
    assert "1 of 2 guesses name a landmark" in err


def test_the_parquet_of_batch_is_predictions(score, table, tmp_path):
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    rows = [
        {
            "photo": f"{A}.jpg",
            "predictions": [{"id": "eiffel_tower", "name": "Eiffel Tower", "probability": 0.5}],
            "error": None,
        },
        {"photo": f"{B}.jpg", "predictions": None, "error": {"type": "x", "message": "y"}},
    ]
    (tmp_path / "out").mkdir()
    parquet.write_table(pa.Table.from_pylist(rows), tmp_path / "out/block-0000000.parquet")
    assert score(None, RECOGNITION, *table, name="out")["public"]["gap"] == 1
    (tmp_path / "out/block-0000000.parquet").write_bytes(b"PAR1 no")
    assert "can't be read" in score(None, RECOGNITION, *table, name="out")
    (tmp_path / "out/block-0000000.parquet").unlink()
    assert "has no Parquet files" in score(None, RECOGNITION, *table, name="out")


@pytest.mark.parametrize(
    ("predictions", "message"),
    [
        ("", "has the columns (none), expected id,landmarks"),
        ("photo,landmark,score\n", "has the columns photo,landmark,score, expected id,landmarks"),
        (f"id,landmarks\n{A},12 0.5\n{A},12 0.5\n", f"two predictions for the photo '{A}'"),
        (
            f"id,landmarks\n{E},12 0.5\nz,1 1\n",
            f"for 2 photos that the solution does not have ('{E}'",
        ),
        (f"id,landmarks\n{A},12\n", "line 2, has '12', expected a landmark and a score"),
        (f"id,landmarks\n{A},12 0.5 3\n", "has '12 0.5 3', expected a landmark and a score"),
        (f"id,landmarks\n{A},twelve 0.5\n", "has 'twelve 0.5', expected a landmark and a score"),
        (f"id,landmarks\n{A},12 nan\n", "has '12 nan', expected a landmark and a score"),
        (f"id,landmarks\n{A}\n", "line 2, has 1 fields, expected 2"),
        ("{broken\n", "line 1, has '{broken"),
        ('{"photo": 5}\n', "has another record, expected those of predict --json"),
        ('{"photo": "a.jpg", "predictions": [{"id": "x"}]}\n', "has another record"),
    ],
)
def test_what_is_no_prediction_is_told(score, table, predictions, message):
    assert message in score(predictions, RECOGNITION, *table)


@pytest.mark.parametrize(
    ("solution", "message"),
    [
        ("", "has the columns (none), expected id,landmarks,Usage"),
        ("id,landmark,Usage\n", "has the columns id,landmark,Usage, expected"),
        (f"id,landmarks,Usage\n{A},1,Secret\n", "row 2, has the Usage 'Secret', expected Public"),
        (f"id,landmarks,Usage\n{A},1\n", "row 2, has 2 fields"),
        (f"id,landmarks,Usage\n{A},1  2,Public\n", "has '1  2', expected numbers"),
        (f"id,landmarks,Usage\n{A},1,Public\n{A},,Ignored\n", "again, expected each once"),
        (f"id,landmarks,Usage\n{A},,Public\n", "None of the 1 photos"),
    ],
)
def test_what_is_no_solution_is_told(score, solution, message):
    assert message in score(f"id,landmarks\n{A},12 0.5\n", solution)


def test_files_that_are_not_there_are_told(score, tmp_path, capsys):
    assert "can't be read: No such file" in score(None)
    command = ["data", "score", str(tmp_path / "predictions.csv"), str(tmp_path / "none.csv")]
    assert main(command) == 1
    assert "solution" in capsys.readouterr().err


def test_records_need_the_numbers_of_the_set_and_can_not_answer_retrieval(score, table):
    line = record(f"{A}.jpg", ("Eiffel Tower", 0.6))
    assert "give landmarks.csv" in score(line, RECOGNITION).replace("\n", " ").replace("│ │", "")
    assert "Give the solution of recognition" in score(line, RETRIEVAL)
    options = ["--landmarks", table[1].replace("landmarks.csv", "solution.csv")]
    assert "has no columns landmark_id and category" in score(line, RECOGNITION, *options)
