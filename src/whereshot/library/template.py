"""Templates such as `{country}/{city}/{landmark}`: from what is known of a photo to its folder."""

from __future__ import annotations

import difflib
import string
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath

from whereshot.errors import TemplateError
from whereshot.library.names import safe_name

PLACE_FIELDS = ("country", "region", "city", "landmark")
DATE_FIELDS = ("year", "month", "day")
FIELDS = (*PLACE_FIELDS, *DATE_FIELDS, "camera")

UNKNOWN_PLACE, UNKNOWN_DATE, UNKNOWN_CAMERA = "Unknown place", "Unknown date", "Unknown camera"

_UNKNOWN = {
    **dict.fromkeys(PLACE_FIELDS, UNKNOWN_PLACE),
    **dict.fromkeys(DATE_FIELDS, UNKNOWN_DATE),
    "camera": UNKNOWN_CAMERA,
}

Part = tuple[str, str]
"""Text as it is, and the field that follows it; empty if none does."""


@dataclass(frozen=True, slots=True)
class Template:
    """One level of folders for each tuple of parts; made by `parse_template`."""

    levels: tuple[tuple[Part, ...], ...]

    @property
    def fields(self) -> frozenset[str]:
        """The fields that it uses."""
        return frozenset(field for level in self.levels for _, field in level if field)

    def folder(self, values: Mapping[str, str]) -> PurePath:
        """The relative folder of a photo; a value that is missing or empty is not known.

        A level whose place is not known is called `Unknown place`, once for all levels below
        each other. It is left out where a level further down knows the place: the Grand Canyon
        is in no city, and yet nowhere unknown.
        """
        safe = {field: safe_name(values.get(field, "")) for field in self.fields}
        names = [(_name(level, safe), _is_unknown_place(level, safe)) for level in self.levels]
        known = [index for index, level in enumerate(self.levels) if _knows_place(level, safe)]
        last_known = max(known, default=-1)
        kept: list[str] = []
        for index, (name, is_unknown) in enumerate(names):
            if is_unknown and (index < last_known or UNKNOWN_PLACE in kept):
                continue
            kept.append(name)
        return PurePath(*kept)


def parse_template(text: str) -> Template:
    """Parse a template: folders separated by `/`, fields in braces, `{{` for a brace.

    Raises TemplateError for an unknown field, with the closest one, for a path that leads
    elsewhere, and for characters that a folder's name can't have.

    >>> values = {"country": "India", "city": "Agra", "landmark": "Taj Mahal", "year": "2024"}
    >>> str(parse_template("{country}/{year} {city}/{landmark}").folder(values))
    'India/2024 Agra/Taj Mahal'
    >>> template = parse_template("{country}/{city}/{landmark}")
    >>> str(template.folder({"country": "United States", "landmark": "Grand Canyon"}))
    'United States/Grand Canyon'
    >>> str(template.folder({"country": "India"})), str(template.folder({}))
    ('India/Unknown place', 'Unknown place')
    """
    levels = tuple(_level(level, text) for level in text.split("/"))
    return Template(levels)


def _level(level: str, text: str) -> tuple[Part, ...]:
    try:
        pieces = list(string.Formatter().parse(level))
    except ValueError as error:
        raise _wrong(
            text, f"{error}. Write {{{{ or }}}} for a brace that is part of a name"
        ) from None
    parts: list[Part] = []
    for literal, field, spec, conversion in pieces:
        if spec or conversion:
            raise _wrong(text, f"{{{field}}} takes no format. Write {{{field}}} alone")
        if field is not None and field not in FIELDS:
            raise _wrong(text, _unknown_field(field))
        # Between two words, spaces count: the ends of the whole name are looked at below.
        if literal and safe_name(f"x{literal}x") != f"x{literal}x":
            raise _wrong(text, f"{literal!r} can't be in a folder's name on every system")
        parts.append((literal, field or ""))
    shown = "".join(f"{literal}{'x' if field else ''}" for literal, field in parts)
    if not shown or safe_name(shown) != shown:
        raise _wrong(
            text,
            f"{level!r} can't be a folder's name on every system. Give folders separated by /, "
            "such as {country}/{city}, without one at the start or end, and without ..",
        )
    return tuple(parts)


def _unknown_field(field: str) -> str:
    close = difflib.get_close_matches(field.lower(), FIELDS, 1, 0.5)
    hint = f"Did you mean {{{close[0]}}}? " if close else ""
    fields = " ".join(f"{{{known}}}" for known in FIELDS)
    return f"{{{field}}} is no field. {hint}The fields are {fields}"


def _wrong(text: str, what: str) -> TemplateError:
    return TemplateError(f"The template {text!r} can't be used: {what}.")


def _name(level: tuple[Part, ...], safe: Mapping[str, str]) -> str:
    fields = [field for _, field in level if field]
    if fields and not any(safe[field] for field in fields):
        unknown = dict.fromkeys(_UNKNOWN[field] for field in fields)
        if len(unknown) == 1:  # `{year}-{month}` is one unknown date, not two
            return next(iter(unknown))
    name = "".join(
        literal + ((safe[field] or _UNKNOWN[field]) if field else "") for literal, field in level
    )
    return safe_name(name)  # cut to length as a whole, too


def _is_unknown_place(level: tuple[Part, ...], safe: Mapping[str, str]) -> bool:
    fields = [field for _, field in level if field]
    return bool(fields) and all(field in PLACE_FIELDS and not safe[field] for field in fields)


def _knows_place(level: tuple[Part, ...], safe: Mapping[str, str]) -> bool:
    return any(field in PLACE_FIELDS and safe[field] for _, field in level)
