"""Where and when a photo was taken, and with what, as its EXIF says.

EXIF comes from a hundred kinds of firmware: whatever is missing, impossible or damaged is left out,
and a wrong place or time is worse than none. Source: CIPA DC-008 (Exif 3.0).
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import BinaryIO

from whereshot.errors import DamagedPhotoError
from whereshot.photo.containers import exif_block
from whereshot.photo.source import open_photo
from whereshot.photo.tiff import Entry, Tiff
from whereshot.records import Location, Photo

GPS_RADIUS_KM = 0.02
"""How good a position is that does not say so: a phone under open sky, with room for error."""

_DATE = re.compile(r"(\d{4})[:/-](\d\d)[:/-](\d\d)[ T](\d\d):(\d\d):(\d\d)", re.ASCII)
_OFFSET = re.compile(r"([+-])(\d\d):?(\d\d)$", re.ASCII)

# Tags of original and of digitized time, and of their fractions of seconds and offsets to UTC.
_TIMES = ((0x9003, 0x9291, 0x9011), (0x9004, 0x9292, 0x9012))


@dataclass(frozen=True, slots=True)
class PhotoExif:
    """What EXIF says of a photo.

    `taken_at` is aware if EXIF has the offset to UTC, else naive local time. `orientation` is the
    tag's value, 1 to 8, and 1 if there is none; `decode` has applied it, or for HEIC and AVIF the
    container's own.
    """

    location: Location | None = None
    taken_at: datetime | None = None
    camera: str = ""
    orientation: int = 1


def read_exif(source: Photo) -> PhotoExif:
    """Read a photo's EXIF without decoding it; fields that it lacks or that are odd stay empty.

    Raises PhotoNotFoundError, PhotoAccessError or PhotoTooLargeError if the file can't be opened,
    and nothing for what is in it.
    """
    with open_photo(source) as stream:
        try:
            block = exif_block(stream)
            return parse_exif(block) if block is not None else PhotoExif()
        except DamagedPhotoError:
            return PhotoExif()


def parse_exif(block: BinaryIO) -> PhotoExif:
    """The fields of an EXIF block, or of a TIFF file, which is one."""
    tiff = Tiff(block)
    main = tiff.directory(tiff.first)
    details = _linked(tiff, main, 0x8769)
    return PhotoExif(
        location=_location(tiff, _linked(tiff, main, 0x8825)),
        taken_at=_taken_at(tiff, details),
        camera=_camera(tiff.text(main.get(0x010F)), tiff.text(main.get(0x0110))),
        orientation=_orientation(tiff, main),
    )


def parse_exif_parts(main: BinaryIO, details: BinaryIO, gps: BinaryIO) -> PhotoExif:
    """The same out of three TIFF files, one for each directory, as Canon's CR3 has them."""
    tiffs = [Tiff(part) for part in (main, details, gps)]
    directories = [tiff.directory(tiff.first) for tiff in tiffs]
    return replace(
        parse_exif(main),
        location=_location(tiffs[2], directories[2]),
        taken_at=_taken_at(tiffs[1], directories[1]),
    )


def orientation_of(block: bytes | None) -> int:
    """The orientation, 1 to 8, of an EXIF block; 1 if it has none or is damaged.

    >>> orientation_of(b"no EXIF")
    1
    """
    if not block:
        return 1
    try:
        tiff = Tiff(io.BytesIO(block.removeprefix(b"Exif\0\0")))
        return _orientation(tiff, tiff.directory(tiff.first))
    except DamagedPhotoError:
        return 1


def _orientation(tiff: Tiff, main: Mapping[int, Entry]) -> int:
    value = tiff.number(main, 0x0112, 1)
    return value if 1 <= value <= 8 else 1


def _linked(tiff: Tiff, main: Mapping[int, Entry], tag: int) -> dict[int, Entry]:
    """The directory that a tag points to; empty if there is none."""
    try:
        return tiff.directory(tiff.number(main, tag)) if tag in main else {}
    except DamagedPhotoError:
        return {}


def _camera(make: str, model: str) -> str:
    """Maker and model in one; most makers repeat their name in the model.

    >>> _camera("Canon", "Canon EOS R6"), _camera("Apple", "iPhone 15")
    ('Canon EOS R6', 'Apple iPhone 15')
    """
    brand = make.split(" ")[0].casefold()
    if brand and model.casefold().startswith(brand):
        return model
    return f"{make} {model}".strip()


def _taken_at(tiff: Tiff, details: Mapping[int, Entry]) -> datetime | None:
    for date_tag, fraction_tag, offset_tag in _TIMES:
        found = _DATE.match(tiff.text(details.get(date_tag)))
        if found is None:
            continue
        fraction = tiff.text(details.get(fraction_tag))
        digits = fraction if fraction.isascii() and fraction.isdigit() else "0"
        try:
            return datetime(
                *map(int, found.groups()),
                microsecond=int(digits[:6].ljust(6, "0")),
                tzinfo=_offset(tiff.text(details.get(offset_tag))),
            )
        except ValueError:  # zeros, or a 31st of June
            continue
    return None


def _offset(text: str) -> timezone | None:
    if text == "Z":
        return UTC
    found = _OFFSET.match(text)
    if found is None:
        return None
    offset = timedelta(hours=int(found[2]), minutes=int(found[3]))
    if offset > timedelta(hours=14):  # Kiribati's, and the largest there is
        return None
    return timezone(-offset if found[1] == "-" else offset)


def _location(tiff: Tiff, gps: Mapping[int, Entry]) -> Location | None:
    latitude = _angle(tiff, gps, 0x0002, {"N": 1, "S": -1}, 90)
    longitude = _angle(tiff, gps, 0x0004, {"E": 1, "W": -1}, 180)
    if latitude is None or longitude is None:
        return None
    if latitude == longitude == 0:  # what devices write that had no fix
        return None
    error_m = _rationals(tiff, gps.get(0x001F), 1)
    good = error_m is not None and 0 < error_m[0] < 20_000_000  # half of Earth's girth
    radius_km = error_m[0] / 1000 if error_m is not None and good else GPS_RADIUS_KM
    return Location(latitude, longitude, radius_km, "exif")


def _angle(
    tiff: Tiff, gps: Mapping[int, Entry], tag: int, signs: Mapping[str, int], most: int
) -> float | None:
    """Degrees from degrees, minutes, seconds; the reference is in the tag before.

    Without the reference the hemisphere is unknown, and so the place.
    """
    sign = signs.get(tiff.text(gps.get(tag - 1))[:1].upper())
    parts = _rationals(tiff, gps.get(tag), 3)
    if sign is None or parts is None or min(parts) < 0 or max(parts[1:]) > 60:
        return None
    degrees = parts[0] + parts[1] / 60 + parts[2] / 3600
    return sign * degrees if degrees <= most else None


def _rationals(tiff: Tiff, entry: Entry | None, count: int) -> tuple[float, ...] | None:
    """The values of a rational entry; None if one is missing, infinite or not a number.

    0/0, which the standard reserves for "unknown", counts as 0 after the first value: devices
    write it for seconds when they give fractions of minutes.
    """
    if entry is None or entry.kind not in (5, 10) or entry.count != count:
        return None
    numbers = tiff.numbers(entry)
    values: list[float] = []
    for numerator, denominator in zip(numbers[::2], numbers[1::2], strict=True):
        if denominator:
            values.append(numerator / denominator)
        elif numerator == 0 and values:
            values.append(0.0)
        else:
            return None
    return tuple(values) if len(values) == count and all(map(math.isfinite, values)) else None
