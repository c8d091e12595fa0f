"""Coordinates as XMP writes them: degrees, minutes and a letter.

Source: XMP Specification part 2, section 1.2.7.4 (GPSCoordinate).
"""

from __future__ import annotations

import re

_FORM = re.compile(r"(\d{1,3}),(\d{1,2}(?:\.\d*)?)(?:,(\d{1,2}(?:\.\d*)?))?([NSEWnsew])", re.ASCII)
_UNIT = 1_000_000  # parts of a minute that are written: 2 mm on the ground


def latitude_text(degrees: float) -> str:
    """A latitude in degrees as XMP writes it.

    >>> latitude_text(51.929), latitude_text(-13.1631)
    ('51,55.74N', '13,9.786S')
    """
    return _text(degrees, "NS")


def longitude_text(degrees: float) -> str:
    """A longitude in degrees as XMP writes it.

    >>> longitude_text(-72.545), longitude_text(9.999999999)
    ('72,32.7W', '10,0.0E')
    """
    return _text(degrees, "EW")


def _text(degrees: float, letters: str) -> str:
    # In whole numbers: 59.9999999 minutes must become a degree, not 60 minutes.
    minutes, parts = divmod(round(abs(degrees) * 60 * _UNIT), _UNIT)
    fraction = f"{parts:06}".rstrip("0") or "0"
    return f"{minutes // 60},{minutes % 60}.{fraction}{letters[degrees < 0]}"


def parse_latitude(text: str) -> float | None:
    """Degrees from `DDD,MM.mmN` or `DDD,MM,SSN`; None if it is no latitude.

    >>> parse_latitude("51,55.74N"), parse_latitude("13,9,47.16S"), parse_latitude("51.9")
    (51.929, -13.1631, None)
    """
    return _degrees(text, "NS", 90)


def parse_longitude(text: str) -> float | None:
    """Degrees from `DDD,MM.mmE` or `DDD,MM,SSE`; None if it is no longitude."""
    return _degrees(text, "EW", 180)


def _degrees(text: str, letters: str, most: int) -> float | None:
    found = _FORM.fullmatch(text.strip())
    if found is None or found[4].upper() not in letters:
        return None
    degrees = int(found[1]) + float(found[2]) / 60 + float(found[3] or 0) / 3600
    if degrees > most:
        return None
    return round(-degrees if found[4].upper() == letters[1] else degrees, 9)
