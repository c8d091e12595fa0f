"""The page on batches: its Python runs, its tables are those of the code."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from batch_work import Inline, results
from pages import ROOT, blocks, rows, shell_commands

from whereshot.cli import main
from whereshot.scale import batch
from whereshot.scale.batch import recognizing, run
from whereshot.scale.batch.inputs import _PARQUET_SUFFIXES
from whereshot.scale.batch.listing import LIST_SUFFIXES
from whereshot.scale.batch.ray_engine import MOST_UNITS
from whereshot.scale.batch.table import RECORD_SCHEMA

PAGE = ROOT / "docs" / "how-to" / "recognize-in-batches.md"
TEXT = PAGE.read_text(encoding="utf-8")


def table_under(head: str) -> list[list[str]]:
    part = TEXT[TEXT.index(head) :]
    return rows(part.partition("\n\n")[0])


def names_in(kind: pa.DataType) -> list[str]:
    kind = kind.value_type if pa.types.is_list(kind) else kind
    fields = range(kind.num_fields) if pa.types.is_struct(kind) else ()
    return [kind.field(at).name for at in fields]


def test_the_columns_of_the_page_are_those_of_the_files() -> None:
    listed = {column.strip("`"): kind for column, kind in table_under("| column | type |")}
    assert list(listed) == RECORD_SCHEMA.names
    for field in RECORD_SCHEMA:
        if inner := names_in(field.type):
            assert re.findall(r"`(\w+)`", listed[field.name]) == inner, field.name


def test_the_suffixes_and_figures_of_the_page_are_those_of_the_code() -> None:
    listed = " ".join(row[0] for row in table_under("| INPUT | is taken as |"))
    for suffix in (*LIST_SUFFIXES, *_PARQUET_SUFFIXES):
        assert f"`{suffix}`" in listed
    assert f"the first {run.BLOCK_SIZE:,} photos" in TEXT
    assert f"fetches {recognizing._FETCHED_AHEAD} photos ahead" in TEXT
    assert f"at most {MOST_UNITS:,} parts" in TEXT


def test_the_python_of_the_page_runs(
    tmp_path: Path,
    paint: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    paint(tmp_path / "photos" / "a.jpg")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(batch, "LocalEngine", lambda workers: Inline(workers))
    reading, running = blocks(PAGE, "python")
    exec(running.text, {"__name__": "__main__"})
    assert capsys.readouterr().out.startswith("1 photos, 0 could not be read\nphotos/a.jpg unknown")
    names: dict[str, pa.Table] = {}
    exec(reading.text, names)  # type: ignore[arg-type]
    assert names["table"].num_rows == len(results("results")) == 1


def test_the_options_of_the_page_are_those_of_the_verb(capsys: pytest.CaptureFixture[str]) -> None:
    main(["batch", "--help"])
    helped = capsys.readouterr().out
    commands = [words for _, words in shell_commands(PAGE) if words[:2] == ["whereshot", "batch"]]
    assert len(commands) > 4
    used = {word for words in commands for word in words if word.startswith("-")}
    for option in used | set(re.findall(r"`(--[\w-]+)`", TEXT)) - {"--json"}:
        assert re.search(rf"(^|\s){option}\s", helped), option
