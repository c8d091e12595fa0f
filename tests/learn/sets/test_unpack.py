from __future__ import annotations

import io
import os
import random
import shutil
import stat
import struct
import zipfile

import pytest

from whereshot.errors import FetchError
from whereshot.learn.sets.unpack import ArchiveLimits, BadArchiveError, unpack


def archive(path, entries, **options):
    """A zip archive; entries are (name or ZipInfo, content)."""
    with zipfile.ZipFile(path, "w", **options) as zipped:
        for name, content in entries:
            zipped.writestr(name, content)
    return path


def entry(name, *, mode=0):
    """An entry under exactly this name: the ZipInfo constructor would tidy it."""
    info = zipfile.ZipInfo("placeholder")
    info.filename = name
    info.external_attr = mode << 16
    return info


def tree(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_an_archive_arrives_whole_and_leaves_nothing_beside_it(tmp_path):
    noise = os.urandom(600_000)
    zipped = archive(
        tmp_path / "a.zip",
        [
            ("set/train/A/1.jpg", b"one"),
            ("set/test/", b""),
            ("set/test/B/2.jpg", noise),
            ("./c", b""),
        ],
        compression=zipfile.ZIP_DEFLATED,
    )
    told = []
    unpack(zipped, tmp_path / "out", on_progress=lambda done, total: told.append((done, total)))
    assert tree(tmp_path / "out") == {
        "set/train/A/1.jpg": b"one",
        "set/test/B/2.jpg": noise,
        "c": b"",
    }
    assert told[-1] == (600_003, 600_003)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.zip", "out"]


def test_what_file_managers_leave_behind_is_passed_over(tmp_path):
    names = ["__MACOSX/set/._1.jpg", "set/.DS_Store", "set/Thumbs.db", "set/1.jpg"]
    zipped = archive(tmp_path / "a.zip", [(name, b"x") for name in names])
    unpack(zipped, tmp_path / "out")
    assert tree(tmp_path / "out") == {"set/1.jpg": b"x"}


@pytest.mark.parametrize(
    "name",
    [
        "../evil.jpg",
        "set/../../evil.jpg",
        "set/..",
        "/etc/evil.jpg",
        "//server/evil.jpg",
        "C:/evil.jpg",
        "C:evil.jpg",
        "..\\evil.jpg",
        "set\\evil.jpg",
        "set/evil.jpg\0.png",
        "set/photo.jpg:stream",
        "set/evil\n.jpg",
        "set/con",
        "set/NUL.jpg",
        "set/name.",
        "set/name ",
        "set/" + "x" * 300,
    ],
)
def test_a_name_that_is_not_safe_everywhere_is_refused_before_a_byte_is_written(tmp_path, name):
    zipped = archive(tmp_path / "a.zip", [("set/good.jpg", b"good"), (entry(name), b"evil")])
    with pytest.raises(BadArchiveError, match=r"leads out of the folder or is not portable"):
        unpack(zipped, tmp_path / "deep" / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["a.zip"]


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFSOCK])
def test_links_and_devices_are_refused(tmp_path, kind):
    zipped = archive(tmp_path / "a.zip", [(entry("set/link", mode=kind | 0o777), b"/etc/passwd")])
    with pytest.raises(BadArchiveError, match="a link or a device"):
        unpack(zipped, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("set/A.jpg", "set/a.jpg"),
        ("Set/1.jpg", "set/2.jpg"),
        ("set/caf\u00e9.jpg", "set/cafe\u0301.jpg"),
    ],
)
def test_names_that_are_one_where_case_does_not_count_are_refused(tmp_path, first, second):
    zipped = archive(tmp_path / "a.zip", [(first, b"1"), (second, b"2")])
    with pytest.raises(BadArchiveError, match="where case does not count"):
        unpack(zipped, tmp_path / "out")


@pytest.mark.parametrize("names", [("a", "a"), ("a", "a/b"), ("a/b", "a")])
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_one_name_for_two_entries_is_refused(tmp_path, names):
    zipped = archive(tmp_path / "a.zip", [(entry(name), b"x") for name in names])
    with pytest.raises(BadArchiveError, match="a name that another entry has already"):
        unpack(zipped, tmp_path / "out")


