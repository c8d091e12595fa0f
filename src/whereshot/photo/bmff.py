"""The container of HEIC and AVIF: boxes, and in them the items that a file consists of.

Source: ISO/IEC 14496-12 (ISO base media file format), 8.11; ISO/IEC 23008-12 (HEIF), A.2 for EXIF.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

_MOST_META_BYTES = 16_000_000
_MOST_EXIF_BYTES = 16_000_000
_MOST_EXTENTS = 64  # an EXIF item has one piece


@dataclass(frozen=True, slots=True)
class Box:
    """The content of a box, from `start` to `end` in its file or parent."""

    kind: bytes
    start: int
    end: int


def boxes(stream: BinaryIO, start: int, end: int) -> Iterator[Box]:
    """The boxes between two positions, as far as they are sound."""
    while start + 8 <= end:
        stream.seek(start)
        head = stream.read(16)
        size, content = int.from_bytes(head[:4], "big"), start + 8
        if size == 1:
            size, content = int.from_bytes(head[8:16], "big"), start + 16
        elif size == 0:
            size = end - start
        if size < content - start or start + size > end:
            return
        yield Box(head[4:8], content, start + size)
        start += size


def without_metadata(data: bytes) -> bytes:
    """The file with EXIF and XMP out of the decoder's sight; decodes to the same stored pixels.

    Metadata describe an image by a reference of type `cdsc`: renamed, they describe nothing.
    libheif's Python binding crashes the process on some damaged metadata, and orientation counts
    only from the container's own properties.
    """
    for box in boxes(io.BytesIO(data), 0, len(data)):
        if box.kind == b"meta":
            meta = data[box.start : box.end].replace(b"cdsc", b"skip")
            data = data[: box.start] + meta + data[box.end :]
    return data


def exif_item(stream: BinaryIO) -> bytes | None:
    """The EXIF block of a HEIC or AVIF file; None if it has none or its place is damaged."""
    length = stream.seek(0, io.SEEK_END)
    for box in boxes(stream, 0, length):
        if box.kind == b"meta" and box.end - box.start <= _MOST_META_BYTES:
            stream.seek(box.start)
            return _exif_of(stream.read(box.end - box.start), stream)
    return None


def _exif_of(meta: bytes, stream: BinaryIO) -> bytes | None:
    # The meta box is a full box: four bytes of version and flags come first.
    parts = {box.kind: box for box in boxes(io.BytesIO(meta), 4, len(meta))}
    if b"iinf" not in parts or b"iloc" not in parts:
        return None
    item = _exif_id(meta, parts[b"iinf"])
    if item is None:
        return None
    inline = parts.get(b"idat")
    pieces: list[bytes] = []
    for method, offset, size in _extents(meta, parts[b"iloc"], item):
        if method == 0:
            stream.seek(offset)
            pieces.append(stream.read(min(size, _MOST_EXIF_BYTES)))
        elif method == 1 and inline is not None:
            pieces.append(meta[inline.start : inline.end][offset : offset + size])
    block = b"".join(pieces)
    # The item starts with the distance from behind this number to the TIFF header.
    return block[4 + int.from_bytes(block[:4], "big") :] or None


def _exif_id(meta: bytes, info: Box) -> int | None:
    """The number of the first item of type Exif."""
    stream = io.BytesIO(meta)
    count_size = 2 if meta[info.start] == 0 else 4
    for entry in boxes(stream, info.start + 4 + count_size, info.end):
        content = meta[entry.start : entry.end]
        id_size = 4 if content[:1] == b"\3" else 2  # versions 2 and 3 are the ones with types
        if entry.kind == b"infe" and content[6 + id_size : 10 + id_size] == b"Exif":
            return int.from_bytes(content[4 : 4 + id_size], "big")
    return None


def _extents(meta: bytes, place: Box, item: int) -> list[tuple[int, int, int]]:
    """Where an item lies: the construction method, offset and size of each of its pieces."""
    stream = io.BytesIO(meta[place.start : place.end])

    def number(size: int) -> int:
        return int.from_bytes(stream.read(size), "big")

    version = number(4) >> 24
    sizes = number(2)
    offset_size, length_size, base_size = sizes >> 12, sizes >> 8 & 15, sizes >> 4 & 15
    index_size = sizes & 15 if version else 0
    for _ in range(number(2 if version < 2 else 4)):
        found = number(2 if version < 2 else 4)
        method = number(2) & 15 if version else 0
        number(2)  # data in another file: does not happen in photos
        base, count = number(base_size), number(2)
        if found == item and count <= _MOST_EXTENTS:
            extents: list[tuple[int, int, int]] = []
            for _ in range(count):
                number(index_size)
                extents.append((method, base + number(offset_size), number(length_size)))
            return extents
        stream.seek(count * (index_size + offset_size + length_size), 1)
        if stream.tell() >= place.end - place.start:  # a damaged count: no more to find
            break
    return []
