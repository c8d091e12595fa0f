"""A batch from inputs to output: the records of `predict --json`, all of them, each once."""

from __future__ import annotations

import importlib
import json
import shutil
import sys
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import fsspec
import lance
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from batch_work import Inline, results, timeless
from hypothesis import given, settings
from hypothesis import strategies as st

import whereshot.cli
from whereshot.errors import BatchError, MissingExtraError
from whereshot.scale.batch import BatchSummary, batch_recognize, listing, read_records, run
from whereshot.scale.batch.blocks import Blocks
from whereshot.scale.batch.listing import photos_of
from whereshot.scale.batch.output import Manifest
from whereshot.scale.batch.table import table_of

Batch = Callable[..., BatchSummary]


@pytest.fixture
def batch(tiny_bundle: Path) -> Batch:
    """`batch_recognize` with the tiny bundle, in this process."""

    def run(inputs: Any, output: Any, **options: Any) -> BatchSummary:
        options.setdefault("engine", Inline())
        return batch_recognize(inputs, output, **{"bundle": str(tiny_bundle), "k": 2, **options})

    return run


@pytest.fixture
def predicted(
    tiny_bundle: Path, album: Path, capsys: pytest.CaptureFixture[str]
) -> list[dict[str, Any]]:
    """What `predict --json` prints for the album."""
    asked = ["predict", str(album), "--json", "-k", "2", "--bundle", str(tiny_bundle)]
    assert whereshot.cli.main(asked) == 1  # two photos can't be read
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_the_records_are_those_of_predict_in_its_order(
    batch: Batch, album: Path, predicted: list[dict[str, Any]], tmp_path: Path
) -> None:
    summary = batch(album, tmp_path / "out", block_size=16)
    assert results(tmp_path / "out") == timeless(predicted)
    (first, *_) = read_records(tmp_path / "out")
    assert list(first) == list(predicted[0])
    assert list(first["milliseconds"]) == list(predicted[0]["milliseconds"])
    verdicts = [record.get("verdict") for record in predicted]
    assert (summary.photos, summary.recognized, summary.skipped, summary.blocks) == (40, 40, 0, 3)
    assert summary.landmark == verdicts.count("landmark")
    assert summary.unknown == verdicts.count("unknown")
    assert summary.failed == verdicts.count(None) == 2


@pytest.mark.parametrize("kind", ["list", "parquet of paths", "parquet of bytes", "lance", "zip"])
def test_every_kind_of_input_gives_the_same_records(
    kind: str, batch: Batch, album: Path, predicted: list[dict[str, Any]], tmp_path: Path
) -> None:
    paths = list(photos_of([str(album)]))
    table = pa.table({"path": paths, "image": [Path(path).read_bytes() for path in paths]})
    asked, column = tmp_path / "photos.txt", None
    if kind == "list":
        asked.write_text("\n".join(paths))
    elif kind == "lance":
        asked = tmp_path / "photos.lance"
        lance.write_dataset(table, str(asked))
    elif kind == "zip":
        shutil.make_archive(str(tmp_path / "album"), "zip", album)
    else:
        asked = tmp_path / "photos.parquet"
        pq.write_table(table, asked, row_group_size=9)
        column = "path" if kind == "parquet of paths" else None
    archive = f"::file://{tmp_path}/album.zip"
    batch(f"zip://{archive}" if kind == "zip" else asked, tmp_path / "out", column=column)
    text = json.dumps(results(tmp_path / "out"))
    if kind == "zip":
        text = text.replace("zip://", f"{album}/").replace(archive, "")
    assert json.loads(text) == timeless(predicted)


def test_inputs_and_output_may_be_at_urls(
    batch: Batch, album: Path, predicted: list[dict[str, Any]]
) -> None:
    memory = fsspec.filesystem("memory")
    for path in photos_of([str(album)]):
        memory.pipe(f"/store/{Path(path).relative_to(album)}", Path(path).read_bytes())
    batch("memory://store", "memory://results/of/it", block_size=30)
    found = json.dumps(results("memory://results/of/it")).replace("memory://store", str(album))
    assert json.loads(found) == timeless(predicted)
    assert batch("memory://store", "memory://results/of/it").skipped == 40


