"""Rows of Parquet files and Lance data sets, whatever part of them is read."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import lance
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from whereshot.errors import BatchError
from whereshot.scale.batch.columns import Item, find_columns
from whereshot.scale.batch.inputs import Inputs
from whereshot.scale.batch.sources import Source

PATHS = [f"photos/{number}.jpg" for number in range(23)]
BYTES = [f"content {number}".encode() for number in range(23)]
TABLES = {
    "paths": pa.table({"path": PATHS, "width": [1] * 23}),
    "bytes": pa.table({"image": BYTES, "id": list(range(23))}),
    "nameless bytes": pa.table({"image": pa.array(BYTES, pa.large_binary())}),
    "hugging face": pa.table(
        {"image": [{"bytes": b, "path": p} for b, p in zip(BYTES, PATHS, strict=True)]}
    ),
}


def expected(kind: str, where: str) -> list[Item]:
    """What the rows of these tables are."""
    if kind == "paths":
        return [Item(path) for path in PATHS]
    names = {
        "bytes": [str(number) for number in range(23)],
        "nameless bytes": [f"{where}#{number}" for number in range(23)],
        "hugging face": PATHS,
    }[kind]
    return [Item(name, data) for name, data in zip(names, BYTES, strict=True)]


def check_every_part(source: Source, items: list[Item]) -> None:
    again = pickle.loads(pickle.dumps(source))  # as it reaches another process
    assert len(again) == len(items)
    for start in range(0, len(items), 3):
        for stop in range(start, len(items) + 1, 2):
            assert list(again.read(start, stop)) == items[start:stop], (start, stop)


@pytest.mark.parametrize("kind", TABLES)
@pytest.mark.parametrize("group", [5, 100])
def test_any_part_of_a_parquet_file_is_read(kind: str, group: int, tmp_path: Path) -> None:
    file = tmp_path / "rows.parquet"
    pq.write_table(TABLES[kind], file, row_group_size=group)
    source = Inputs((str(file),)).parquet()
    check_every_part(source, expected(kind, str(file)))
    assert source.rows_at_once == (1 if kind == "paths" else min(group, 23))


def test_parquet_files_of_a_folder_are_read_one_after_the_other(tmp_path: Path) -> None:
    for start, stop in ((0, 4), (4, 4), (4, 23)):
        folder = tmp_path / f"year={start}"
        folder.mkdir(exist_ok=True)
        pq.write_table(TABLES["bytes"].slice(start, stop - start), folder / f"{stop:03}.parquet")
    (tmp_path / "_temporary").mkdir()
    pq.write_table(TABLES["paths"], tmp_path / "_temporary" / "rest.parquet")
    asked = Inputs((str(tmp_path),))
    assert asked.kind() == "parquet"
    check_every_part(asked.parquet(), expected("bytes", ""))
    pattern = Inputs((str(tmp_path / "year=4" / "*.parquet"),))
    assert pattern.kind() == "parquet"
    check_every_part(pattern.parquet(), expected("bytes", "")[4:])


@pytest.mark.parametrize("kind", ["paths", "bytes", "hugging face"])
def test_any_part_of_a_lance_data_set_is_read_as_it_was_at_a_version(
    kind: str, tmp_path: Path
) -> None:
    uri = str(tmp_path / "rows.lance")
    lance.write_dataset(TABLES[kind], uri, max_rows_per_file=10)
    asked = Inputs((uri,))
    assert asked.kind() == "lance"
    source = asked.lance()
    check_every_part(source, expected(kind, uri))
    lance.write_dataset(TABLES[kind], uri, mode="append")
    assert len(asked.lance()) == 46
    assert asked.lance(source.version).fingerprint == source.fingerprint
    assert asked.lance().fingerprint != source.fingerprint


def test_a_lance_data_set_is_known_by_its_content(tmp_path: Path) -> None:
    lance.write_dataset(TABLES["paths"], str(tmp_path / "rows"))
    assert Inputs((str(tmp_path / "rows"),)).kind() == "lance"


def test_other_rows_have_another_fingerprint(tmp_path: Path) -> None:
    prints: set[str] = set()
    for name, rows in (("a", 23), ("a", 22), ("b", 22)):
        pq.write_table(TABLES["bytes"].slice(0, rows), tmp_path / f"{name}.parquet")
        for column in ("image", None):
            source = Inputs((str(tmp_path / f"{name}.parquet"),), column).parquet()
            prints.add(source.fingerprint)
    assert len(prints) == 3


def test_other_rows_of_the_same_length_have_another_fingerprint(tmp_path: Path) -> None:
    file = tmp_path / "rows.parquet"
    prints: set[str] = set()
    sizes: set[int] = set()
    for first in (100, 200):
        paths = [f"{number}.jpg" for number in range(first, first + 50)]
        table = pa.table({"path": paths})
        pq.write_table(table, file, compression="none", use_dictionary=False)
        sizes.add(file.stat().st_size)
        prints.add(Inputs((str(file),)).parquet().fingerprint)
    assert len(sizes) == 1
    assert len(prints) == 2


@pytest.mark.parametrize(
    ("columns", "asked", "found"),
    [
        ({"a": pa.binary(), "path": pa.string()}, None, ("a", "bytes", "path")),
        ({"a": pa.binary(), "b": pa.binary()}, "b", ("b", "bytes", None)),
        ({"path": pa.string(), "title": pa.string()}, None, ("path", "paths", None)),
        ({"title": pa.string()}, None, ("title", "paths", None)),
        ({"x": pa.dictionary(pa.int8(), pa.string())}, None, ("x", "paths", None)),
    ],
)
def test_the_column_of_photos_is_found(columns: Any, asked: str | None, found: Any) -> None:
    columns = find_columns(pa.schema(columns.items()), asked, None, "x")
    assert (columns.photo, columns.content, columns.name) == found


@pytest.mark.parametrize(
    ("columns", "asked", "message"),
    [
        ({"a": pa.binary(), "b": pa.binary()}, None, r"has the columns a, b; .* --column NAME"),
        ({"a": pa.int64()}, None, r"has the columns a; .* --column NAME"),
        ({"a": pa.int64()}, "a", r"has the type int64; expected text"),
        ({"a": pa.binary()}, "b", r"has no column 'b', it has a\. Give"),
    ],
)
def test_a_column_that_is_not_one_is_refused(columns: Any, asked: str, message: str) -> None:
    with pytest.raises(BatchError, match=message):
        find_columns(pa.schema(columns.items()), asked, None, "x")


@pytest.mark.parametrize(
    ("names", "column", "message"),
    [
        (("a.parquet", "b.jpg"), None, r"inputs are parquet, photos; expected some of one kind"),
        (("a.lance", "b.lance"), None, r"There are 2 Lance data sets; expected one"),
        (("a.jpg",), "image", r"'a\.jpg' has none; expected Parquet or Lance"),
    ],
)
def test_inputs_that_don_t_go_together_are_refused(
    names: tuple[str, ...], column: str | None, message: str
) -> None:
    with pytest.raises(BatchError, match=message):
        Inputs(names, column).kind()


def test_files_that_are_no_data_sets_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_bytes(b"PAR1 but not really")
    with pytest.raises(BatchError, match=r"can't be read as a Parquet file"):
        Inputs((str(tmp_path / "a.parquet"),)).parquet()
    with pytest.raises(BatchError, match=r"no Parquet file in"):
        Inputs((str(tmp_path / "*.pq"),)).parquet()
    with pytest.raises(BatchError, match=r"can't be read as a Lance data set"):
        Inputs((str(tmp_path / "none.lance"),)).lance()
