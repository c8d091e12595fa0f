"""The tables beside the photos: author and licence of each, and what the classes are."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from whereshot.learn.sets.disk import writing
from whereshot.learn.sets.gldv2.plan import Plan
from whereshot.learn.sets.gldv2.published import parse_photo_id
from whereshot.learn.sets.gldv2.tables import ATTRIBUTION_COLUMNS, read_rows

ATTRIBUTION_FILE = "attribution.csv"
LANDMARKS_FILE = "landmarks.csv"
LANDMARK_COLUMNS = (
    "landmark_id",
    "folder",
    "name",
    "wikidata",
    "photos",
    "category",
    "supercategory",
    "hierarchical_label",
    "natural_or_human_made",
)
_HIERARCHY_COLUMNS = ("landmark_id", "category", *LANDMARK_COLUMNS[-3:])


def write_attribution(
    plan: Plan, published: Path, folder: Path, found: NDArray[np.bool_] | None = None
) -> int:
    """Write the published rows of the wanted photos, those that were `found` (N,) if it is given.

    Each begins with the photo's path. Returns how many photos have no row.
    """
    left = np.ones(len(plan.wanted), np.bool_) if found is None else found.copy()

    def rows() -> Iterable[Sequence[str]]:
        for row in read_rows(published, ATTRIBUTION_COLUMNS):
            photo = parse_photo_id(row[0])
            place = None if photo is None else plan.wanted.place_of(photo)
            if photo is not None and place is not None and left[place]:
                left[place] = False
                yield plan.path_of(photo, int(plan.wanted.classes[place])), *row

    _write_table(folder / ATTRIBUTION_FILE, ("photo", *ATTRIBUTION_COLUMNS), rows())
    return int(left.sum())


def write_landmarks(plan: Plan, hierarchy: Path, folder: Path, found: NDArray[np.bool_]) -> None:
    """Write a row for each class: its names, its photos that were found, and what kind it is of."""
    counts = plan.wanted.subset(found).per_class(len(plan.landmarks))
    numbers = {one.landmark for one in plan.landmarks}
    kinds = {
        int(row[0]): row[2:]
        for row in read_rows(hierarchy, _HIERARCHY_COLUMNS)
        if row[0].isdigit() and int(row[0]) in numbers
    }
    rows = (
        (
            str(one.landmark),
            name,
            one.name,
            one.wikidata,
            str(count),
            one.category_url,
            *kinds.get(one.landmark, ("", "", "")),
        )
        for one, name, count in zip(plan.landmarks, plan.folders, counts, strict=True)
    )
    _write_table(folder / LANDMARKS_FILE, LANDMARK_COLUMNS, rows)


def _write_table(target: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    part = target.with_name(target.name + ".part")
    with writing(target):
        file = part.open("w", encoding="utf-8", errors="surrogateescape", newline="")
    with file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        for row in rows:
            with writing(target):
                writer.writerow(row)
        with writing(target):
            file.flush()
    with writing(target):
        part.replace(target)