@pytest.mark.parametrize("fails_after", [0, 1, 5, 12])
def test_what_was_stopped_goes_on_and_no_photo_is_missing_or_there_twice(
    fails_after: int, batch: Batch, album: Path, tmp_path: Path, predicted: list[dict[str, Any]]
) -> None:
    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        batch(album, out, block_size=9, engine=Inline(3, seed=1, fails_after=fails_after))
    done = len(results(out))
    engine = Inline(5, seed=2)
    summary = batch(album, out, engine=engine)
    assert (summary.skipped, summary.recognized) == (done, 40 - done)
    assert engine.photos == 40 - done
    assert results(out) == timeless(predicted)
    again = Inline()
    assert batch(album, out, engine=again).failed == 2
    assert again.photos == 0


def test_a_batch_that_was_stopped_while_it_listed_begins_anew(
    batch: Batch, album: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "_ROWS_PER_FILE", 10)

    def stopped(names: Any) -> Iterator[str]:
        yield from islice(photos_of(names), 25)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(run, "photos_of", stopped)
        with pytest.raises(KeyboardInterrupt):
            batch(album, tmp_path / "out")
    assert batch(album, tmp_path / "out").recognized == 40
    assert [each["photo"] for each in results(tmp_path / "out")] == list(photos_of([str(album)]))


