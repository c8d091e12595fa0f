"""The official ground truth, recognition_solution_v2.1.csv and retrieval_solution_v2.1.csv.

Read as the official code reads them: `Public` and `Private` photos are scored apart, `Ignored`
ones not at all.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Literal, TypeVar

from whereshot.errors import DatasetError

Usage = Literal["Public", "Private"]
USAGES: tuple[Usage, ...] = ("Public", "Private")

Truth = TypeVar("Truth", int, str)


@dataclass(frozen=True, slots=True)
class Solution(Generic[Truth]):
    """The truth of each photo, or query, in each split that has any."""

    truth: Mapping[Usage, Mapping[str, tuple[Truth, ...]]]
    ignored: frozenset[str]

    def usage_of(self, photo: str) -> Usage | None:
        """The split that a photo belongs to."""
        return next((usage for usage, truth in self.truth.items() if photo in truth), None)


def read_solution(path: Path) -> tuple[Solution[int] | None, Solution[str] | None]:
    """The solution of recognition, or of retrieval, whichever the header says that it is.

    Raises DatasetError for another header, and for rows that say nothing.
    """
    rows = _rows(path)
    header = next(rows)
    if header == ["id", "landmarks", "Usage"]:
        return _read(path, rows, _landmarks), None
    if header == ["id", "images", "Usage"]:
        # Also `None` and nothing are the name of one photo here, which nobody can find: the
        # official code counts it as expected. They belong to queries that are ignored.
        return None, _read(path, rows, lambda text: tuple(text.split(" ")))
    raise DatasetError(
        f"'{path}' has the columns {','.join(header)[:200] or '(none)'}, expected "
        "id,landmarks,Usage (recognition) or id,images,Usage (retrieval), as in "
        "recognition_solution_v2.1.csv."
    )


def _rows(path: Path) -> Iterator[list[str]]:
    """The rows; the header comes also where there is none."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.reader(file)
            yield next(reader, [])
            yield from filter(None, reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or f"it is no table in UTF-8 ({error})"
        raise DatasetError(f"The solution '{path}' can't be read: {reason}.") from error


def _read(
    path: Path, rows: Iterator[list[str]], parse: Callable[[str], tuple[Truth, ...]]
) -> Solution[Truth]:
    truth: dict[Usage, dict[str, tuple[Truth, ...]]] = {usage: {} for usage in USAGES}
    ignored: set[str] = set()
    for line, row in enumerate(rows, start=2):
        if len(row) != 3:
            raise _bad(path, line, f"{len(row)} fields", "3: id, truth, Usage")
        photo, text, usage = row
        if photo in ignored or any(photo in split for split in truth.values()):
            raise _bad(path, line, f"the photo {photo!r} again", "each once")
        if usage == "Ignored":
            ignored.add(photo)
        elif usage == "Public" or usage == "Private":
            try:
                truth[usage][photo] = parse(text)
            except ValueError:
                raise _bad(path, line, f"{text[:50]!r}", "numbers of landmarks") from None
        else:
            raise _bad(path, line, f"the Usage {usage[:50]!r}", "Public, Private or Ignored")
    return Solution({usage: split for usage, split in truth.items() if split}, frozenset(ignored))


def _landmarks(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split(" "))) if text else ()


def _bad(path: Path, row: int, found: str, expected: str) -> DatasetError:
    return DatasetError(f"'{path}', row {row:,}, has {found}, expected {expected}.")
