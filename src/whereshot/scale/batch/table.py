"""Records of `predict --json` as rows of a table, and back: the same names, the same nesting."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pyarrow as pa

Table = Any
"""A `pyarrow.Table`; pyarrow ships no types."""
Record = dict[str, Any]
"""One JSON object of `predict --json`: a recognition, or a photo with its `error`."""

_LOCATION = pa.struct(
    [
        ("latitude", pa.float64()),
        ("longitude", pa.float64()),
        ("radius_km", pa.float64()),
        ("source", pa.string()),
    ]
)
_PREDICTION = pa.struct(
    [
        ("id", pa.string()),
        ("name", pa.string()),
        ("wikidata", pa.string()),
        ("probability", pa.float64()),
        ("latitude", pa.float64()),
        ("longitude", pa.float64()),
        ("radius_km", pa.float64()),
        ("city", pa.string()),
        ("country", pa.string()),
        ("country_code", pa.string()),
    ]
)
RECORD_SCHEMA = pa.schema(
    [
        ("photo", pa.string()),
        ("verdict", pa.string()),
        ("bundle", pa.string()),
        ("location", _LOCATION),
        ("predictions", pa.list_(_PREDICTION)),
        ("milliseconds", pa.struct([("decode", pa.float64()), ("model", pa.float64())])),
        ("error", pa.struct([("type", pa.string()), ("message", pa.string())])),
    ]
)
"""What a file of results holds. `error` is null, or all but `photo` and `error` is."""


def table_of(records: Sequence[Record]) -> Table:
    """Records as a table with `RECORD_SCHEMA`.

    A file name that is not UTF-8 gets its odd bytes escaped, as Parquet has no way to hold them.
    """
    rows: list[Record] = []
    for record in records:
        row = {**record, "photo": _as_text(record["photo"])}
        if "error" in record:
            error: dict[str, str] = record["error"]
            row["error"] = {**error, "message": _as_text(error["message"])}
        rows.append(row)
    return pa.Table.from_pylist(rows, schema=RECORD_SCHEMA)


def records_of(tables: Iterable[Table]) -> Iterator[Record]:
    """The records of tables, each equal to what `predict --json` prints."""
    for table in tables:
        for row in table.to_pylist():
            error = row.pop("error")
            yield row if error is None else {"photo": row["photo"], "error": error}


def _as_text(text: str) -> str:
    return os.fsencode(text).decode("utf-8", "backslashreplace")
