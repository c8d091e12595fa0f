"""EXIF is found wherever a format may keep it."""

from __future__ import annotations

import io
import struct
import zlib
from itertools import pairwise

import pytest
from pictures import HEIC, encode, exif, scene

from whereshot.errors import DamagedPhotoError
from whereshot.photo import decode, read_exif
from whereshot.photo.bmff import boxes, exif_item, without_metadata
from whereshot.photo.tiff import Tiff

EXIF = exif(8).tobytes().removeprefix(b"Exif\0\0")


def box(kind: bytes, *content: bytes) -> bytes:
    body = b"".join(content)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def heif(
    *, version: int = 0, infe: int = 2, inline: bool = False, prefix: bytes = b"", pieces: int = 1
) -> bytes:
    """A HEIF file without an image whose second item is EXIF, in any version of the boxes."""
    payload = struct.pack(">I", len(prefix)) + prefix + EXIF
    wide = infe == 3

    def number(value: int, large: bool) -> bytes:
        return struct.pack(">I" if large else ">H", value)

    def entry(item: int, kind: bytes) -> bytes:
        head = bytes((infe, 0, 0, 0)) + number(item, wide) + b"\0\0"
        return box(b"infe", head, kind, b"name\0")

    def build(start: int) -> bytes:
        large = version == 2
        method = b"" if version == 0 else struct.pack(">H", int(inline))
        index = b"\0" * 4 if version else b""
        cuts = [len(payload) * i // pieces for i in range(pieces + 1)]
        extents = b"".join(index + struct.pack(">II", start + a, b - a) for a, b in pairwise(cuts))
        first = number(1, large) + method + b"\0\0" + number(1, False) + index + bytes(8)
        second = number(2, large) + method + b"\0\0" + number(pieces, False) + extents
        sizes = bytes((0x44, 0x04 if version else 0x00))
        iloc = bytes((version, 0, 0, 0)) + sizes + number(2, large) + first + second
        iinf = bytes((int(wide), 0, 0, 0)) + number(2, wide)
        return box(b"ftyp", b"heic\0\0\0\0mif1heic") + box(
            b"meta",
            bytes(4),
            box(b"iinf", iinf, entry(1, b"hvc1"), entry(2, b"Exif")),
            box(b"iloc", iloc),
            box(b"idat", payload) if inline else b"",
        )

    if inline:
        return build(0)
    head = build(0)
    return build(len(head) + 8) + box(b"mdat", payload)


@pytest.mark.parametrize("version", [0, 1, 2])
@pytest.mark.parametrize("infe", [2, 3])
@pytest.mark.parametrize("prefix", [b"", b"Exif\0\0"])
def test_exif_of_heif_is_found_in_every_version(version: int, infe: int, prefix: bytes) -> None:
    data = heif(version=version, infe=infe, prefix=prefix)
    assert exif_item(io.BytesIO(data)) == EXIF
    assert read_exif(data).orientation == 8


def test_exif_of_heif_may_lie_beside_its_description() -> None:
    assert exif_item(io.BytesIO(heif(version=1, inline=True))) == EXIF


def test_exif_of_heif_may_lie_in_pieces() -> None:
    assert exif_item(io.BytesIO(heif(pieces=3))) == EXIF


def test_boxes_may_be_long_or_reach_to_the_end() -> None:
    long = struct.pack(">I4sQ", 1, b"long", 20) + b"1234"
    open_end = struct.pack(">I4s", 0, b"last") + b"123456"
    stream = io.BytesIO(box(b"free", b"ab") + long + open_end)
    found = [(item.kind, item.end - item.start) for item in boxes(stream, 0, 44)]
    assert found == [(b"free", 2), (b"long", 4), (b"last", 6)]


@pytest.mark.parametrize("size", [2, 7, 100, 0xFFFFFFFF])
def test_boxes_end_where_their_sizes_are_wrong(size: int) -> None:
    data = box(b"free") + struct.pack(">I4s", size, b"oops") + b"1234"
    assert [item.kind for item in boxes(io.BytesIO(data), 0, len(data))] == [b"free"]


def test_hiding_metadata_changes_nothing_but_their_references() -> None:
    data = (HEIC / "gps.heic").read_bytes()
    hidden = without_metadata(data)
    assert len(hidden) == len(data)
    assert hidden != data
    assert hidden.replace(b"skip", b"cdsc") == data


def test_exif_behind_the_pixels_of_a_png_is_found() -> None:
    data = encode(scene(), "PNG")
    chunk = struct.pack(">I", len(EXIF)) + b"eXIf" + EXIF
    chunk += struct.pack(">I", zlib.crc32(chunk[4:]))
    data = data[:-12] + chunk + data[-12:]
    assert read_exif(data).orientation == 8
    assert decode(data).shape == (96, 64, 3)


def test_exif_of_a_webp_with_an_odd_chunk_before_it_is_found() -> None:
    data = encode(scene(), "WEBP", exif=EXIF, icc_profile=b"odd")
    assert read_exif(data).orientation == 8


def test_the_first_exif_of_a_jpeg_counts_and_xmp_is_no_exif() -> None:
    def segment(content: bytes) -> bytes:
        return b"\xff\xe1" + struct.pack(">H", len(content) + 2) + content

    data = encode(scene(), "JPEG")
    xmp = segment(b"http://ns.adobe.com/xap/1.0/\0<x/>")
    six = segment(b"Exif\0\0" + exif(6).tobytes().removeprefix(b"Exif\0\0"))
    eight = segment(b"Exif\0\0" + EXIF)
    assert read_exif(data[:2] + xmp + six + eight + data[2:]).orientation == 6


@pytest.mark.parametrize("order", ["<", ">"])
def test_directories_of_both_byte_orders_are_read(order: str) -> None:
    head = b"II*\0" if order == "<" else b"MM\0*"
    data = head + struct.pack(order + "I", 8) + struct.pack(order + "H", 3)
    data += struct.pack(order + "HHIHH", 0x0112, 3, 1, 6, 0)
    data += struct.pack(order + "HHII", 0x010F, 2, 6, 50)
    data += struct.pack(order + "HHI", 0x0110, 2, 3) + b"abc\0"
    data = data.ljust(50, b"\0") + b"maker\0"
    tiff = Tiff(io.BytesIO(data))
    entries = tiff.directory(tiff.first)
    assert tiff.number(entries, 0x0112) == 6
    assert tiff.text(entries[0x010F]) == "maker"
    assert tiff.text(entries[0x0110]) == "abc"
    assert tiff.number(entries, 0x9999, 42) == 42


def test_entries_that_lie_outside_of_the_file_are_left_out() -> None:
    data = b"II*\0\x08\0\0\0\x02\0"
    data += struct.pack("<HHII", 0x010F, 2, 6, 5000) + struct.pack("<HHII", 0x0110, 2, 1 << 31, 8)
    tiff = Tiff(io.BytesIO(data))
    assert tiff.directory(tiff.first) == {}


@pytest.mark.parametrize("data", [b"", b"II*\0", b"XX*\0\x08\0\0\0"])
def test_what_is_no_tiff_is_damaged(data: bytes) -> None:
    with pytest.raises(DamagedPhotoError, match="damaged TIFF or EXIF header"):
        Tiff(io.BytesIO(data))


def test_a_directory_beyond_the_end_is_damaged() -> None:
    tiff = Tiff(io.BytesIO(b"II*\0\x08\0\0\0"))
    with pytest.raises(DamagedPhotoError, match="directory of 0 entries"):
        tiff.directory(tiff.first)
