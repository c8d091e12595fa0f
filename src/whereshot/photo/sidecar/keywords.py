"""The lists in which programs keep a photo's keywords, and how to say in one what another says.

Some programs take one list only, the first that they find: digiKam and Immich `digiKam:TagsList`
before `lr:hierarchicalSubject` before `dc:subject`, darktable `lr:hierarchicalSubject` before
`dc:subject`. A list that is new must therefore hold everything that the others hold, or it would
hide a person's keywords.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Path = tuple[str, ...]
"""A keyword under those that contain it, the most general first."""


@dataclass(frozen=True, slots=True)
class KeywordList:
    """A property that lists keywords: single ones, or paths with a separator.

    One that is not `always` written is only extended where it is there.
    """

    name: str
    kind: Literal["Bag", "Seq"]
    separator: Literal["", "|", "/"]
    always: bool = True

    def split(self, text: str) -> Path:
        """The path that an item of the list means."""
        if not self.separator:
            return (text,)
        parts = [part.strip() for part in text.split(self.separator)]
        # Where "/" separates, a name that has one is written with "|".
        return tuple(p.replace("|", "/") if self.separator == "/" else p for p in parts if p)

    def join(self, path: Path) -> str:
        """The item of the list for a path; of single keywords, its last one.

        >>> HIERARCHICAL.join(("Music", "AC/DC")), TAGS.join(("Music", "AC/DC"))
        ('Music|AC/DC', 'Music/AC|DC')
        """
        if not self.separator:
            return path[-1]
        other = "/" if self.separator == "|" else "|"
        return self.separator.join(part.replace(self.separator, other) for part in path)

    def items_for(self, path: Path) -> tuple[str, ...]:
        """What a place's path adds: itself, or each keyword under the root."""
        return (self.join(path),) if self.separator else path[1:]


SUBJECT = KeywordList("dc:subject", "Bag", "")
HIERARCHICAL = KeywordList("lr:hierarchicalSubject", "Bag", "|")
TAGS = KeywordList("digiKam:TagsList", "Seq", "/")
# What digiKam writes too, and reads where digiKam:TagsList is missing.
_WINDOWS = KeywordList("MicrosoftPhoto:LastKeywordXMP", "Bag", "/", always=False)
_MEDIA_PRO = KeywordList("mediapro:CatalogSets", "Bag", "|", always=False)

KEYWORD_LISTS = (SUBJECT, HIERARCHICAL, TAGS, _WINDOWS, _MEDIA_PRO)


def key(text: str) -> str:
    """What keywords are compared by: programs differ in case and in how they compose accents."""
    return unicodedata.normalize("NFC", text).casefold()


def all_of(lists: Mapping[KeywordList, Sequence[str]], into: KeywordList) -> tuple[str, ...]:
    """Everything that some lists say, as items of another list.

    A single keyword that is part of a path already is that path's, and adds nothing.

    >>> lists = {HIERARCHICAL: ["People|Anna"], SUBJECT: ["Anna", "holiday"]}
    >>> all_of(lists, TAGS)
    ('People/Anna', 'holiday')
    """
    paths = [
        path
        for keywords, texts in lists.items()
        if keywords.separator
        for path in map(keywords.split, texts)
        if path
    ]
    known = {key(part) for path in paths for part in path}
    paths += [(text,) for text in lists.get(SUBJECT, ()) if key(text) not in known]
    return without_doubles(map(into.join, paths))


def without_doubles(texts: Iterable[str], present: Iterable[str] = ()) -> tuple[str, ...]:
    """The texts that are not present yet, each once."""
    seen = set(map(key, present))
    kept: list[str] = []
    for text in texts:
        if key(text) not in seen:
            seen.add(key(text))
            kept.append(text)
    return tuple(kept)
