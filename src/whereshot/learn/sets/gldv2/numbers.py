"""From the landmarks of a bundle to the numbers of the set."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from pathlib import Path

from whereshot.errors import DatasetError
from whereshot.gazetteer import Gazetteer
from whereshot.gazetteer.names import key
from whereshot.learn.sets.gldv2.choice import places_by_key
from whereshot.learn.sets.gldv2.tables import category_name


def read_numbers(path: Path, gazetteer: Gazetteer) -> Callable[[str, str], int | None]:
    """A function from a landmark's id and name to its number in the set, None for one not in it.

    `path` is the landmarks.csv of a fetched set, or train_label_to_category.csv. A landmark has the
    number if its id or name is a spelling of the folder, name or category there, or if the
    gazetteer says so. Raises DatasetError for another table.
    """
    numbers: dict[str, int] = {}
    several: set[str] = set()
    for number, spellings in _spellings(path, gazetteer):
        for name in spellings:
            if numbers.setdefault(name, number) != number:
                several.add(name)
    for name in several:  # either landmark would be a guess
        del numbers[name]

    def number_of(identity: str, name: str) -> int | None:
        return next((numbers[one] for one in map(key, (identity, name)) if one in numbers), None)

    return number_of


def _spellings(path: Path, gazetteer: Gazetteer) -> Iterator[tuple[int, set[str]]]:
    places = places_by_key(gazetteer)
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            if not {"landmark_id", "category"} <= set(reader.fieldnames or ()):
                raise DatasetError(
                    f"'{path}' has no columns landmark_id and category. Expected landmarks.csv of "
                    "a fetched set, or train_label_to_category.csv."
                )
            for row in reader:
                names = {category_name(row["category"] or "")}
                names |= {row.get("folder") or "", row.get("name") or ""}
                keys = {key(name) for name in names} - {""}
                keys |= {key(places[one].id) for one in keys if one in places}
                yield int(row["landmark_id"]), keys
    except (OSError, ValueError, csv.Error) as error:
        if isinstance(error, DatasetError):
            raise
        reason = getattr(error, "strerror", None) or str(error)
        raise DatasetError(f"The landmarks '{path}' can't be read: {reason}.") from error
