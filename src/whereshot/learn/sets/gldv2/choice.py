"""Which landmarks of Google Landmarks v2: by a list of names, or those with the most photos.

A line of the list is one landmark, spelled as its number in the set, the name or URL of its
category on Wikimedia Commons, or as the gazetteer knows it: by id, name, alias or Wikidata item.
What follows a tab is a comment, and so is a line that begins with `#`; empty lines don't count.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from whereshot.errors import DatasetError
from whereshot.gazetteer import Gazetteer
from whereshot.gazetteer.names import fold, key
from whereshot.learn.sets.gldv2.tables import Category, category_name
from whereshot.records import Landmark

Categories = Callable[[], Iterable[Category]]
"""Reads the landmarks of the set, anew at each call."""

_TOLD = 3  # lines or landmarks in one error


@dataclass(frozen=True, slots=True)
class Chosen:
    """A landmark to fetch: its number and category, and what the gazetteer says of it, if it does.

    `name` is the gazetteer's where the landmark was found through it, else the category's.
    """

    landmark: int
    category_url: str
    name: str
    wikidata: str = ""


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of the list, with what it may be: a number, or names, the most fitting ones first."""

    number: int
    text: str
    landmark: int | None
    keys: tuple[str, ...] = ()
    place: Landmark | None = None


def read_names(source: Path) -> list[tuple[int, str]]:
    """Line numbers, from 1 on, and names; raises DatasetError where there are none."""
    try:
        lines = enumerate(source.read_text(encoding="utf-8").splitlines(), start=1)
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text in UTF-8"
        raise DatasetError(
            f"The list of landmarks '{source}' can't be read: {reason}. "
            "Expected a text file with a landmark a line."
        ) from None
    names = [(number, line.partition("\t")[0].strip()) for number, line in lines]
    names = [(number, name) for number, name in names if name and not name.startswith("#")]
    if not names:
        raise DatasetError(f"'{source}' names no landmark. Expected one a line.")
    return names


def choose_named(
    source: Path, names: Sequence[tuple[int, str]], categories: Categories, gazetteer: Gazetteer
) -> list[Chosen]:
    """The landmarks that the lines stand for, each once, in their order.

    Raises DatasetError for lines that fit no landmark, or several equally well.
    """
    places = places_by_key(gazetteer)
    lines = [_understand(number, text, places) for number, text in names]
    by_landmark = {line.landmark for line in lines if line.landmark is not None}
    by_key = {name for line in lines for name in line.keys}
    of_landmark: dict[int, Category] = {}
    of_key: defaultdict[str, list[Category]] = defaultdict(list)
    for category in categories():
        if category.landmark in by_landmark:
            of_landmark[category.landmark] = category
        if (name := key(category.name)) in by_key:
            of_key[name].append(category)
    chosen: dict[int, Chosen] = {}
    lost: list[_Line] = []
    for line in lines:
        fitting = next(filter(None, (of_key.get(name) for name in line.keys)), [])
        if line.landmark in of_landmark:
            fitting = [of_landmark[line.landmark]]
        if len(fitting) > 1:
            raise _ambiguous(source, line, fitting)
        if not fitting:
            lost.append(line)
        for category in fitting:
            chosen.setdefault(category.landmark, _chosen(category, line.place))
    if lost:
        raise _lost(source, lost, categories)
    return list(chosen.values())


def choose_top(
    photos: Counter[int], limit: int | None, categories: Categories, gazetteer: Gazetteer
) -> list[Chosen]:
    """The `limit` landmarks with the most photos, or all; equals in the order of their numbers."""
    places = places_by_key(gazetteer)
    ranked = sorted(photos, key=lambda landmark: (-photos[landmark], landmark))[:limit]
    wanted = set(ranked)
    found = {one.landmark: one for one in categories() if one.landmark in wanted}
    if missing := [landmark for landmark in ranked if landmark not in found]:
        raise DatasetError(
            f"{len(missing):,} landmarks have photos but no category, such as {missing[0]}: the "
            "tables are of different versions of the set. Delete them and fetch again."
        )
    return [_chosen(found[number], places.get(key(found[number].name))) for number in ranked]


def places_by_key(gazetteer: Gazetteer) -> dict[str, Landmark]:
    """The gazetteer's landmarks by the keys of all their spellings.

    `Gazetteer.resolve` looks for what may have been meant where it finds nothing, which is too much
    for the hundred thousands of names that it does not have.
    """
    return {
        key(spelling): place
        for place in gazetteer
        for spelling in (place.id, place.name, *place.aliases)
    }


def _understand(number: int, text: str, places: dict[str, Landmark]) -> _Line:
    if text.isascii() and text.isdigit():
        return _Line(number, text, int(text))
    name = category_name(text) if "Category:" in text else text
    if re.fullmatch(r"Q\d+", name):
        place = next((one for one in places.values() if one.wikidata == name), None)
        spellings: tuple[str, ...] = ()
    else:
        place = places.get(key(name))
        spellings = (name,)
    if place is not None:
        spellings += (place.name, place.id, *place.aliases)
    keys = tuple(dict.fromkeys(filter(None, map(key, spellings))))
    return _Line(number, text, None, keys, place)


def _chosen(category: Category, place: Landmark | None) -> Chosen:
    if place is None:
        return Chosen(category.landmark, category.url, category.name)
    return Chosen(category.landmark, category.url, place.name, place.wikidata)


def _ambiguous(source: Path, line: _Line, fitting: Sequence[Category]) -> DatasetError:
    told = ", ".join(f"{one.landmark} ({one.name})" for one in fitting[:_TOLD])
    return DatasetError(
        f"'{source}', line {line.number}: {line.text!r} fits {len(fitting)} landmarks: {told}. "
        "Write the number of one of them."
    )


def _lost(source: Path, lines: Sequence[_Line], categories: Categories) -> DatasetError:
    told = ", ".join(f"line {line.number}: {line.text!r}" for line in lines[:_TOLD])
    more = f" and {len(lines) - _TOLD} more" if len(lines) > _TOLD else ""
    words = set(fold(lines[0].text).split())
    near: list[str] = []
    for category in categories():
        if words and words <= set(fold(category.name).split()):
            near.append(f"{category.landmark} ({category.name})")
            if len(near) == _TOLD:
                break
    hint = (
        f"With the words of the first: {', '.join(near)}."
        if near
        else "Expected a landmark's number, or the name of its category on Wikimedia Commons."
    )
    return DatasetError(
        f"'{source}' names landmarks that are not in the set ({told}{more}). {hint}"
    )