def test_a_damaged_block_is_done_again(batch: Batch, album: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    batch(album, out, block_size=10)
    before = results(out)
    block = out / "block-0000002.parquet"
    block.write_bytes(block.read_bytes()[:100])
    assert batch(album, out).recognized == 10
    assert results(out) == before


def test_a_batch_goes_on_with_the_list_that_it_began_with(
    batch: Batch, album: Path, tmp_path: Path, paint: Callable[..., Path]
) -> None:
    mine = tmp_path / "mine"
    shutil.copytree(album, mine)
    with pytest.raises(KeyboardInterrupt):
        batch(mine, tmp_path / "out", block_size=9, engine=Inline(9, fails_after=2))
    paint(mine / "000 new.png")
    assert batch(mine, tmp_path / "out").photos == 40
    assert not any("new" in record["photo"] for record in results(tmp_path / "out"))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"k": 3}, r"number of candidates \(-k\) 2; now it is 3"),
        ({"bundle": "world"}, r"begun with the bundle 'tiny@1'; now it is 'world@"),
        ({"threshold": 0.99}, r"threshold 0\.6; now it is 0\.99"),
        ({"block_size": 7}, r"block size 20; now it is 7"),
        ({"inputs": "elsewhere"}, r"inputs '.*album.*'; now it is 'elsewhere'"),
    ],
)
def test_other_settings_are_refused_and_change_nothing(
    changed: dict[str, Any], message: str, batch: Batch, album: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    batch(album, out, block_size=20)
    before = {path: path.read_bytes() for path in out.rglob("*.*")}
    asked = {"inputs": album, **changed}
    with pytest.raises(BatchError, match=message):
        batch(asked.pop("inputs"), out, **asked)
    assert {path: path.read_bytes() for path in out.rglob("*.*")} == before


def test_a_data_set_that_changed_meanwhile_is_refused(
    batch: Batch, album: Path, tmp_path: Path
) -> None:
    paths = list(photos_of([str(album)]))
    file = tmp_path / "photos.parquet"
    pq.write_table(pa.table({"path": paths}), file)
    batch(file, tmp_path / "out")
    for others in (paths[1:], [f"other/{path}" for path in paths]):
        pq.write_table(pa.table({"path": others}), file)
        with pytest.raises(BatchError, match=r"begun with 40 photos of .* others by now"):
            batch(file, tmp_path / "out")


def test_a_lance_data_set_that_grew_meanwhile_is_read_as_it_was(
    batch: Batch, album: Path, tmp_path: Path
) -> None:
    table = pa.table({"path": list(photos_of([str(album)]))})
    uri = str(tmp_path / "photos.lance")
    lance.write_dataset(table, uri)
    with pytest.raises(KeyboardInterrupt):
        batch(uri, tmp_path / "out", block_size=10, engine=Inline(10, fails_after=2))
    lance.write_dataset(table, uri, mode="append")
    assert batch(uri, tmp_path / "out").photos == 40


def test_relative_paths_are_those_of_where_the_batch_runs(
    batch: Batch, album: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(album.parent)
    batch(f"{album.name}/trip", tmp_path / "out")
    found = results(tmp_path / "out")
    assert found[0]["photo"] == f"{album.name}/trip/001.png"
    assert found[0]["verdict"] == "landmark"


def test_what_goes_on_from_another_folder_takes_the_same_photos_or_none(
    batch: Batch, album: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [str(Path(path).relative_to(album)) for path in photos_of([str(album)])]
    pq.write_table(pa.table({"path": paths}), tmp_path / "photos.parquet")
    asked = {"folder": f"{album.name}/trip", "data set": str(tmp_path / "photos.parquet")}
    begun_in = {"folder": album.parent, "data set": album}
    for kind, name in asked.items():
        monkeypatch.chdir(begun_in[kind])
        with pytest.raises(KeyboardInterrupt):
            batch(name, tmp_path / kind, block_size=5, engine=Inline(5, fails_after=2))
    monkeypatch.chdir(tmp_path)
    assert batch(asked["data set"], tmp_path / "data set").failed == 2  # as in its own folder
    with pytest.raises(BatchError, match=rf"in the folder '{album.parent}'; .* Go on from there"):
        batch(asked["folder"], tmp_path / "folder")


def test_results_may_not_lie_among_the_files_that_are_read(
    batch: Batch, album: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    pq.write_table(pa.table({"path": list(photos_of([str(album)]))}), tmp_path / "a.parquet")
    for inputs, output in ((".", "out"), (str(tmp_path), "in/out"), (f"file://{tmp_path}", "out")):
        with pytest.raises(BatchError, match=r"is in the input .* Give an output elsewhere"):
            batch(inputs, output)
        assert not Path(output).exists()
    assert batch("a.parquet", "out").recognized == 40
    shutil.copytree(album, tmp_path / "trip")
    assert batch("trip", "trip/out").recognized == 40  # photos are listed once, and are no tables


def test_progress_is_told(batch: Batch, album: Path, tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    rates: list[float] = []

    def report(stage: str, done: int, total: int, figures: dict[str, float]) -> None:
        told.append((stage, done, total))
        rates.extend(figures.values())

    batch(album, tmp_path / "out", engine=Inline(20), report=report)
    assert told == [("list", 40, 0), *(("recognize", done, 40) for done in (0, 20, 40))]
    assert min(rates) >= 0


@pytest.mark.parametrize("options", [{"k": 0}, {"block_size": 0}])
def test_counts_below_one_are_refused(
    options: dict[str, int], batch: Batch, album: Path, tmp_path: Path
) -> None:
    with pytest.raises(BatchError, match=r"must be 1 or more"):
        batch(album, tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()


def test_an_empty_data_set_is_refused(batch: Batch, tmp_path: Path) -> None:
    pq.write_table(pa.table({"path": pa.array([], pa.string())}), tmp_path / "none.parquet")
    with pytest.raises(BatchError, match=r"There are no photos in"):
        batch(tmp_path / "none.parquet", tmp_path / "out")


def test_reading_what_is_no_batch_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BatchError, match=r"has no results of a batch"):
        list(read_records(tmp_path))


def test_without_pyarrow_the_command_that_helps_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("whereshot.scale.batch")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'whereshot\[scale\]'"):
        importlib.import_module("whereshot.scale.batch")


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_parts_of_any_size_in_any_order_become_whole_blocks(data: st.DataObject) -> None:
    photos = data.draw(st.integers(1, 60))
    size = data.draw(st.integers(1, 20))
    manifest = Manifest("", "", 1, 0.5, "photos", (), None, None, photos, (), 0, "", size, "", "")
    to_do = data.draw(st.sets(st.integers(0, manifest.blocks - 1)).map(sorted))
    blocks = Blocks(manifest, to_do)
    parts: list[tuple[int, int]] = []
    for start, stop in blocks.spans:
        while start < stop:
            cut = data.draw(st.integers(start + 1, stop))
            parts.append((start, cut))
            start = cut
    found: dict[int, list[str]] = {}
    for start, stop in data.draw(st.permutations(parts)):
        rows = [
            {"photo": str(number), "error": {"type": "", "message": ""}}
            for number in range(start, stop)
        ]
        for block, table in blocks.add(start, table_of(rows)):
            assert block not in found
            found[block] = table["photo"].to_pylist()
    blocks.check_complete()
    spans = {block: range(*manifest.span(block)) for block in to_do}
    assert found == {block: list(map(str, numbers)) for block, numbers in spans.items()}
