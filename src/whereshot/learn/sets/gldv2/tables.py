"""The tables of Google Landmarks v2, read as streams: the largest has 4.1 million rows."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

from whereshot.errors import DatasetError
from whereshot.learn.sets.gldv2.published import parse_photo_id

TRAIN = "train.csv"
CLEAN = "train_clean.csv"
CATEGORIES = "train_label_to_category.csv"
HIERARCHY = "train_label_to_hierarchical.csv"
ATTRIBUTION = "train_attribution.csv"

_TRAIN_COLUMNS = ("id", "url", "landmark_id")
_CLEAN_COLUMNS = ("landmark_id", "images")
ATTRIBUTION_COLUMNS = ("id", "url", "author", "license", "title")


class Category(NamedTuple):
    """A landmark as the set names it: its number and a category of Wikimedia Commons."""

    landmark: int
    url: str

    @property
    def name(self) -> str:
        """The category's name.

        >>> Category(7, "http://commons.wikimedia.org/wiki/Category:Arena,_G%C3%B6ttingen").name
        'Arena, Göttingen'
        """
        return category_name(self.url)


def category_name(url: str) -> str:
    """What a category is called: the part of its URL after `Category:`, as people write it."""
    return unquote(url.rpartition("Category:")[2]).replace("_", " ").strip()


def read_rows(path: Path, columns: Sequence[str]) -> Iterator[list[str]]:
    """Yield the rows under the header, which must be `columns`; empty lines don't count.

    Raises DatasetError for another header, and for a row with too few or too many fields, such as
    the last one of a file that was cut off.
    """
    # Bytes that are not UTF-8 come out of a copy as they went in.
    with path.open(encoding="utf-8", errors="surrogateescape", newline="") as file:
        reader = csv.reader(file)
        try:
            header = next(reader, [])
            if tuple(header) != tuple(columns):
                raise DatasetError(
                    f"'{path}' has the columns {','.join(header)[:200] or '(none)'}, expected "
                    f"{','.join(columns)}. It is another file, or of another version of the set."
                )
            for row in reader:
                if len(row) != len(columns):
                    if not row:
                        continue
                    raise _bad_row(path, reader.line_num, f"{len(row)} fields", f"{len(columns)}")
                yield row
        except csv.Error as error:
            raise DatasetError(
                f"'{path}', line {reader.line_num:,}, is no row of a table: {error}. "
                "Delete it and fetch again."
            ) from error


def read_categories(path: Path) -> Iterator[Category]:
    """Yield the landmarks of train_label_to_category.csv."""
    for number, url in read_rows(path, ("landmark_id", "category")):
        yield Category(_landmark(number, path), url)


def count_photos(path: Path, *, clean: bool) -> Counter[int]:
    """How many photos each landmark has in train_clean.csv (`clean`) or train.csv.

    Raises DatasetError for what is no landmark.
    """
    counts: Counter[str] = Counter()
    if clean:
        for landmark, photos in read_rows(path, _CLEAN_COLUMNS):
            counts[landmark] += photos.count(" ") + 1 if photos else 0
    else:
        counts.update(row[2] for row in read_rows(path, _TRAIN_COLUMNS))
    return Counter({_landmark(text, path): count for text, count in counts.items()})


def read_photos(
    path: Path, landmarks: Iterable[int], *, clean: bool
) -> Iterator[tuple[int, Sequence[int]]]:
    """Yield these landmarks with photos of theirs, from train_clean.csv (`clean`) or train.csv.

    A landmark comes once if `clean`, else once a photo. Raises DatasetError for what is no photo.
    """
    # Compared as text: of 4.1 million rows, few are worth being made numbers of.
    numbers = {str(landmark): landmark for landmark in landmarks}
    if clean:
        for text, photos in read_rows(path, _CLEAN_COLUMNS):
            if (landmark := numbers.get(text)) is not None:
                yield landmark, [_photo(photo, path) for photo in photos.split()]
    else:
        for photo, _, text in read_rows(path, _TRAIN_COLUMNS):
            if (landmark := numbers.get(text)) is not None:
                yield landmark, (_photo(photo, path),)


def _landmark(text: str, path: Path) -> int:
    if not (text.isascii() and text.isdigit()):
        raise DatasetError(
            f"'{path}' has the landmark {text[:50]!r}, expected a number. Fetch it again."
        )
    return int(text)


def _photo(text: str, path: Path) -> int:
    photo = parse_photo_id(text)
    if photo is None:
        raise DatasetError(
            f"'{path}' has the photo {text[:50]!r}, expected 16 hexadecimal digits: it is cut off "
            "or damaged. Delete it and fetch again."
        )
    return photo


def _bad_row(path: Path, line: int, found: str, expected: str) -> DatasetError:
    return DatasetError(
        f"'{path}', line {line:,}, has {found}, expected {expected}: it is cut off or damaged. "
        "Delete it and fetch again."
    )
