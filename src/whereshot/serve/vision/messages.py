"""Protocol Buffers messages as JSON: which members one has, and of which type they are.

What the JSON mapping of proto3 allows is taken: both spellings of a name, null for what is absent,
numbers as strings, enums by name or by number. What it does not allow is a wrong request.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from whereshot.serve.problems import RequestError
from whereshot.serve.vision.errors import refused

_INT32 = 2**31


def members(value: Any, path: str, names: Collection[str]) -> dict[str, Any]:
    """The members of a message by their lowerCamelCase names; raises RequestError 400."""
    if not isinstance(value, dict):
        raise wrong(path, f"expected an object, got {_kind(value)}")
    found: dict[str, Any] = {}
    for given, member in value.items():
        name = re.sub("_([a-z])", lambda match: match[1].upper(), given)
        if name not in names:
            known = ", ".join(sorted(names))
            raise wrong(path, f"the name {_shown(given)} is unknown; there are: {known}")
        if member is not None:
            found[name] = member
    return found


def repeated(message: Mapping[str, Any], name: str, path: str) -> list[tuple[Any, str]]:
    """The elements of a list, each with its own path; raises RequestError 400."""
    value = message.get(name, [])
    if not isinstance(value, list):
        raise wrong(_join(path, name), f"expected a list, got {_kind(value)}")
    return [(each, f"{_join(path, name)}[{number}]") for number, each in enumerate(value)]


def text(message: Mapping[str, Any], name: str, path: str) -> str:
    """A string, empty if it is absent; raises RequestError 400."""
    value = message.get(name, "")
    if not isinstance(value, str):
        raise wrong(_join(path, name), f"expected a string, got {_kind(value)}")
    return value


def number(message: Mapping[str, Any], name: str, path: str) -> int:
    """An int32, 0 if it is absent; raises RequestError 400."""
    value = message.get(name, 0)
    if isinstance(value, str) and re.fullmatch("-?[0-9]{1,10}", value):
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not -_INT32 <= value < _INT32:
        raise wrong(_join(path, name), f"expected a whole number, got {_shown(value)}")
    return value


def enum(message: Mapping[str, Any], name: str, path: str, values: Mapping[str, int]) -> str:
    """The name of an enum's value, that of 0 if it is absent; raises RequestError 400."""
    value = message.get(name, 0)
    if isinstance(value, str) and value in values:
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        for known, code in values.items():
            if code == value:
                return known
    raise wrong(_join(path, name), f"{_shown(value)} is none of {', '.join(values)}")


def wrong(path: str, problem: str) -> RequestError:
    """A request that has something wrong at a path such as `requests[0].image`."""
    where = f"'{path}'" if path else "the request"
    return refused(f"Invalid value at {where}: {problem}.")


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _kind(value: Any) -> str:
    kinds = {dict: "an object", list: "a list", str: "a string", bool: "a boolean"}
    return kinds.get(type(value), "null" if value is None else "a number")


def _shown(value: Any) -> str:
    """A value that the client sent, safe to be sent back: short, and no lone surrogates."""
    shown = ascii(value) if isinstance(value, str | int | float) else _kind(value)
    return shown if len(shown) <= 60 else f"{shown[:59]}…"
