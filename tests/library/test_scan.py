from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from whereshot.library.bounds import Bounds
from whereshot.library.scan import Scan


@pytest.fixture
def tree(tmp_path: Path):
    def make(*names: str) -> Path:
        root = tmp_path / "library"
        for name in names:
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(name.encode("utf-8", "surrogateescape"))
        root.mkdir(exist_ok=True)
        return root

    return make


def names(scan: Scan, root: Path) -> list[str]:
    return [os.fsdecode(os.path.relpath(photo.key, os.fsencode(root))) for photo in scan]


def messages(scan: Scan) -> str:
    return "\n".join(problem.message for problem in scan.problems)


@pytest.fixture
def no_permission():
    if os.geteuid() == 0:
        pytest.skip("root may read everything")


def test_photos_and_raw_files_come_in_the_order_of_their_paths(tree):
    root = tree("b.JPG", "a/2.heic", "a-1/3.png", "a.jpg", "a/raw/4.NEF", "c.cr3", "notes.txt")
    scan = Scan([root])
    assert names(scan, root) == ["a-1/3.png", "a.jpg", "a/2.heic", "a/raw/4.NEF", "b.JPG", "c.cr3"]
    assert [photo.key for photo in Scan([root])] == sorted(photo.key for photo in Scan([root]))
    assert (scan.photos, scan.folders, scan.problems) == (6, 4, [])


def test_size_and_time_are_those_of_the_file(tree):
    root = tree("a.jpg")
    os.utime(root / "a.jpg", ns=(1, 1_600_000_000_123_456_789))
    (photo,) = Scan([root])
    assert (photo.size, photo.mtime_ns) == (5, 1_600_000_000_123_456_789)
    assert photo.path == root / "a.jpg"


def test_videos_are_counted(tree):
    root = tree("a.jpg", "a.MOV", "b/c.mp4", "d.mkv")
    scan = Scan([root])
    assert names(scan, root) == ["a.jpg"]
    assert scan.videos == 3


def test_hidden_files_thumbnails_and_trash_are_left_out(tree):
    root = tree(".a.jpg", "._b.jpg", ".git/c.jpg", "@eaDir/d.jpg", "$RECYCLE.BIN/e.jpg", "f.jpg")
    assert names(Scan([root]), root) == ["f.jpg"]


def test_a_hidden_folder_that_was_asked_for_is_walked(tree):
    root = tree(".private/a.jpg")
    assert names(Scan([root / ".private"]), root) == [".private/a.jpg"]


def test_a_folder_named_like_a_photo_is_a_folder(tree):
    root = tree("x.jpg/a.jpg")
    assert names(Scan([root]), root) == ["x.jpg/a.jpg"]


def test_roots_inside_of_roots_are_walked_once(tree):
    root = tree("a/1.jpg", "b/2.jpg")
    assert names(Scan([root / "a", root, root]), root) == ["a/1.jpg", "b/2.jpg"]


def test_a_root_may_be_one_photo_whatever_its_name(tree):
    root = tree("a.jpg", "picture", "b.jpg")
    scan = Scan([root / "picture", root / "b.jpg"])
    assert names(scan, root) == ["b.jpg", "picture"]


def test_names_that_are_no_text_come_through(tree):
    name = os.fsdecode(b"caf\xe9\n\xff.jpg")
    root = tree(name)
    (photo,) = Scan([root])
    assert photo.key.endswith(b"caf\xe9\n\xff.jpg")
    assert photo.path.read_bytes() == name.encode("utf-8", "surrogateescape")


def test_names_that_differ_in_case_are_both_found(tree):
    root = tree("A.jpg", "a.jpg", "a.JPG")
    if len(list(root.iterdir())) < 3:
        pytest.skip("this file system ignores case")
    assert len(list(Scan([root]))) == 3


def test_links_in_circles_end(tree):
    root = tree("a/1.jpg")
    (root / "a" / "up").symlink_to(root, target_is_directory=True)
    (root / "self").symlink_to(root / "self")
    (root / "a" / "here").symlink_to(".", target_is_directory=True)
    assert names(Scan([root]), root) == ["a/1.jpg"]


def test_a_linked_folder_inside_the_library_keeps_its_own_name(tree):
    root = tree("z_real/1.jpg")
    (root / "a_link").symlink_to(root / "z_real", target_is_directory=True)
    assert names(Scan([root]), root) == ["z_real/1.jpg"]


def test_a_linked_folder_outside_is_walked_once(tree, tmp_path):
    root = tree("own.jpg")
    outside = tmp_path / "disk"
    (outside / "deep").mkdir(parents=True)
    (outside / "deep" / "1.jpg").write_bytes(b"1")
    (outside / "back").symlink_to(root, target_is_directory=True)
    (root / "disk").symlink_to(outside, target_is_directory=True)
    (root / "disk_again").symlink_to(outside, target_is_directory=True)
    assert names(Scan([root]), root) == ["disk/deep/1.jpg", "own.jpg"]


def test_a_linked_root_is_walked(tree, tmp_path):
    root = tree("a.jpg")
    (tmp_path / "link").symlink_to(root, target_is_directory=True)
    assert [photo.path for photo in Scan([tmp_path / "link"])] == [tmp_path / "link" / "a.jpg"]


