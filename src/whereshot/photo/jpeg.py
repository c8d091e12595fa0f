"""What a JPEG says of itself before its pixels: size, colour model, EXIF, colour profile.

One walk over the markers, without decoding. Source: ITU-T T.81 annex B; ICC.1:2010 annex B.4.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO

from whereshot.errors import DamagedPhotoError

_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}  # SOF0 to SOF15 without DHT, JPG and DAC
_ALONE = {0x01, *range(0xD0, 0xD9)}  # TEM, RST0 to RST7 and SOI have no length
_MOST_GARBAGE = 65_536


@dataclass(frozen=True, slots=True)
class JpegHeader:
    """Everything before the first scan, and at which byte that starts.

    `frame` is the SOF marker's number: 0 baseline, 1 extended, 2 progressive, ...
    `metadata` are the starts and ends of the segments that a decoder does not need.
    """

    width: int
    height: int
    components: int
    precision: int
    frame: int
    scan_offset: int
    exif: bytes | None
    icc: bytes | None
    metadata: tuple[tuple[int, int], ...]


def read_jpeg_header(stream: BinaryIO) -> JpegHeader:
    """Walk the markers of a JPEG up to its first scan.

    Raises DamagedPhotoError if there is no frame or no scan.
    """
    frame: tuple[int, bytes] | None = None
    exif: bytes | None = None
    profile: dict[int, bytes] = {}
    metadata: list[tuple[int, int]] = []
    stream.seek(2)
    while (marker := _next_marker(stream)) != 0xDA:
        if marker in _ALONE:
            continue
        length = int.from_bytes(stream.read(2), "big") - 2
        if marker == 0xD9 or length < 0:
            raise _damaged("ends before its pixels start")
        start = stream.tell()
        if 0xE1 <= marker <= 0xED or marker == 0xFE:  # APP1 to APP13, comments
            metadata.append((start - 4, start + length))
        if marker in _FRAMES and frame is None:
            frame = (marker - 0xC0, stream.read(length))
        elif marker == 0xE1 and exif is None:
            payload = stream.read(length)
            exif = payload[6:] if payload.startswith(b"Exif\0") else None
        elif marker == 0xE2:
            payload = stream.read(length)
            if payload.startswith(b"ICC_PROFILE\0") and len(payload) > 14:
                profile.setdefault(payload[12], payload)
        else:
            stream.seek(start + length)
    if frame is None or len(frame[1]) < 6:
        raise _damaged("has no frame header")
    number, body = frame
    return JpegHeader(
        width=int.from_bytes(body[3:5], "big"),
        height=int.from_bytes(body[1:3], "big"),
        components=body[5],
        precision=body[0],
        frame=number,
        scan_offset=stream.tell(),
        exif=exif,
        icc=_join(profile),
        metadata=tuple(metadata),
    )


def without_metadata(data: bytes, header: JpegHeader) -> bytes:
    """The JPEG without EXIF, XMP, profiles, comments: what decodes to the same stored pixels."""
    ends = [0, *(end for _, end in header.metadata)]
    starts = [*(start for start, _ in header.metadata), len(data)]
    return b"".join(data[end:start] for end, start in zip(ends, starts, strict=True))


def _next_marker(stream: BinaryIO) -> int:
    """The next marker's second byte; decoders skip garbage in front of it, and so do we."""
    skipped = 0
    while skipped < _MOST_GARBAGE:
        byte = stream.read(1)
        while byte == b"\xff":
            byte = stream.read(1)
            if byte not in (b"\xff", b"\0", b""):
                return byte[0]
        if not byte:
            break
        skipped += 1
    raise _damaged("is truncated or damaged before its pixels start")


def _join(profile: dict[int, bytes]) -> bytes | None:
    """The colour profile out of its numbered pieces, if all of them are there."""
    if not profile:
        return None
    count = next(iter(profile.values()))[13]
    if sorted(profile) != list(range(1, count + 1)):
        return None
    return b"".join(profile[number][14:] for number in range(1, count + 1))


def _damaged(what: str) -> DamagedPhotoError:
    return DamagedPhotoError(f"is a JPEG that {what}. Copy it again from where it came.")
