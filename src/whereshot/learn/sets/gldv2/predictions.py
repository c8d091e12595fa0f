"""Predictions to score: a submission in the official format, or what whereshot says of photos.

A submission is a CSV table with a header: `id,landmarks` with a landmark and a score (`47378 0.9`),
or `id,images` with photos, best first. whereshot's own are the records of `predict --json`, a line
each, or of `batch`, in Parquet: a photo's id is its file name without suffix, the guess is the most
probable landmark whatever the verdict, for its probability ranks it.
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar, cast

from whereshot.errors import DatasetError, MissingExtraError
from whereshot.learn.sets.gldv2.metrics import Guess
from whereshot.learn.sets.gldv2.solution import Solution, Truth

NumberOf = Callable[[str, str], int | None]
"""The number in the set of a landmark with this id and name; None for one that it does not have."""

NOT_IN_SET = -1
"""The landmark of a guess that no truth can have: it is wrong, and takes its rank."""

_Prediction = TypeVar("_Prediction")
_TOLD = 3


def is_submission(path: Path) -> bool:
    """Whether this is a table in the official format, rather than records of whereshot."""
    if path.is_dir() or path.suffix.lower() == ".parquet":
        return False
    try:
        with path.open("rb") as file:
            return not file.read(1024).lstrip().startswith(b"{")
    except OSError as error:
        raise _unreadable(path, error) from error


def read_guesses(path: Path, solution: Solution[int]) -> dict[str, Guess]:
    """The guesses of a submission for recognition, without those for ignored photos.

    Raises DatasetError for what is no guess, for photos that come twice, and for guesses about
    photos that the solution does not have.
    """
    return _checked(path, solution, _submitted(path, solution, _parse_guess))


def read_retrieved(path: Path, solution: Solution[str]) -> dict[str, tuple[str, ...]]:
    """The photos of a submission for retrieval, without those for ignored queries.

    Raises DatasetError like `read_guesses`.
    """
    return _checked(path, solution, _submitted(path, solution, _parse_photos))


def read_records(path: Path, solution: Solution[int], number_of: NumberOf) -> dict[str, Guess]:
    """The guesses in whereshot's records; a photo that could not be read has none.

    Raises DatasetError for what are no records, for photos that come twice, and for photos that
    the solution does not have.
    """
    rows = _parquet(path) if path.is_dir() or path.suffix.lower() == ".parquet" else _json(path)
    return _checked(path, solution, _recorded(path, rows, number_of))


def _checked(
    path: Path, solution: Solution[Truth], found: Iterable[tuple[str, _Prediction | None]]
) -> dict[str, _Prediction]:
    predictions: dict[str, _Prediction] = {}
    seen: set[str] = set()
    unknown: list[str] = []
    for photo, prediction in found:
        if photo in seen:
            raise DatasetError(
                f"'{path}' has two predictions for the photo {photo!r}, expected one. "
                "Remove one of them."
            )
        seen.add(photo)
        if prediction is None or photo in solution.ignored:
            continue
        if solution.usage_of(photo) is None:
            unknown.append(photo)
        else:
            predictions[photo] = prediction
    if unknown:
        told = ", ".join(map(repr, unknown[:_TOLD])) + (", ..." if len(unknown) > _TOLD else "")
        raise DatasetError(
            f"'{path}' has predictions for {len(unknown):,} photos that the solution does not have "
            f"({told}). Expected the ids of its own photos: is it the solution of another set?"
        )
    return predictions


def _submitted(
    path: Path,
    solution: Solution[Truth],
    parse: Callable[[Path, int, str], _Prediction],
) -> Iterator[tuple[str, _Prediction | None]]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.reader(file)
            header = next(reader, [])
            if len(header) != 2 or header[0].strip().lower() != "id":
                raise DatasetError(
                    f"'{path}' has the columns {','.join(header)[:200] or '(none)'}, expected "
                    "id,landmarks (recognition) or id,images (retrieval)."
                )
            for row in reader:
                if not row:
                    continue
                if len(row) != 2:
                    raise _bad(path, reader.line_num, f"{len(row)} fields", "2")
                # What is said of an ignored photo may be anything.
                empty = not row[1] or row[0] in solution.ignored
                yield row[0], None if empty else parse(path, reader.line_num, row[1])
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise _unreadable(path, error) from error


def _parse_guess(path: Path, line: int, text: str) -> Guess:
    parts = text.removesuffix(" ").split(" ")
    try:
        landmark, score = int(parts[0]), float(parts[1])
        if len(parts) != 2 or math.isnan(score):
            raise ValueError
    except (ValueError, IndexError):
        raise _bad(
            path, line, f"{text[:50]!r}", "a landmark and a score, as in '47378 0.9'"
        ) from None
    return Guess(landmark, score)


def _parse_photos(path: Path, line: int, text: str) -> tuple[str, ...]:
    del path, line  # any name may be one of a photo
    return tuple(text.removesuffix(" ").split(" "))


def _recorded(
    path: Path, rows: Iterable[Any], number_of: NumberOf
) -> Iterator[tuple[str, Guess | None]]:
    for number, row in enumerate(rows, start=1):
        try:
            photo = PurePosixPath(row["photo"].replace("\\", "/")).stem
            if row.get("error") is not None:
                yield photo, None
                continue
            best = next(iter(row["predictions"]), None)
            guess = None
            if best is not None:
                landmark = number_of(str(best["id"]), str(best["name"]))
                score = float(best["probability"])
                guess = Guess(NOT_IN_SET if landmark is None else landmark, score)
        except (LookupError, TypeError, ValueError, AttributeError):
            raise _bad(path, number, "another record", "those of predict --json or batch") from None
        yield photo, guess


def _json(path: Path) -> Iterator[Any]:
    try:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, start=1):
                if line.strip():
                    try:
                        yield json.loads(line)
                    except ValueError:
                        raise _bad(path, number, f"{line[:50]!r}", "a JSON object") from None
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(path, error) from error


def _parquet(path: Path) -> Iterator[Any]:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise MissingExtraError(
            f"'{path}' is Parquet, which needs pyarrow. Install it: pip install 'whereshot[scale]'"
        ) from error
    files = sorted(path.glob("*.parquet")) if path.is_dir() else [path]
    if not files:
        raise DatasetError(f"'{path}' has no Parquet files. Expected the output of batch.")
    for file in files:
        try:
            with pq.ParquetFile(file) as table:
                wanted = ["photo", "predictions", "error"]
                for batch in cast(Any, table).iter_batches(columns=wanted):
                    yield from batch.to_pylist()
        except (OSError, pa.ArrowInvalid) as error:
            raise _unreadable(file, error) from error


def _bad(path: Path, line: int, found: str, expected: str) -> DatasetError:
    return DatasetError(f"'{path}', line {line:,}, has {found}, expected {expected}.")


def _unreadable(path: Path, error: Exception) -> DatasetError:
    reason = getattr(error, "strerror", None) or str(error)
    return DatasetError(f"The predictions '{path}' can't be read: {reason}.")
