"""The structure that TIFF files and EXIF blocks share: directories of tagged values.

Reads what it is asked for and nothing else, so a big file costs a few seeks. Written for hostile
input: every count and offset is checked. Source: TIFF 6.0 (Adobe, 1992), section 2.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import BinaryIO

from whereshot.errors import DamagedPhotoError

_TYPES = {  # type number to size in bytes and struct code
    1: (1, "B"),
    2: (1, "s"),
    3: (2, "H"),
    4: (4, "I"),
    5: (8, "II"),
    6: (1, "b"),
    7: (1, "s"),
    8: (2, "h"),
    9: (4, "i"),
    10: (8, "ii"),
    11: (4, "f"),
    12: (8, "d"),
    13: (4, "I"),
}
_MOST_ENTRIES = 4096  # a directory has some dozens; a damaged count must not cost seconds


@dataclass(frozen=True, slots=True)
class Entry:
    """One tagged value: its type, how many there are, where the bytes lie, and the raw record."""

    kind: int
    count: int
    offset: int
    record: bytes

    @property
    def size(self) -> int:
        """The number of bytes of the value."""
        return _TYPES[self.kind][0] * self.count


class Tiff:
    """A TIFF file or EXIF block in a seekable stream; raises DamagedPhotoError if it is neither."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        stream.seek(0)
        head = stream.read(8)
        order = {b"II*\x00": "<", b"MM\x00*": ">"}.get(head[:4])
        if order is None or len(head) < 8:
            raise DamagedPhotoError("has a damaged TIFF or EXIF header. Copy or export it again.")
        self.order = order
        self.first: int = struct.unpack(order + "I", head[4:])[0]
        self.length = stream.seek(0, 2)

    def directory(self, offset: int) -> dict[int, Entry]:
        """The entries of the directory at an offset, by tag.

        Entries of an unknown type or that lie outside of the file are left out; the first of two
        with one tag counts.
        """
        stream, order = self._stream, self.order
        stream.seek(offset)
        head = stream.read(2)
        count = struct.unpack(order + "H", head)[0] if len(head) == 2 else 0
        if not 0 < count <= _MOST_ENTRIES:
            raise DamagedPhotoError(
                f"has a damaged TIFF directory of {count} entries. Copy or export it again."
            )
        block = stream.read(12 * count)
        entries: dict[int, Entry] = {}
        for at in range(0, len(block) - 11, 12):
            record = block[at : at + 12]
            tag, kind, number, value = struct.unpack(order + "HHII", record)
            if kind not in _TYPES:
                continue
            inside = offset + 2 + at + 8  # values of up to 4 bytes stand in the record itself
            entry = Entry(kind, number, inside, record)
            if entry.size > 4:
                entry = Entry(kind, number, value, record)
            if entry.offset + entry.size <= self.length:
                entries.setdefault(tag, entry)
        return entries

    def raw(self, entry: Entry, at_most: int = 65_536) -> bytes:
        """The bytes of a value; none if there are more than `at_most`."""
        if entry.size > at_most:
            return b""
        self._stream.seek(entry.offset)
        return self._stream.read(entry.size)

    def numbers(self, entry: Entry | None, at_most: int = 64) -> tuple[float, ...]:
        """The values of a numeric entry; rationals come as numerator, denominator, ...

        None for text, and for more than `at_most` values.
        """
        if entry is None or entry.kind in (2, 7) or entry.count > at_most:
            return ()
        raw = self.raw(entry)
        size, code = _TYPES[entry.kind]
        if len(raw) != entry.size or not raw:
            return ()
        return struct.unpack(self.order + code * (len(raw) // size), raw)

    def number(self, entries: Mapping[int, Entry], tag: int, default: int = 0) -> int:
        """The first value of a tag that holds whole numbers."""
        values = self.numbers(entries.get(tag))
        return int(values[0]) if values and isinstance(values[0], int) else default

    def text(self, entry: Entry | None) -> str:
        """The text of an entry up to its zero byte, stripped; empty for numbers."""
        if entry is None or entry.kind not in (1, 2, 7):
            return ""
        return self.raw(entry).split(b"\0", 1)[0].decode("utf-8", "replace").strip()
