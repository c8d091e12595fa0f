"""A dry run goes the same way and touches nothing."""

from __future__ import annotations

import inspect
import os
from pathlib import Path

import pytest
from plug import tree_of

from whereshot.library.changes import (
    CopyFile,
    LinkFile,
    MakeFolder,
    MoveFile,
    RemoveFile,
    ReplaceFile,
    WriteFile,
)
from whereshot.library.dry import DryFiles
from whereshot.library.files import Files, RealFiles
from whereshot.library.journal import Journal

READING = {"follow", "same_content"}


def test_every_operation_that_changes_files_is_replaced() -> None:
    operations = {name for name, _ in inspect.getmembers(Files, inspect.isfunction)}
    changing = {name for name in operations if not name.startswith("_")} - READING
    assert changing <= vars(DryFiles).keys()
    assert changing <= vars(RealFiles).keys()


def test_a_dry_run_sees_what_it_would_have_done_and_does_nothing(tmp_path: Path) -> None:
    for name in ("a", "b", "c", "staged"):
        (tmp_path / name).write_bytes(name.encode())
    before = tree_of(tmp_path)
    files = DryFiles()
    album = tmp_path / "album"
    with Journal.in_memory() as journal, journal.begin("test", files) as run:
        for change in (
            WriteFile(tmp_path / "new", b"1"),
            WriteFile(tmp_path / "new", b"2", b"1"),
            RemoveFile(tmp_path / "new", b"2"),
            MakeFolder(album),
            MakeFolder(album / "more"),
            CopyFile(tmp_path / "a", album / "a"),
            LinkFile(tmp_path / "b", album / "more" / "b"),
            LinkFile(tmp_path / "a", tmp_path / "a_original"),
            ReplaceFile(tmp_path / "a", tmp_path / "staged", tmp_path / "a_original"),
            MoveFile(tmp_path / "c", album / "c"),
        ):
            run.apply(change)
        with pytest.raises(FileExistsError):
            run.apply(CopyFile(tmp_path / "b", album / "c"))
        with pytest.raises(FileNotFoundError):
            run.apply(CopyFile(tmp_path / "b", tmp_path / "nowhere" / "b"))
        with pytest.raises(FileNotFoundError):
            run.apply(MoveFile(tmp_path / "c", album / "c again"))
    assert files.look(tmp_path / "c") is None
    assert tree_of(tmp_path) == before


def test_a_folder_without_permission_fails_in_a_dry_run_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write everywhere
    with pytest.raises(PermissionError):
        DryFiles().write(tmp_path / "a", b"1")
    with pytest.raises(PermissionError):
        DryFiles().check_writable(tmp_path)
