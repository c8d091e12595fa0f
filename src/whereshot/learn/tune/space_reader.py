"""Reads where to search, as a person writes it.

On the command line `optim.lr=1e-4:1e-2:log` or `augment.preset=light,strong`; in a TOML file::

    [optim]
    lr = {low = 1e-4, high = 1e-2, log = true}
    batch = [16, 32]
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from whereshot.errors import RecipeError
from whereshot.learn import config
from whereshot.learn.tune.space import Choice, Dimension, Range, Space, Value, check_space, value_in

# With these, trials would be measured on other photos, or would not differ at all.
_FIXED = {"name", "seed"} | {
    f"data.{key}"
    for key in (
        "train",
        "validation",
        "exclude",
        "unknown",
        "unknown_validation",
        "workers",
        "cache",
    )
}


def read_space(words: Sequence[str], recipe: config.Recipe) -> Space:
    """A space from `key=low:high[:log]`, `key=a,b,c` and paths of TOML files; later ones win.

    Raises RecipeError for what is none of these, for keys that recipes don't have or that a search
    must not change, and for values that a recipe can't take.
    """
    found: dict[str, Dimension] = {}
    for word in words:
        dimensions = _from_word(word, recipe) if "=" in word else _from_file(Path(word), recipe)
        found |= {dimension.key: dimension for dimension in dimensions}
    space = tuple(found.values())
    check_space(space, recipe)
    return space


def _from_word(word: str, recipe: config.Recipe) -> Iterator[Dimension]:
    key, _, text = (part.strip() for part in word.partition("="))
    parts = text.split(":")
    if len(parts) in (2, 3) and parts[2:] in ([], ["log"]):
        yield _range(key, parts[0], parts[1], recipe, log=len(parts) == 3)
    elif "," in text:
        yield _choice(key, [_parsed(part) for part in text.split(",")], recipe)
    else:
        raise RecipeError(
            "Expected key=low:high, key=low:high:log or key=a,b,c, such as "
            f"optim.lr=1e-4:1e-2:log, got '{word}'."
        )


def _from_file(path: Path, recipe: config.Recipe) -> Iterator[Dimension]:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RecipeError(
            f"'{path}' is neither a file nor a range such as optim.lr=1e-4:1e-2:log."
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RecipeError(f"'{path}' is not valid TOML: {error}") from None
    yield from _from_table(table, "", recipe)


def _from_table(
    table: Mapping[str, Any], prefix: str, recipe: config.Recipe
) -> Iterator[Dimension]:
    for name, entry in table.items():
        key = f"{prefix}{name}"
        if isinstance(entry, list):
            yield _choice(key, cast("list[Any]", entry), recipe)
        elif isinstance(entry, dict) and {"low", "high"} <= entry.keys() <= {"low", "high", "log"}:
            ends = cast("dict[str, Any]", entry)
            log = ends.get("log", False)
            if not isinstance(log, bool):
                raise RecipeError(f"The 'log' of '{key}' must be true or false, got {log!r}.")
            yield _range(key, ends["low"], ends["high"], recipe, log=log)
        elif isinstance(entry, dict):
            yield from _from_table(cast("dict[str, Any]", entry), f"{key}.", recipe)
        else:
            raise RecipeError(
                f"The search for '{key}' must be {{low = ..., high = ...}} or a list of values, "
                f"got {entry!r}."
            )


def _range(key: str, low: object, high: object, recipe: config.Recipe, *, log: bool) -> Range:
    own = _own(key, recipe)
    ends = [_parsed(end) if isinstance(end, str) else end for end in (low, high)]
    if isinstance(own, bool) or not isinstance(own, int | float):
        raise RecipeError(
            f"'{key}' is not a number: list the values to choose from, such as {key}=a,b."
        )
    kind = int if isinstance(own, int) else float
    for end in ends:
        if isinstance(end, bool) or not isinstance(end, int if kind is int else (int, float)):
            wanted = "whole numbers" if kind is int else "numbers"
            raise RecipeError(f"The search for '{key}' must go from and to {wanted}, got {end!r}.")
    first, last = cast("list[float]", ends)
    return Range(key, kind(first), kind(last), log)


def _choice(key: str, values: Sequence[object], recipe: config.Recipe) -> Choice:
    own = _own(key, recipe)
    for value in values:
        if not isinstance(value, bool | int | float | str):
            raise RecipeError(f"'{key}' can't be {value!r}.")
    plain = cast("Sequence[Value]", values)
    # `optim.lr=0,1` means numbers like 1.0, and the recipe's own value must be found among them.
    whole = isinstance(own, float)
    return Choice(key, tuple(float(v) if whole and type(v) is int else v for v in plain))


def _own(key: str, recipe: config.Recipe) -> Any:
    if key in _FIXED:
        raise RecipeError(
            f"'{key}' can't be searched: trials with other values are not comparable."
        )
    own = value_in(recipe, key)
    if isinstance(own, dict):
        raise RecipeError(f"'{key}' is a section: search a key in it.")
    return own


def _parsed(text: str) -> Value:
    """A value as TOML spells it; what is not TOML is a text."""
    try:
        value = tomllib.loads(f"value = {text.strip()}")["value"]
    except tomllib.TOMLDecodeError:
        return text.strip()
    return cast(Value, value)
