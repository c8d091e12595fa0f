"""Raw files, made up: the structure of each kind, with a JPEG where cameras put it."""

from __future__ import annotations

import io
import struct
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from PIL import Image

Value = int | bytes | tuple[Any, ...]


def jpeg(color: tuple[int, int, int], size: tuple[int, int], **options: Any) -> bytes:
    """A JPEG of one color."""
    buffer = io.BytesIO()
    Image.new("RGB", size, color).save(buffer, "JPEG", **options)
    return buffer.getvalue()


def tiff(directories: Sequence[Mapping[int, Value]], magic: bytes = b"II*\0") -> bytes:
    """A TIFF of a chain of directories.

    Numbers are longs and bytes are text; ("block", data) is the offset of data, ("directory", {..})
    that of a directory; a kind, a count and bytes are a value of that type.
    """
    out = bytearray(magic + struct.pack("<I", 8))
    link = 4
    for entries in directories:
        offset = _write(out, entries)
        struct.pack_into("<I", out, link, offset)
        link = offset + 2 + 12 * len(entries)
    return bytes(out)


def _write(out: bytearray, entries: Mapping[int, Any]) -> int:
    """Write the values of a directory, then itself; returns its offset."""
    records = []
    for tag, value in sorted(entries.items()):
        if isinstance(value, tuple) and value[0] == "block":
            kind, count, packed = 4, 1, struct.pack("<I", _append(out, value[1]))
        elif isinstance(value, tuple) and value[0] == "directory":
            kind, count, packed = 4, 1, struct.pack("<I", _write(out, value[1]))
        elif isinstance(value, bytes):
            kind, count, packed = 2, len(value), value
        elif isinstance(value, int):
            kind, count, packed = 4, 1, struct.pack("<I", value)
        else:
            kind, count, packed = value
        if len(packed) > 4:
            packed = struct.pack("<I", _append(out, packed))
        records.append(struct.pack("<HHI4s", tag, kind, count, packed.ljust(4, b"\0")))
    return _append(out, struct.pack("<H", len(records)) + b"".join(records) + bytes(4))


def _append(out: bytearray, data: bytes) -> int:
    out.extend(b"\0" * (len(out) % 2))
    offset = len(out)
    out.extend(data)
    return offset


def about(orientation: int = 1) -> dict[int, Any]:
    """Tags of a first directory: who made it, how it is held, when it was taken."""
    return {
        0x010F: b"NIKON CORPORATION\0",
        0x0110: b"NIKON D750\0",
        0x0112: orientation,
        0x8769: ("directory", {0x9003: b"2024:03:01 12:30:05\0"}),
    }


def nef(picture: bytes, thumbnail: bytes, orientation: int = 1) -> bytes:
    """Nikon: the picture is in a directory of its own, below the first."""
    preview = {0x0103: 6, 0x0201: ("block", picture), 0x0202: len(picture)}
    small = {0x0103: 6, 0x0201: ("block", thumbnail), 0x0202: len(thumbnail)}
    return tiff([{**about(orientation), 0x014A: ("directory", preview)}, small])


def cr2(picture: bytes, sensor: bytes) -> bytes:
    """Canon's older kind: the picture is a strip of the first directory, the sensor a later one."""
    return tiff(
        [
            {**about(), 0x0103: 6, 0x0111: ("block", picture), 0x0117: len(picture)},
            {0x0103: 6, 0x0111: ("block", sensor), 0x0117: len(sensor)},
        ]
    )


def rw2(picture: bytes) -> bytes:
    """Panasonic: a number of its own, and the picture as a value."""
    return tiff([{**about(), 0x002E: (7, len(picture), picture)}], magic=b"IIU\0")


def orf(picture: bytes) -> bytes:
    """Olympus: a number of its own, and the picture in notes that only the maker reads."""
    return tiff([about()], magic=b"IIRO") + b"OLYMPUS\0notes" + picture + b"more notes"


def raf(picture: bytes) -> bytes:
    """Fujifilm: a header, then the picture, then the sensor."""
    start = 160
    head = b"FUJIFILMCCD-RAW 0201FF389501".ljust(84, b"\0") + struct.pack(
        ">II", start, len(picture)
    )
    return head.ljust(start, b"\0") + picture + b"sensor" * 100


def cr3(picture: bytes) -> bytes:
    """Canon's newer kind: boxes, of which three are TIFFs of one directory each."""
    gps = {1: b"S\0", 2: _angle(13, 9, 47), 3: b"W\0", 4: _angle(72, 32, 42)}
    parts = [
        (b"CMT1", tiff([{0x010F: b"Canon\0", 0x0110: b"Canon EOS R6\0", 0x0112: 6}])),
        (b"CMT2", tiff([{0x9003: b"2024:03:01 12:30:05\0", 0x9011: b"+02:00\0"}])),
        (b"CMT4", tiff([gps])),
    ]
    canon = bytes.fromhex("85c0b687820f11e08111f4ce462b6a48")
    preview = bytes.fromhex("eaf42b5e1c984b88b9fbb7dc406e4d16")
    moov = _box(b"moov", _box(b"uuid", canon + b"".join(_box(*part) for part in parts)))
    return (
        _box(b"ftyp", b"crx \0\0\0\1crx isom")
        + moov
        + _box(b"uuid", preview + bytes(8) + _box(b"PRVW", bytes(16) + picture))
        + _box(b"mdat", b"sensor" * 100)
    )


def _angle(degrees: int, minutes: int, seconds: int) -> Value:
    return (5, 3, struct.pack("<6I", degrees, 1, minutes, 1, seconds, 1))


def _box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", len(content) + 8, kind) + content


def dng_without_picture(size: int = 64) -> bytes:
    """A DNG that holds nothing but what a sensor saw: a red wall."""
    sensor = np.zeros((size, size), "<u2")
    sensor[::2, ::2] = 40_000
    data = sensor.tobytes()
    identity = [1, 1, 0, 1, 0, 1, 0, 1, 1, 1, 0, 1, 0, 1, 0, 1, 1, 1]
    entries: dict[int, Value] = {
        **about(),
        0x00FE: 0,
        0x0100: size,
        0x0101: size,
        0x0102: 16,
        0x0103: 1,
        0x0106: 32803,
        0x0111: ("block", data),
        0x0115: 1,
        0x0116: size,
        0x0117: len(data),
        0x828D: (3, 2, struct.pack("<2H", 2, 2)),
        0x828E: (1, 4, bytes([0, 1, 1, 2])),
        0xC612: (1, 4, bytes([1, 4, 0, 0])),
        0xC621: (10, 9, struct.pack("<18i", *identity)),
    }
    return tiff([entries])
