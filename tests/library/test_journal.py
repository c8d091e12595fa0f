"""The journal: one at a time, nothing changes without it, and what it says of runs."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from disk_space import SmallDisk
from plug import Blackout, Machine, tree_of

from whereshot.errors import ConflictError, JournalError
from whereshot.library.changes import MakeFolder, MoveFile, RemoveFile, ReplaceFile, WriteFile
from whereshot.library.files import TEMPORARY, RealFiles
from whereshot.library.journal import Journal

FILES = RealFiles()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "journal.sqlite"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    return folder


def test_a_run_is_recorded_with_its_changes(path: Path, root: Path) -> None:
    with Journal(path) as journal:
        with journal.begin("tag", FILES) as run:
            run.apply(WriteFile(root / "a", b"1"))
            run.apply(MakeFolder(root / "b"))
            [record] = journal.runs()
            assert (record.at_work, record.ended) == (True, None)
        [record] = journal.runs()
    assert (record.id, record.command, record.changes) == (run.id, "tag", 2)
    assert record.ended is not None
    assert record.undone is None
    assert not record.at_work


def test_a_run_that_changes_nothing_leaves_no_trace(path: Path, root: Path) -> None:
    (root / "a").write_bytes(b"1")
    before = tree_of(root)
    with Journal(path) as journal:
        with journal.begin("tag", FILES) as run:
            run.apply(WriteFile(root / "a", b"1", b"1"))
            with pytest.raises(ConflictError, match="is there already"):
                run.apply(WriteFile(root / "a", b"2"))
            with pytest.raises(FileNotFoundError):
                run.apply(WriteFile(root / "nowhere" / "a", b"2"))
        assert journal.runs() == ()
        with journal.begin("tag", FILES) as later:
            assert later.id > run.id  # a number that somebody has read means one run for ever
    assert tree_of(root) == before


@pytest.mark.parametrize(
    "change",
    [
        WriteFile(Path("a"), b"2", b"old"),
        WriteFile(Path("folder"), b"2"),
        RemoveFile(Path("a"), b"old"),
        MakeFolder(Path("folder")),
        MoveFile(Path("a"), Path("folder")),
        MoveFile(Path("folder"), Path("c")),
        MoveFile(Path("link"), Path("c")),
        MoveFile(Path("nowhere"), Path("c")),
        ReplaceFile(Path("a"), Path("b"), Path("nowhere")),
        ReplaceFile(Path("a"), Path("b"), Path("b")),
    ],
)
def test_a_change_that_was_planned_for_something_else_is_refused(
    change: object, path: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(root)
    (root / "a").write_bytes(b"1")
    (root / "b").write_bytes(b"2")
    (root / "folder").mkdir()
    (root / "link").symlink_to("a")
    before = tree_of(root)
    with Journal(path) as journal:
        with journal.begin("test", FILES) as run, pytest.raises(OSError):  # noqa: PT011
            run.apply(change)  # type: ignore[arg-type]
        assert journal.runs() == ()
    assert tree_of(root) == before


def test_a_sidecar_that_is_a_link_is_written_where_it_leads(path: Path, root: Path) -> None:
    (root / "elsewhere").write_bytes(b"1")
    (root / "a.xmp").symlink_to("elsewhere")
    with Journal(path) as journal, journal.begin("tag", FILES) as run:
        run.apply(WriteFile(root / "a.xmp", b"2", b"1"))
    assert (root / "a.xmp").is_symlink()
    assert (root / "elsewhere").read_bytes() == b"2"


def test_a_second_process_is_told_who_is_at_work(path: Path) -> None:
    program = (
        "import sys; from pathlib import Path\n"
        "from whereshot.library.journal import Journal; from whereshot.library.files import *\n"
        "with Journal(Path(sys.argv[1])) as journal, journal.begin('tag', RealFiles()): pass"
    )
    with Journal(path) as journal, journal.begin("tag", FILES):
        other = subprocess.run(
            [sys.executable, "-c", program, path], capture_output=True, text=True, check=False
        )
    assert other.returncode == 1
    assert f"Another whereshot (process {os.getpid()}) is changing files" in other.stderr
    with Journal(path) as journal, journal.begin("tag", FILES):
        pass


def test_a_journal_that_is_none_or_too_new_is_an_error(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"dear diary" * 100)
    with pytest.raises(JournalError, match="can't be opened"):
        Journal(path)
    path.unlink()
    Journal(path).close()
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 2")
    db.close()
    with pytest.raises(JournalError, match="has version 2, and this whereshot knows version 1"):
        Journal(path)


def test_nothing_is_changed_that_cannot_be_noted(tmp_path: Path, root: Path) -> None:
    disk = SmallDisk(tmp_path / "disk", "256k")
    try:
        made: list[Path] = []

        def change_many(journal: Journal) -> None:
            with journal.begin("tag", FILES) as run:
                for number in range(100):
                    path = root / str(number)
                    before = bytes(10_000 + number)
                    path.write_bytes(before)
                    run.apply(WriteFile(path, b"new", before))
                    made.append(path)

        with (
            Journal(disk.folder / "journal.sqlite") as journal,
            pytest.raises(JournalError, match="Without it nothing is changed"),
        ):
            change_many(journal)
        assert made
        changed = [path for path in root.iterdir() if path.read_bytes() == b"new"]
        assert sorted(changed) == sorted(made)
    finally:
        disk.close()


def test_a_run_that_was_killed_is_listed_as_such_and_tidied_up(path: Path, root: Path) -> None:
    in_the_midst_of_writing = 5
    with (
        Machine(in_the_midst_of_writing).running(),
        suppress(Blackout),
        Journal(path) as journal,
        journal.begin("tag", FILES) as run,
    ):
        run.apply(WriteFile(root / "a", b"1" * 100))
    [unfinished] = root.iterdir()
    assert unfinished.name.startswith(TEMPORARY)
    assert unfinished.stat().st_size == 50
    with Journal(path) as journal:
        [record] = journal.runs()
        assert record.at_work
        with journal.begin("tag", FILES):
            pass
        [record] = journal.runs()
    assert (record.at_work, record.ended, record.changes) == (False, None, 1)
    assert list(root.iterdir()) == []
