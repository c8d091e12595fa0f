"""Results on disk: whole blocks, and what they are of."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pyarrow.dataset
import pyarrow.parquet as pq
import pytest

from whereshot.errors import BatchError
from whereshot.scale.batch.output import Counts, Manifest, Output, check_same
from whereshot.scale.batch.storage import locate
from whereshot.scale.batch.table import RECORD_SCHEMA, table_of

MANIFEST = Manifest(
    bundle="tiny@1",
    bundle_sha256="ab" * 32,
    k=5,
    min_certainty=0.5,
    kind="photos",
    inputs=("photos",),
    column=None,
    name_column=None,
    photos=5,
    files=(5,),
    version=0,
    fingerprint="cd" * 32,
    block_size=2,
    created="2026-11-26T20:00:00+00:00",
    whereshot="0.1.0",
)


def bad(number: int) -> dict[str, Any]:
    return {"photo": f"{number}.jpg", "error": {"type": "DamagedPhotoError", "message": "bad"}}


@pytest.fixture
def output(tmp_path: Path) -> Output:
    """An output with the first and the last of three blocks."""
    made = Output(locate(tmp_path / "results"))
    made.begin(MANIFEST)
    made.write(0, table_of([bad(0), bad(1)]))
    made.write(2, table_of([bad(4)]))
    return made


def test_an_output_says_what_it_is_of_and_what_is_done(output: Output) -> None:
    assert output.manifest() == MANIFEST
    assert output.finished(MANIFEST) == {0: Counts(0, 0, 2), 2: Counts(0, 0, 1)}
    assert [MANIFEST.span(block) for block in range(MANIFEST.blocks)] == [(0, 2), (2, 4), (4, 5)]


def test_the_whole_folder_is_a_data_set_for_others(output: Output) -> None:
    table = pyarrow.dataset.dataset(output.place.path).to_table()
    assert table.schema.equals(RECORD_SCHEMA)
    assert table["photo"].to_pylist() == ["0.jpg", "1.jpg", "4.jpg"]


@pytest.mark.parametrize("harm", ["truncated", "foreign", "short"])
def test_a_damaged_block_is_not_done(output: Output, harm: str) -> None:
    block = Path(output.place.path) / "block-0000000.parquet"
    if harm == "truncated":
        block.write_bytes(block.read_bytes()[:-9])
    elif harm == "foreign":
        pq.write_table(table_of([bad(0), bad(1)]), block)
    else:
        output.write(0, table_of([bad(0)]))
    assert set(output.finished(MANIFEST)) == {2}


def test_nothing_there_and_an_empty_folder_are_no_batch_yet(tmp_path: Path) -> None:
    assert Output(locate(tmp_path / "nothing")).manifest() is None
    assert Output(locate(tmp_path)).manifest() is None


def test_a_folder_with_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.doc").touch()
    with pytest.raises(BatchError, match=r"holds 'thesis.doc', which is of no batch"):
        Output(locate(tmp_path)).manifest()


def test_a_file_is_no_output(tmp_path: Path) -> None:
    (tmp_path / "last.jpg").touch()  # of a pattern that the shell has put in
    with pytest.raises(BatchError, match=r"last\.jpg' is a file; expected a folder"):
        Output(locate(tmp_path / "last.jpg")).manifest()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", r"batch\.json that can't be read"),
        ("[]", r"batch\.json that can't be read"),
        ('{"schema": "1.0", "k": 5}', r"batch\.json that can't be read"),
        ('{"schema": "2.0"}', r"has the schema 2\.0, this whereshot writes 1\.0"),
    ],
)
def test_a_manifest_that_is_none_is_refused(output: Output, text: str, message: str) -> None:
    (Path(output.own_folder.path) / "batch.json").write_text(text)
    with pytest.raises(BatchError, match=message):
        output.manifest()


def test_what_a_newer_whereshot_adds_does_no_harm(output: Output) -> None:
    path = Path(output.own_folder.path) / "batch.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "schema": "1.7", "new": 1}))
    assert output.manifest() == MANIFEST


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("bundle", "world@2", r"begun with the bundle 'tiny@1'; now it is 'world@2'"),
        ("bundle_sha256", "00", r"content of the bundle"),
        ("k", 3, r"number of candidates \(-k\) 5; now it is 3"),
        ("min_certainty", 0.9, r"threshold 0\.5; now it is 0\.9"),
        ("inputs", ("a", "b"), r"inputs 'photos'; now it is 'a', 'b'"),
        ("column", "image", r"column none; now it is 'image'"),
        ("block_size", 9, r"block size 2; now it is 9"),
    ],
)
def test_other_settings_are_refused(field: str, value: object, message: str) -> None:
    same = dataclasses.asdict(MANIFEST)
    check_same(MANIFEST, same, "results")
    with pytest.raises(BatchError, match=message):
        check_same(MANIFEST, {**same, field: value}, "results")
