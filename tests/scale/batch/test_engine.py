"""The processes of one machine: what they do, and that none can lose or double a photo by dying."""

from __future__ import annotations

import os
import signal
from contextlib import closing
from pathlib import Path
from typing import Any

import psutil
import pyarrow as pa
import pytest
from batch_work import Deadly, Inline, timeless

from whereshot.progress import silent
from whereshot.scale.batch import LocalEngine
from whereshot.scale.batch.listing import keep_list, photos_of
from whereshot.scale.batch.recognizing import Work, plan_work
from whereshot.scale.batch.sources import ParquetRows
from whereshot.scale.batch.storage import locate
from whereshot.scale.batch.table import records_of


@pytest.fixture
def work(tiny_bundle: Path) -> Work:
    """The work of a batch with the tiny bundle."""
    return plan_work(str(tiny_bundle), k=2, threshold=None, max_false_tags=None, device="cpu")


@pytest.fixture
def source(album: Path, tmp_path: Path) -> ParquetRows:
    """Eighty photos: those of the album, twice."""
    photos = list(photos_of([str(album)]))
    return keep_list(photos * 2, locate(tmp_path / "list"), silent)


def recognized(engine: Any, source: ParquetRows, work: Any) -> list[Any]:
    """Records by number; no photo may be missing or there twice."""
    with closing(engine.run(source, work, [(0, 30), (30, len(source))])) as run:
        parts = sorted(run, key=lambda part: part[0])
    at = 0
    for start, table in parts:
        assert start == at
        at += table.num_rows
    assert at == len(source)
    return timeless(records_of([pa.concat_tables([table for _, table in parts])]))


def test_processes_give_the_records_that_this_process_gives(
    source: ParquetRows, work: Work
) -> None:
    assert recognized(LocalEngine(workers=2), source, work) == recognized(Inline(), source, work)


@pytest.mark.slow
def test_a_process_that_is_killed_costs_no_photo(source: ParquetRows, work: Work) -> None:
    expected = recognized(Inline(), source, work)
    engine, killed = LocalEngine(workers=1), 0
    tables: list[Any] = []
    with closing(engine.run(source, Deadly(work, pause=0.01), [(0, len(source))])) as run:  # type: ignore[arg-type]
        for start, table in run:
            assert start == sum(map(len, tables))
            tables.append(table)
            if not killed:
                children = psutil.Process().children()
                victims = [each for each in children if "spawn_main" in " ".join(each.cmdline())]
                os.kill(victims[0].pid, signal.SIGKILL)
                killed = len(victims)
    assert killed == 1
    assert timeless(records_of(tables)) == expected


@pytest.mark.slow
def test_a_photo_that_ends_every_process_costs_itself(source: ParquetRows, work: Work) -> None:
    expected = recognized(Inline(), source, work)
    found = recognized(LocalEngine(workers=1), source, Deadly(work, "006.png"))
    for record, other in zip(found, expected, strict=True):
        if record["photo"].endswith("006.png"):
            assert record["error"]["type"] == "PhotoError"
            assert "(SIGKILL), twice" in record["error"]["message"]
        else:
            assert record == other
