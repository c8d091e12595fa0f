"""Files are written whole, keep what they had, and never take another one's place."""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from disk_space import SmallDisk, no_file_above
from plug import quick_folder, tree_of

from whereshot.errors import ConflictError
from whereshot.library import _rename, files
from whereshot.library.files import LARGEST_READ, TEMPORARY, FileState, RealFiles

REAL = RealFiles()


@pytest.fixture
def folder() -> Iterator[Path]:
    with quick_folder() as made:
        yield Path(made)


def state_of(path: Path) -> FileState:
    state = REAL.look(path)
    assert state is not None
    return state


def test_a_file_is_written_where_there_was_none(folder: Path) -> None:
    REAL.write(folder / "a", b"1")
    assert (folder / "a").read_bytes() == b"1"
    umask = os.umask(0o022)
    os.umask(umask)
    assert state_of(folder / "a").mode == 0o666 & ~umask
    assert tree_of(folder).keys() == {"a"}


def test_a_file_is_never_written_over_one_that_was_not_seen(folder: Path) -> None:
    (folder / "a").write_bytes(b"theirs")
    with pytest.raises(FileExistsError):
        REAL.write(folder / "a", b"ours")
    seen = state_of(folder / "a")
    (folder / "a").write_bytes(b"theirs, later")
    with pytest.raises(ConflictError, match="changed by another program"):
        REAL.write(folder / "a", b"ours", over=seen)
    with pytest.raises(ConflictError):
        REAL.remove(folder / "a", seen=seen)
    assert tree_of(folder).keys() == {"a"}
    assert (folder / "a").read_bytes() == b"theirs, later"


def test_permissions_owner_and_attributes_stay_when_a_file_is_written_over(folder: Path) -> None:
    path = folder / "a"
    path.write_bytes(b"1")
    path.chmod(0o604)
    attributes = {"user.comment": b"mine"}
    try:
        for name, value in attributes.items():
            os.setxattr(path, name, value)
    except OSError:
        attributes = {}
    if os.geteuid() == 0:
        os.chown(path, 12345, 54321)
    before = path.stat()
    REAL.write(path, b"2", over=state_of(path))
    after = path.stat()
    assert (after.st_mode, after.st_uid, after.st_gid) == (
        before.st_mode,
        before.st_uid,
        before.st_gid,
    )
    assert {name: os.getxattr(path, name) for name in attributes} == attributes
    assert after.st_mtime_ns > before.st_mtime_ns  # programs see that it is new