def test_a_linked_photo_counts_and_a_link_to_nothing_is_a_problem(tree):
    root = tree("a.jpg")
    (root / "b.jpg").symlink_to(root / "a.jpg")
    (root / "c.jpg").symlink_to(root / "gone.jpg")
    scan = Scan([root])
    assert names(scan, root) == ["a.jpg", "b.jpg"]
    assert [problem.path for problem in scan.problems] == [root / "c.jpg"]
    assert "leads nowhere" in messages(scan)


def test_pipes_and_sockets_are_reported_and_never_opened(tree, monkeypatch):
    root = tree("a.jpg")
    os.mkfifo(root / "pipe.jpg")
    monkeypatch.chdir(root)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket.jpg")
        scan = Scan([root])
        assert names(scan, root) == ["a.jpg"]  # opening the pipe would wait for ever
    assert [problem.path.name for problem in scan.problems] == ["pipe.jpg", "socket.jpg"]
    assert "was not opened" in messages(scan)


def test_a_root_that_is_missing_is_a_problem_and_the_others_are_walked(tree):
    root = tree("a.jpg")
    scan = Scan([root / "missing", root / "a.jpg"])
    assert names(scan, root) == ["a.jpg"]
    assert "'missing' can't be found" in messages(scan).replace(f"{root}/", "")


def test_what_could_not_be_seen_need_not_be_gone(tree, monkeypatch):
    root = tree("a/1.jpg", "b/2.jpg", "b-c/3.jpg", "c/4.jpg")
    scandir = os.scandir

    def broken(folder):
        if folder.endswith(b"/b"):
            raise OSError(5, "Input/output error")
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", broken)
    scan = Scan([root])
    assert names(scan, root) == ["a/1.jpg", "b-c/3.jpg", "c/4.jpg"]
    assert "Input/output error" in messages(scan)
    key = os.fsencode(root)
    assert scan.is_unseen(key + b"/b/2.jpg")
    assert scan.is_unseen(key + b"/b/deep/5.jpg")
    assert not any(scan.is_unseen(key + end) for end in (b"/b", b"/b-c/3.jpg", b"/bb", b"/a/1.jpg"))


def test_a_missing_root_hides_everything_in_it(tree):
    root = tree("a.jpg")
    scan = Scan([root / "disk"])
    assert list(scan) == []
    assert scan.is_unseen(os.fsencode(root / "disk"))
    assert scan.is_unseen(os.fsencode(root / "disk" / "1.jpg"))
    assert not scan.is_unseen(os.fsencode(root / "disk-2"))


def test_a_folder_without_permission_is_reported_and_the_rest_goes_on(tree, no_permission):
    root = tree("a/1.jpg", "b/2.jpg")
    (root / "a").chmod(0)
    try:
        scan = Scan([root])
        assert names(scan, root) == ["b/2.jpg"]
        assert "Permission denied" in messages(scan)
    finally:
        (root / "a").chmod(0o700)


def test_what_goes_while_the_walk_is_on_is_no_problem(tree):
    root = tree("a/1.jpg", "a/2.jpg", "b/3.jpg", "c/4.jpg")
    scan = Scan([root])
    photos = iter(scan)
    next(photos)
    (root / "a" / "2.jpg").unlink()
    (root / "b" / "3.jpg").unlink()
    (root / "b").rmdir()
    assert [photo.path.name for photo in photos] == ["4.jpg"]
    assert scan.problems == []


def test_a_thousand_folders_deep_is_walked(tmp_path):
    depth = 1050  # deeper than Python's stack, below the longest path that Linux takes
    here = Path.cwd()
    try:
        os.chdir(tmp_path)
        for _ in range(depth):
            os.mkdir("d")  # noqa: PTH102
            os.chdir("d")
        Path("1.jpg").write_bytes(b"1")
        assert len(list(Scan([tmp_path]))) == 1
        Path("1.jpg").unlink()
        for _ in range(depth):  # the stack of whoever cleans up is not deeper
            os.chdir("..")
            os.rmdir("d")  # noqa: PTH106
    finally:
        os.chdir(here)


def test_links_out_of_the_bounds_are_told_and_what_lies_behind_them_need_not_be_gone(
    tree, tmp_path
):
    root = tree("a.jpg", "b/in.jpg", "c-1/x.jpg")
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "x.jpg").write_bytes(b"private")
    (root / "c").symlink_to(secret)
    (root / "link.jpg").symlink_to(secret / "x.jpg")
    (root / "near.jpg").symlink_to(root / "a.jpg")
    scan = Scan([root], Bounds([root]))
    assert names(scan, root) == ["a.jpg", "b/in.jpg", "c-1/x.jpg", "near.jpg"]
    assert [problem.path for problem in scan.problems] == [root / "c", root / "link.jpg"]
    assert "leads out of the folders that were allowed" in messages(scan)
    assert scan.is_unseen(os.fsencode(root / "c" / "x.jpg"))
    assert scan.is_unseen(os.fsencode(root / "link.jpg"))
    assert not scan.is_unseen(os.fsencode(root / "c-1" / "y.jpg"))
    assert len(list(Scan([root]))) == 6  # without bounds, links are followed
