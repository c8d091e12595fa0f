"""Parts of docs/log.md in a notebook: what was tried and lost is told once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

LOG = Path(__file__).resolve().parents[1] / "docs" / "log.md"
NOTHING = "docs/log.md has no heading yet that tells of"
_HEADING = re.compile(r"(#+) (.+)")


class Markdown(str):
    """Text that a notebook shows as Markdown."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "a part of docs/log.md"

    def _repr_markdown_(self) -> str:
        return str(self)


def from_log(*words: str, log: Path = LOG) -> Markdown:
    """The sections of the log in whose headings, or those above them, all of these words stand.

    A section comes with those inside it. Where there is none, the text says so.
    """
    found = list(_sections(log.read_text(encoding="utf-8"), [word.casefold() for word in words]))
    if not found:
        found = [f"*{NOTHING} {' and '.join(words)}.*"]
    return Markdown("\n\n".join(found))


def _sections(text: str, words: list[str]) -> Iterator[str]:
    parts: list[list[str]] = [[]]
    for line in text.splitlines():
        if _HEADING.match(line):
            parts.append([])
        parts[-1].append(line)
    above: list[str] = []  # the headings that a part stands under, outermost first
    inside = 0  # the depth of the section that is being told, 0 for none
    for lines in parts[1:]:
        heading = _HEADING.match(lines[0])
        assert heading is not None
        depth = len(heading[1])
        above = [*above[: depth - 1], *[""] * (depth - 1 - len(above)), heading[2].casefold()]
        if inside and depth <= inside:
            inside = 0
        if inside or all(word in " ".join(above) for word in words):
            inside = inside or depth
            # Headings of the notebook's own chapters are larger.
            yield "\n".join([f"{'#' * (depth + 1)} {heading[2]}", *lines[1:]]).strip()
