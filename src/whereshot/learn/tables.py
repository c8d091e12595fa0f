"""Nested dataclasses from nested tables of plain values, strictly: as TOML and JSON hold them.

An unknown key is a RecipeError with the closest known one, a wrong type one that names the right.
"""

from __future__ import annotations

import dataclasses
import difflib
import tomllib
from collections.abc import Iterable, Mapping
from typing import Any, Literal, NoReturn, TypeVar, cast, get_args, get_origin, get_type_hints

from whereshot.errors import RecipeError

_T = TypeVar("_T")
_KINDS = {
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    str: "a text in quotes",
}


def build(cls: type[_T], table: Mapping[str, Any], prefix: str = "") -> _T:
    """A dataclass, and those nested in it, from a table; keys that are not given keep defaults.

    Fields are int, float, bool, str, a Literal of texts, a tuple of texts, or another such
    dataclass.
    """
    hints = get_type_hints(cls)
    values: dict[str, Any] = {}
    for key, value in table.items():
        if key not in hints:
            _unknown(f"{prefix}{key}", hints, prefix.rstrip("."))
        values[key] = _convert(hints[key], value, f"{prefix}{key}")
    return cls(**values)


def assign(table: dict[str, Any], assignment: str) -> None:
    """Apply `section.key=value` to a table that holds all keys.

    The value is TOML; where a text is expected, the quotes may be left out.
    """
    key, equals, text = (part.strip() for part in assignment.partition("="))
    if not equals:
        raise RecipeError(f"Expected key=value such as optim.lr=3e-4, got '{assignment}'.")
    *sections, last = key.split(".")
    target = table
    for depth, section in enumerate(sections):
        here = ".".join(sections[: depth + 1])
        if section not in target:
            _unknown(here, target, ".".join(sections[:depth]))
        if not isinstance(target[section], dict):
            raise RecipeError(f"'{here}' is a value: nothing can be set in it, got '{assignment}'.")
        target = cast(dict[str, Any], target[section])
    if last not in target:
        _unknown(key, target, ".".join(sections))
    if isinstance(target[last], dict):
        raise RecipeError(f"'{key}' is a section: set a key in it, got '{assignment}'.")
    target[last] = _parse(text, as_text=isinstance(target[last], str))


def _parse(text: str, *, as_text: bool) -> Any:
    try:
        table = tomllib.loads(f"value = {text}")
    except tomllib.TOMLDecodeError:
        return text
    value = table["value"]
    # A second line would be a second key: then the whole is meant as one text.
    read = len(table) == 1 and (isinstance(value, str) or not as_text)
    return value if read else text


def _unknown(key: str, known: Iterable[str], prefix: str) -> NoReturn:
    close = difflib.get_close_matches(key.rpartition(".")[2], list(known), n=1, cutoff=0.5)
    where = f"{prefix}." if prefix else ""
    hint = f"Did you mean '{where}{close[0]}'?" if close else f"Known: {', '.join(sorted(known))}."
    raise RecipeError(f"Unknown recipe key '{key}'. {hint}")


def _convert(hint: Any, value: Any, key: str) -> Any:
    if dataclasses.is_dataclass(hint):
        if not isinstance(value, Mapping):
            raise RecipeError(f"Recipe section '{key}' must be a table, got {value!r}.")
        return build(cast(type[Any], hint), cast(Mapping[str, Any], value), f"{key}.")
    if get_origin(hint) is Literal:
        choices = get_args(hint)
        if value not in choices:
            raise RecipeError(f"'{key}' must be one of {', '.join(choices)}, got {value!r}.")
        return value
    if get_origin(hint) is tuple:
        return _texts(value, key)
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value) is not hint:
        raise RecipeError(f"'{key}' must be {_KINDS[hint]}, got {value!r}.")
    return value


def _texts(value: Any, key: str) -> tuple[str, ...]:
    entries = cast("list[object]", value) if isinstance(value, list | tuple) else None
    if entries is None or not all(isinstance(entry, str) for entry in entries):
        raise RecipeError(f"'{key}' must be a list of texts in quotes, got {value!r}.")
    return tuple(cast("list[str]", entries))