def test_a_bomb_is_refused_by_its_ratio(tmp_path):
    zipped = archive(
        tmp_path / "a.zip", [("set/bomb.bmp", bytes(50_000_000))], compression=zipfile.ZIP_DEFLATED
    )
    with pytest.raises(BadArchiveError, match="claim to be 50,000,000"):
        unpack(zipped, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_many_small_bombs_are_refused_by_their_sum(tmp_path):
    entries = [(f"set/{number}.bmp", bytes(900_000)) for number in range(30)]
    zipped = archive(tmp_path / "a.zip", entries, compression=zipfile.ZIP_DEFLATED)
    with pytest.raises(BadArchiveError, match=r"beyond 1,000,000 files or \d"):
        unpack(zipped, tmp_path / "out")


@pytest.mark.parametrize("limits", [ArchiveLimits(max_files=2), ArchiveLimits(max_bytes=29)])
def test_the_limits_on_files_and_bytes_hold(tmp_path, limits):
    zipped = archive(tmp_path / "a.zip", [(f"{number}.jpg", bytes(10)) for number in range(3)])
    with pytest.raises(BadArchiveError, match="beyond"):
        unpack(zipped, tmp_path / "out", limits=limits)
    unpack(zipped, tmp_path / "out", limits=ArchiveLimits(max_files=3, max_bytes=30))


def test_an_entry_that_lies_about_its_size_is_caught(tmp_path):
    zipped = archive(tmp_path / "a.zip", [("a.jpg", b"x" * 1000)])
    content = bytearray(zipped.read_bytes())
    central = content.rindex(b"PK\x01\x02")
    content[central + 24 : central + 28] = struct.pack("<I", 2000)  # the unpacked size
    zipped.write_bytes(content)
    with pytest.raises(BadArchiveError, match="not a sound zip archive"):
        unpack(zipped, tmp_path / "out")


def test_an_encrypted_entry_is_refused(tmp_path):
    zipped = archive(tmp_path / "a.zip", [("a.jpg", b"x")])
    content = bytearray(zipped.read_bytes())
    content[content.rindex(b"PK\x01\x02") + 8] |= 1
    zipped.write_bytes(content)
    with pytest.raises(BadArchiveError, match="encrypted"):
        unpack(zipped, tmp_path / "out")


def test_a_wrong_checksum_leaves_nothing_behind(tmp_path):
    noise = os.urandom(50_000)
    zipped = archive(tmp_path / "a.zip", [("a.jpg", b"good"), ("b.jpg", noise)])
    content = bytearray(zipped.read_bytes())
    content[content.index(noise[:100]) + 25_000] ^= 1
    zipped.write_bytes(content)
    with pytest.raises(BadArchiveError, match=r"not a sound zip archive.*CRC"):
        unpack(zipped, tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["a.zip"]


@pytest.mark.parametrize("content", [b"", b"<html>sign in</html>", b"PK\x03\x04 cut off"])
def test_what_is_not_a_zip_archive_is_refused(tmp_path, content):
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(BadArchiveError, match="not a sound zip archive"):
        unpack(tmp_path / "a.zip", tmp_path / "out")


def test_randomly_damaged_archives_unpack_rightly_or_fail_cleanly(tmp_path):
    buffer = io.BytesIO()
    files = {f"set/{name}/{n}.jpg": os.urandom(80) * 3 for name in "AB" for n in range(3)}
    archive(buffer, files.items(), compression=zipfile.ZIP_DEFLATED)
    sound = buffer.getvalue()
    rng = random.Random(7)
    failed = 0
    for attempt in range(400):
        damaged = bytearray(sound)
        for _ in range(rng.randint(1, 3)):
            damaged[rng.randrange(len(damaged))] ^= 1 << rng.randrange(8)
        if attempt % 4 == 0:
            del damaged[rng.randrange(len(damaged)) :]
        (tmp_path / "a.zip").write_bytes(damaged)
        out = tmp_path / f"out{attempt}"
        try:
            unpack(tmp_path / "a.zip", out)
        except FetchError:
            failed += 1
            assert not out.exists()
        else:
            assert set(tree(out).values()) <= set(files.values())
    assert failed > 200
    assert not list(tmp_path.glob(".unpacking-*"))


def test_a_target_that_exists_is_never_touched(tmp_path):
    zipped = archive(tmp_path / "a.zip", [("a.jpg", b"new")])
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.jpg").write_bytes(b"mine")
    with pytest.raises(FetchError, match="exists"):
        unpack(zipped, tmp_path / "out")
    assert tree(tmp_path / "out") == {"a.jpg": b"mine"}


def test_a_full_disk_is_told_before_unpacking_and_is_not_the_archives_fault(tmp_path, monkeypatch):
    class Usage:
        free = 5

    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage())
    zipped = archive(tmp_path / "a.zip", [("a.jpg", b"123456")])
    with pytest.raises(FetchError, match="has 5 bytes free, unpacking needs 6") as caught:
        unpack(zipped, tmp_path / "out")
    assert not isinstance(caught.value, BadArchiveError)