def test_a_write_protected_file_is_not_written_over(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = folder / "a"
    path.write_bytes(b"1")
    path.chmod(0o444)
    before = tree_of(folder)
    # Root may write it, so what the system says to others is said here.
    monkeypatch.setattr(os, "access", lambda path, _: bool(Path(path).stat().st_mode & 0o222))
    with pytest.raises(PermissionError, match="write-protected"):
        REAL.write(path, b"2", over=state_of(path))
    assert tree_of(folder) == before


def test_what_is_no_regular_file_is_not_read(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    (folder / "folder").mkdir()
    with (folder / "huge").open("wb") as file:
        file.truncate(LARGEST_READ + 1)
    for name, said in (("pipe", "not a regular"), ("folder", "not a regular"), ("huge", "64 MB")):
        with pytest.raises(OSError, match=said):
            REAL.read(folder / name)
    assert REAL.read(folder / "nothing") is None
    assert REAL.read(folder / "huge" / "nothing") is None


@pytest.mark.parametrize("way", ["copy", "link", "move"])
@pytest.mark.parametrize("there", ["file", "link to nowhere", "folder"])
def test_a_name_that_is_taken_stays_what_it_is(folder: Path, way: str, there: str) -> None:
    (folder / "a").write_bytes(b"ours")
    target = folder / "b"
    if there == "file":
        target.write_bytes(b"theirs")
    elif there == "folder":
        target.mkdir()
    else:
        target.symlink_to("nowhere")
    before = tree_of(folder)
    with pytest.raises(OSError) as caught:  # noqa: PT011 - the number says it
        getattr(REAL, way)(folder / "a", target)
    assert caught.value.errno == errno.EEXIST
    assert tree_of(folder) == before


@pytest.mark.parametrize("native", [True, False])
def test_a_copy_and_a_move_keep_content_permissions_and_time(
    folder: Path, native: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not native:  # as on a file system that has no such rename
        monkeypatch.setattr(_rename, "_exclusive_rename", lambda: lambda *_: errno.EINVAL)
    path = folder / "a"
    path.write_bytes(os.urandom(3 << 20))
    path.chmod(0o440)
    os.utime(path, ns=(1_600_000_000_987_654_321,) * 2)
    [before] = tree_of(folder).values()
    REAL.copy(path, folder / "b")
    REAL.move(path, folder / "c")
    assert tree_of(folder) == {"b": before, "c": before}
    assert REAL.same_content(folder / "b", folder / "c")


def test_a_move_to_another_file_system_copies_compares_and_removes(
    folder: Path, tmp_path: Path
) -> None:
    if folder.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is one file system here")
    (folder / "a").write_bytes(b"1")
    [before] = tree_of(folder).values()
    REAL.move(folder / "a", tmp_path / "b")
    assert tree_of(folder) == {}
    assert tree_of(tmp_path) == {"b": before}


def test_a_copy_that_is_not_what_was_copied_does_not_cost_the_original(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def other_system(source: Path, target: Path) -> None:
        if source.name == "a":
            raise OSError(errno.EXDEV, "across")
        source.rename(target)

    monkeypatch.setattr(files, "rename_new", other_system)
    monkeypatch.setattr(files, "_clone", lambda *_: True)  # a file system that lies
    (folder / "a").write_bytes(b"1")
    with pytest.raises(OSError, match="not what was copied"):
        REAL.move(folder / "a", folder / "b")
    assert [(name, entry[1]) for name, entry in tree_of(folder).items()] == [("a", b"1")]


@pytest.mark.parametrize("way", ["write", "copy"])
def test_a_full_disk_leaves_what_was_there(tmp_path: Path, way: str) -> None:
    disk = SmallDisk(tmp_path / "disk", "64k")
    try:
        path = disk.folder / "a"
        path.write_bytes(b"1")
        before = tree_of(disk.folder)
        (tmp_path / "large").write_bytes(bytes(100_000))
        ways = {
            "write": lambda: REAL.write(path, bytes(100_000), over=state_of(path)),
            "copy": lambda: REAL.copy(tmp_path / "large", disk.folder / "b"),
        }
        with pytest.raises(OSError, match="No space left"):
            ways[way]()
        assert tree_of(disk.folder) == before
    finally:
        disk.close()


def test_a_file_that_may_not_grow_leaves_what_was_there(folder: Path) -> None:
    (folder / "a").write_bytes(b"1")
    before = tree_of(folder)
    with no_file_above(1000), pytest.raises(OSError, match="too large"):
        REAL.write(folder / "a", bytes(5000), over=state_of(folder / "a"))
    assert tree_of(folder) == before


@pytest.mark.parametrize("unnamed", [True, False])
def test_whether_a_folder_takes_files_is_found_out_without_a_trace(
    folder: Path, unnamed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not unnamed:
        monkeypatch.delattr(os, "O_TMPFILE", raising=False)
    REAL.check_writable(folder)
    assert tree_of(folder) == {}
    for path in (Path("/proc"), folder / "nowhere"):
        with pytest.raises(OSError):  # noqa: PT011 - systems say it differently
            REAL.check_writable(path)


def test_a_disk_that_was_mounted_for_reading_takes_no_files_not_even_root_s(tmp_path: Path) -> None:
    disk = SmallDisk(tmp_path / "disk", "64k")
    try:
        subprocess.run(["mount", "-o", "remount,ro", disk.folder], check=True)
        with pytest.raises(OSError, match="Read-only file system"):
            REAL.check_writable(disk.folder)
    finally:
        disk.close()


def test_unfinished_files_are_swept_and_no_others(folder: Path) -> None:
    for name in (f"{TEMPORARY}0123.xmp", "whereshot-notes.txt", ".hidden"):
        (folder / name).write_bytes(b"")
    REAL.sweep(folder)
    REAL.sweep(folder / "nowhere")
    assert tree_of(folder).keys() == {".hidden", "whereshot-notes.txt"}
