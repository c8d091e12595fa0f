"""The table of recipe keys: complete, in order, with the real defaults and the real ranges."""

from __future__ import annotations

import dataclasses
import math
import re
import tomllib
from collections.abc import Iterator
from typing import Any, get_args, get_origin, get_type_hints

import pytest
from pages import ROOT, rows, section

from whereshot.errors import RecipeError
from whereshot.learn.config import Recipe, override

PAGE = ROOT / "docs" / "how-to" / "train-your-own.md"
KEY_ROWS = {row[0].strip("`"): row[1:] for row in rows(section(PAGE, "recipe keys"))}


def recipe_keys() -> Iterator[tuple[str, Any, Any]]:
    """Every key with its type and its default."""
    sections = [(Recipe, ""), *((hint, f"{name}.") for name, hint in _nested(Recipe).items())]
    for cls, prefix in sections:
        defaults = cls()
        for name, hint in get_type_hints(cls).items():
            if name not in _nested(cls):
                yield f"{prefix}{name}", hint, getattr(defaults, name)


def _nested(cls: type[Any]) -> dict[str, Any]:
    hints = get_type_hints(cls)
    return {name: hint for name, hint in hints.items() if dataclasses.is_dataclass(hint)}


_OF_COSINE = ("model.margin", "model.subcenters", "model.class_share")
KEYS = {key: (hint, default) for key, hint, default in recipe_keys()}


def test_the_table_of_keys_is_the_recipe_s_with_its_defaults() -> None:
    assert list(KEY_ROWS) == list(KEYS)
    for key, (_, default) in KEYS.items():
        shown = tomllib.loads(f"value = {KEY_ROWS[key][1].strip('`')}")["value"]
        if isinstance(default, tuple):  # TOML has lists only
            shown = tuple(shown)
        assert (shown, type(shown)) == (default, type(default)), key


@pytest.mark.parametrize("key", KEYS)
def test_the_values_that_a_key_may_have_are_those_of_the_table(key: str) -> None:
    hint = KEYS[key][0]
    values = KEY_ROWS[key][0]
    if get_origin(hint) is tuple:
        assert values == "list of texts"
    elif get_origin(hint) is not None:
        assert values == ", ".join(f"`{choice}`" for choice in get_args(hint))
    elif hint is bool:
        assert values == "`true`, `false`"
    elif hint is str:
        assert values in ("text", "path")
    elif key == "seed":
        assert values == "whole number"
    else:
        for value, is_allowed in bounds(values, whole=hint is int):
            assert accepts(key, value) == is_allowed, f"{key} = {value}"


def bounds(values: str, *, whole: bool) -> Iterator[tuple[float, bool]]:
    """Values at and beside the ends of a range, and whether the range has them."""
    step = 1 if whole else 1e-6
    if values.startswith("0, or "):
        yield 0, True
        values = values.removeprefix("0, or ")
    if match := re.fullmatch(r"([>≥]) (-?\d+)", values):
        end = int(match[2])
        yield end, match[1] == "≥"
        yield end - step, False
        yield end + step, True
        return
    match = re.fullmatch(r"([\[(])([\d.]+), ([\d.]+|π/2)([\])])", values)
    assert match, f"not a range: {values}"
    low = float(match[2])
    high = math.pi / 2 if match[3] == "π/2" else float(match[3])
    yield low, match[1] == "["
    yield low - step, False
    yield high, match[4] == "]"
    yield high + step, False


def accepts(key: str, value: float) -> bool:
    """Whether a recipe may hold this value; what the key needs beside it is given."""
    beside = ["model.head=cosine"] if key in _OF_COSINE else []
    shown = int(value) if KEYS[key][0] is int else value
    try:
        override(Recipe(), [*beside, f"{key}={shown!r}"])
    except RecipeError:
        return False
    return True
