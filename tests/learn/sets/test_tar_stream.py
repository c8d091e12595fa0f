"""The reader against tarfile's writer, in every format and however the bytes are cut."""

from __future__ import annotations

import io
import tarfile

import pytest

from whereshot.learn.sets.tar_stream import read_members
from whereshot.learn.sets.unpack import BadArchiveError

FORMATS = {"ustar": tarfile.USTAR_FORMAT, "gnu": tarfile.GNU_FORMAT, "pax": tarfile.PAX_FORMAT}
FILES = {"a/b/c/one.jpg": b"1" * 700, "a/b/two.jpg": b"", "three.jpg": b"3" * 512, "4": b"4" * 513}


def archive_of(files, form=tarfile.USTAR_FORMAT, **more):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=form) as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            for key, value in more.items():
                setattr(info, key, value)
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def cut(content, size):
    return (content[start : start + size] for start in range(0, len(content), size))


def read(content, size=1000):
    return {
        member.name: b"".join(member.chunks) for member in read_members(cut(content, size), "a.tar")
    }


@pytest.mark.parametrize("size", [1, 511, 512, 10_000, 1 << 20])
@pytest.mark.parametrize("form", FORMATS)
def test_files_come_out_as_they_went_in(form, size):
    assert read(archive_of(FILES, FORMATS[form]), size) == FILES


def test_what_nobody_takes_is_passed_over():
    content = archive_of(FILES)
    taken = [next(m.chunks, b"") for m in read_members(cut(content, 300), "a.tar") if m.size > 600]
    assert len(taken) == 1
    assert [member.name for member in read_members(cut(content, 300), "a.tar")] == list(FILES)


def test_all_of_the_archive_is_read_for_its_checksum():
    content = archive_of(FILES) + bytes(20_000)
    came = []

    def watched():
        for chunk in cut(content, 900):
            came.append(len(chunk))
            yield chunk

    for _ in read_members(watched(), "a.tar"):
        pass
    assert sum(came) == len(content)


@pytest.mark.parametrize("form", ["gnu", "pax"])
def test_headers_about_the_next_file_are_passed_over(form):
    files = {"x" * 200 + ".jpg": b"long", "short.jpg": b"short"}
    found = read(archive_of(files, FORMATS[form], mtime=1.5 if form == "pax" else 1))
    assert found["short.jpg"] == b"short"
    assert list(found.values()) == [b"long", b"short"]


def test_a_long_name_in_a_prefix_is_put_together():
    name = "d" * 90 + "/" + "e" * 60 + "/photo.jpg"
    assert read(archive_of({name: b"x"})) == {name: b"x"}


def test_only_plain_files_come():
    buffer = io.BytesIO()
    kinds = (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.DIRTYPE)
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for kind in (*kinds, tarfile.FIFOTYPE):
            info = tarfile.TarInfo("link.jpg")
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
        info = tarfile.TarInfo("real.jpg")
        info.size = 3
        archive.addfile(info, io.BytesIO(b"abc"))
    assert read(buffer.getvalue()) == {"real.jpg": b"abc"}


@pytest.mark.parametrize("length", [1, 511, 600, 1100, 2047])
def test_an_archive_that_is_cut_off_is_told(length):
    with pytest.raises(BadArchiveError, match=r"'a\.tar' ends in the middle"):
        read(archive_of({"a.jpg": b"a" * 2000})[:length])


def test_an_archive_without_an_end_mark_is_whole_if_its_last_file_is():
    assert read(archive_of({"a.jpg": b"a" * 512})[:1024]) == {"a.jpg": b"a" * 512}


@pytest.mark.parametrize(
    "content",
    [
        b"<html>" * 200,
        b"x" * 5000,
        archive_of(FILES)[10:],
        archive_of(FILES)[:124] + b"99999999999\0" + archive_of(FILES)[136:],
        archive_of(FILES)[:124] + b"-0000000007\0" + archive_of(FILES)[136:],
        archive_of(FILES)[:124] + b"\x80" + bytes(11) + archive_of(FILES)[136:],
    ],
    ids=["html", "noise", "shifted", "bad_digits", "negative", "base_256"],
)
def test_what_is_no_tar_archive_is_told(content):
    with pytest.raises(BadArchiveError, match="not a sound TAR archive"):
        read(content)


def test_a_header_of_gigabytes_takes_no_memory():
    info = tarfile.TarInfo("pax")
    info.type, info.size = tarfile.XHDTYPE, 8_000_000_000
    chunks = [info.tobuf(tarfile.USTAR_FORMAT), bytes(100_000)]
    with pytest.raises(BadArchiveError, match="ends in the middle"):
        list(read_members(iter(chunks), "a.tar"))
