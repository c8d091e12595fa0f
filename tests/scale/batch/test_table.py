"""Records as rows: the fields of `predict --json`, and nothing else."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pyarrow as pa

import whereshot
from whereshot.errors import DamagedPhotoError
from whereshot.recognize import failure_to_dict, recognition_to_dict
from whereshot.records import Failure
from whereshot.scale.batch.table import RECORD_SCHEMA, records_of, table_of


def keys(kind: Any) -> Any:
    """The names in an Arrow type, nested."""
    if isinstance(kind, pa.Schema):
        return {field.name: keys(field.type) for field in kind}
    if pa.types.is_struct(kind):
        return {kind.field(at).name: keys(kind.field(at).type) for at in range(kind.num_fields)}
    return [keys(kind.value_type)] if pa.types.is_list(kind) else None


def shape(value: Any) -> Any:
    """The names in a JSON value, nested."""
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in value.items()}
    return [shape(value[0])] if isinstance(value, list) else None


def test_the_columns_are_the_fields_of_predict(samples: Path) -> None:
    recognition = whereshot.load().recognize(samples / "machu_picchu.jpg")
    record = recognition_to_dict(recognition)
    failure = failure_to_dict(Failure("a.jpg", DamagedPhotoError("...")))
    expected = shape({**record, **failure})
    assert keys(RECORD_SCHEMA) == expected
    assert list(keys(RECORD_SCHEMA)) == list(expected)
    assert list(records_of([table_of([record, failure])])) == [record, failure]


def test_a_name_that_is_not_utf_8_is_escaped() -> None:
    name = os.fsdecode(b"odd \xff.jpg")
    failure = failure_to_dict(Failure(name, DamagedPhotoError(f"{name!r} is empty")))
    (record,) = records_of([table_of([failure])])
    assert record["photo"] == "odd \\xff.jpg"
    assert "is empty" in record["error"]["message"]
