"""Building and opening: one stream in, a whole folder out, and clear words for a damaged one."""

from __future__ import annotations

import json
import mmap
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from whereshot.errors import (
    MissingExtraError,
    PrototypeIndexError,
    PrototypeIndexIntegrityError,
    PrototypeIndexNotFoundError,
    PrototypeIndexVersionError,
)
from whereshot.scale import (
    ApproximateIndex,
    ExactIndex,
    build_index,
    open_index,
    remove_unfinished,
)

COUNT, DIMENSION = 600, 16
Block = tuple[NDArray[np.float32], NDArray[np.int64]]


def blocks(size: int = 100, stop_after: int = COUNT) -> Iterator[Block]:
    random = np.random.default_rng(0)
    vectors = random.standard_normal((COUNT, DIMENSION), dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    for start in range(0, COUNT, size):
        if start >= stop_after:
            raise KeyboardInterrupt
        yield vectors[start : start + size], np.arange(start, min(start + size, COUNT)) // 3


@pytest.fixture(params=["exact", "approximate"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """An index of each kind, on disk."""
    to = tmp_path / "index"
    build_index(to, blocks(), exact_up_to=COUNT if request.param == "exact" else 0)
    return to


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_small_sets_are_compared_with_all_and_large_ones_are_not(tmp_path: Path) -> None:
    small = build_index(tmp_path / "small", blocks(), exact_up_to=COUNT)
    large = build_index(tmp_path / "large", blocks(), exact_up_to=COUNT - 1)
    assert isinstance(small, ExactIndex)
    assert isinstance(large, ApproximateIndex)
    assert not (tmp_path / "small" / "codes.faiss").exists()


def test_an_index_answers_the_same_after_it_was_moved_and_opened(folder: Path) -> None:
    asked = next(blocks())[0]
    before = open_index(folder).query(asked, 4)
    moved = folder.rename(folder.with_name("elsewhere"))
    after = open_index(moved, verify=True).query(asked, 4)
    assert np.array_equal(before[0], after[0])
    assert np.array_equal(before[1], after[1])


def test_the_size_of_the_blocks_changes_nothing(folder: Path) -> None:
    kind = json.loads((folder / "index.json").read_text())["kind"]
    to = folder.with_name("other")
    build_index(to, blocks(size=7), exact_up_to=COUNT if kind == "exact" else 0)
    assert files(to) == files(folder)


def test_the_vectors_stay_on_disk(folder: Path) -> None:
    index = open_index(folder)
    if isinstance(index, ApproximateIndex):
        for array in (index._vectors, index._owners):
            under: Any = array
            while isinstance(under, np.ndarray):
                under = under.base
            assert isinstance(getattr(under, "obj", under), mmap.mmap)
            assert not array.flags.writeable


def test_a_stopped_build_goes_on_to_the_same_index(folder: Path) -> None:
    kind = json.loads((folder / "index.json").read_text())["kind"]
    to, exact_up_to = folder.with_name("stopped"), COUNT if kind == "exact" else 0
    with pytest.raises(KeyboardInterrupt):
        build_index(to, blocks(stop_after=300), exact_up_to=exact_up_to)
    assert not to.exists()
    work = to.with_name(".stopped.building")
    with (work / "vectors.f16").open("ab") as half:
        half.write(b"x" * 5)  # a row that was cut off
    with pytest.raises(PrototypeIndexError, match="resume=True"):
        build_index(to, blocks(), exact_up_to=exact_up_to)
    build_index(to, blocks(size=70), exact_up_to=exact_up_to, resume=True)
    assert files(to) == files(folder)
    assert not work.exists()


def test_a_build_is_not_resumed_with_other_prototypes(tmp_path: Path) -> None:
    to = tmp_path / "index"
    with pytest.raises(KeyboardInterrupt):
        build_index(to, blocks(stop_after=300))
    others = ((vectors, owners + 1) for vectors, owners in blocks())
    with pytest.raises(PrototypeIndexError, match="other prototypes from number 0 on"):
        build_index(to, others, resume=True)
    with pytest.raises(PrototypeIndexError, match="the blocks have 100 prototypes; expected 300"):
        build_index(to, [next(blocks())], resume=True)
    remove_unfinished(to)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_built_over_what_is_there(folder: Path) -> None:
    before = files(folder)
    with pytest.raises(PrototypeIndexError, match="is there already"):
        build_index(folder, blocks())
    assert files(folder) == before


def test_an_index_of_nothing_is_not_built(tmp_path: Path) -> None:
    with pytest.raises(PrototypeIndexError, match="Give at least one block"):
        build_index(tmp_path / "index", [])
    assert list(tmp_path.iterdir()) == []


def test_blocks_of_two_networks_are_refused(tmp_path: Path) -> None:
    narrow = np.eye(8, dtype=np.float32)
    with pytest.raises(PrototypeIndexError, match="8 numbers; expected 16"):
        build_index(tmp_path / "index", [next(blocks()), (narrow, np.arange(8))])


def test_progress_is_told_to_the_end(tmp_path: Path) -> None:
    told: list[tuple[str, int]] = []
    build_index(
        tmp_path / "index", blocks(200), exact_up_to=0, report=lambda *step: told.append(step)
    )
    assert told == [("stored", 200), ("stored", 400), ("stored", 600), ("coded", 600)]


def test_a_folder_without_an_index_is_named(tmp_path: Path) -> None:
    with pytest.raises(PrototypeIndexNotFoundError, match=r"has no index\.json"):
        open_index(tmp_path)
    with pytest.raises(FileNotFoundError):
        open_index(tmp_path / "nothing")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema": 1}', '{"schema": "1.0"}', "\0"])
def test_a_foreign_manifest_is_refused(folder: Path, text: str) -> None:
    (folder / "index.json").write_text(text)
    with pytest.raises(PrototypeIndexError, match="Build the index again"):
        open_index(folder)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("kind", "other"),
        ("metric", "l2"),
        ("dimension", 17),
        ("vectors", COUNT + 1),
        ("vectors", True),
        ("probes", -1),
        ("files", {"../../etc/passwd": {"bytes": 1, "sha256": ""}}),
        ("files", []),
    ],
)
def test_a_manifest_that_contradicts_itself_is_refused(folder: Path, key: str, value: Any) -> None:
    manifest = json.loads((folder / "index.json").read_text())
    (folder / "index.json").write_text(json.dumps({**manifest, key: value}))
    with pytest.raises(PrototypeIndexError, match="not what an index says of itself"):
        open_index(folder)


def test_an_index_of_a_newer_whereshot_is_refused(folder: Path) -> None:
    text = (folder / "index.json").read_text().replace('"1.0"', '"2.0"')
    (folder / "index.json").write_text(text)
    with pytest.raises(PrototypeIndexVersionError, match=r"schema 2\.0.*Update whereshot"):
        open_index(folder)


def test_a_truncated_or_missing_file_is_named(folder: Path) -> None:
    for path in [path for path in folder.iterdir() if path.name != "index.json"]:
        whole = path.read_bytes()
        path.write_bytes(whole[:-1])
        with pytest.raises(PrototypeIndexIntegrityError, match=f"{path.name} has .* expected"):
            open_index(folder)
        path.unlink()
        with pytest.raises(PrototypeIndexIntegrityError, match=f"{path.name} is missing"):
            open_index(folder)
        path.write_bytes(whole)
    open_index(folder, verify=True)


def test_a_changed_byte_is_found_where_hashes_are_asked_for(folder: Path) -> None:
    path = folder / "vectors.f16"
    content = bytearray(path.read_bytes())
    content[100] ^= 1
    path.write_bytes(content)
    open_index(folder)  # reading gigabytes each time is not what mapping is for
    with pytest.raises(PrototypeIndexIntegrityError, match=r"vectors\.f16 has the SHA-256"):
        open_index(folder, verify=True)


def test_codes_that_faiss_can_not_read_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    build_index(folder, blocks(), exact_up_to=0)
    size = (folder / "codes.faiss").stat().st_size
    (folder / "codes.faiss").write_bytes(b"x" * size)
    with pytest.raises(PrototypeIndexIntegrityError, match="can't be read by faiss"):
        open_index(folder)


def test_codes_of_another_index_are_refused(tmp_path: Path) -> None:
    faiss = import_module("faiss")
    folder = tmp_path / "index"
    build_index(folder, blocks(), exact_up_to=0)
    faiss.write_index(faiss.IndexFlatIP(DIMENSION), str(folder / "codes.faiss"))
    manifest = json.loads((folder / "index.json").read_text())
    manifest["files"]["codes.faiss"]["bytes"] = (folder / "codes.faiss").stat().st_size
    (folder / "index.json").write_text(json.dumps(manifest))
    with pytest.raises(PrototypeIndexIntegrityError, match="holds 0 vectors of 16; expected 600"):
        open_index(folder)


def test_without_faiss_small_sets_work_and_large_ones_say_what_to_install(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "faiss", None)
    if json.loads((folder / "index.json").read_text())["kind"] == "exact":
        assert len(open_index(folder)) == COUNT
    else:
        with pytest.raises(MissingExtraError, match=r"pip install 'whereshot\[scale\]'"):
            open_index(folder)


@pytest.mark.parametrize("name", ["probes", "candidates", "threads"])
def test_a_setting_of_nothing_is_refused(tmp_path: Path, name: str) -> None:
    build_index(tmp_path / "index", blocks(), exact_up_to=0)
    with pytest.raises(PrototypeIndexError, match=f"{name} must be 1 or more, got 0"):
        open_index(tmp_path / "index", **{name: 0})


def test_asking_leaves_the_number_of_threads_of_others_alone(tmp_path: Path) -> None:
    faiss = import_module("faiss")
    index = build_index(tmp_path / "index", blocks(), exact_up_to=0)
    before = faiss.omp_get_max_threads()
    index.query(next(blocks())[0])
    assert faiss.omp_get_max_threads() == before
