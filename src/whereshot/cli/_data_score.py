"""`whereshot data score`: predictions against the official ground truth of Google Landmarks v2."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from whereshot.cli._shared import print_error

if TYPE_CHECKING:
    from whereshot.learn.sets.gldv2.metrics import Guess
    from whereshot.learn.sets.gldv2.solution import Solution, Usage

Scores = dict[str, float]
"""Figures by their names in the JSON; counts are whole numbers."""

_NAMES = {
    "gap": "global average precision (GAP)",
    "gap_landmarks_only": "  photos with a landmark only",
    "top_1_accuracy": "top-1 accuracy",
    "map_100": "mean average precision (mAP@100)",
    "photos": "photos",
    "with_landmark": "  with a landmark",
    "predictions": "  with a prediction",
    "queries": "queries",
}


def score(
    predictions: Annotated[
        Path,
        typer.Argument(
            metavar="PREDICTIONS",
            help="A submission (CSV), records of `predict --json`, or the Parquet of `batch`.",
            show_default=False,
        ),
    ],
    solution: Annotated[
        Path,
        typer.Argument(
            metavar="SOLUTION",
            help="recognition_solution_v2.1.csv or retrieval_solution_v2.1.csv.",
            show_default=False,
        ),
    ],
    landmarks: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="For records: which landmark has which number. landmarks.csv of a fetched set, or "
            "train_label_to_category.csv.",
            show_default=False,
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object instead of text.")
    ] = False,
) -> None:
    """Score predictions by the official metrics of Google Landmarks v2.

    Recognition is scored by global average precision (GAP), retrieval by mean
    average precision over the first 100 photos (mAP@100), each for the public
    and the private photos, exactly as the official code does.

    A submission is a table: id,landmarks with "LANDMARK SCORE", or id,images
    with photos, best first. whereshot's own records are taken as they are: a
    photo's id is its file name, and its most probable landmark is the guess.

    [bold]Examples[/bold]

    \b
    whereshot data score submission.csv recognition_solution_v2.1.csv
    whereshot predict test --json > test.ndjson
    whereshot data score test.ndjson recognition_solution_v2.1.csv --landmarks landmarks.csv
    """  # noqa: D301 - click wants the backspace itself before lines that it must not wrap
    from whereshot.learn.sets.gldv2.predictions import is_submission, read_guesses, read_retrieved
    from whereshot.learn.sets.gldv2.solution import read_solution

    recognition, retrieval = read_solution(solution)
    submitted = is_submission(predictions)
    if recognition is not None:
        guesses = (
            read_guesses(predictions, recognition)
            if submitted
            else _read_records(predictions, recognition, landmarks)
        )
        scores = {usage: _recognized(guesses, recognition, usage) for usage in recognition.truth}
    elif retrieval is not None and submitted:
        found = read_retrieved(predictions, retrieval)
        scores = {usage: _retrieved(found, retrieval, usage) for usage in retrieval.truth}
    else:
        from whereshot.errors import DatasetError

        raise DatasetError(
            f"'{predictions}' says which landmark each photo shows, and '{solution}' asks which "
            "photos show the same. Give the solution of recognition, or a submission id,images."
        )
    if as_json:
        import json

        record = {usage.lower(): figures for usage, figures in scores.items()}
        sys.stdout.write(json.dumps(record, indent=2) + "\n")
    else:
        _print(scores)


def _read_records(path: Path, solution: Solution[int], landmarks: Path | None) -> dict[str, Guess]:
    from whereshot.gazetteer import load_gazetteer
    from whereshot.learn.sets.gldv2.numbers import read_numbers
    from whereshot.learn.sets.gldv2.predictions import NOT_IN_SET, read_records

    if landmarks is None:
        raise typer.BadParameter(
            "records name landmarks, the solution has numbers: give landmarks.csv of the set",
            param_hint="--landmarks",
        )
    guesses = read_records(path, solution, read_numbers(landmarks, load_gazetteer()))
    if strange := sum(guess.landmark == NOT_IN_SET for guess in guesses.values()):
        print_error(
            f"Note: {strange:,} of {len(guesses):,} guesses name a landmark that '{landmarks}' "
            "does not have; they count as wrong."
        )
    return guesses


def _recognized(guesses: dict[str, Guess], solution: Solution[int], usage: Usage) -> Scores:
    from whereshot.learn.sets.gldv2.metrics import global_average_precision, top_1_accuracy

    truth = solution.truth[usage]
    of_split = {photo: guess for photo, guess in guesses.items() if photo in truth}
    return {
        "gap": global_average_precision(of_split, truth),
        "gap_landmarks_only": global_average_precision(of_split, truth, landmarks_only=True),
        "top_1_accuracy": top_1_accuracy(of_split, truth),
        "photos": len(truth),
        "with_landmark": sum(map(bool, truth.values())),
        "predictions": len(of_split),
    }


def _retrieved(found: dict[str, tuple[str, ...]], solution: Solution[str], usage: Usage) -> Scores:
    from whereshot.learn.sets.gldv2.metrics import mean_average_precision

    truth = solution.truth[usage]
    of_split = {query: photos for query, photos in found.items() if query in truth}
    return {
        "map_100": mean_average_precision(of_split, truth),
        "queries": len(truth),
        "predictions": len(of_split),
    }


def _print(scores: Mapping[str, Scores]) -> None:
    width = max(map(len, _NAMES.values()))
    sys.stdout.write(" " * width + "".join(f"{usage.lower():>10}" for usage in scores) + "\n")
    for name in next(iter(scores.values()), {}):
        cells = (figures[name] for figures in scores.values())
        line = "".join(f"{one:>10,}" if isinstance(one, int) else f"{one:>10.4f}" for one in cells)
        sys.stdout.write(f"{_NAMES[name]:<{width}}{line}\n")
