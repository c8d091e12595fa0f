"""The Markdown pages of the project, taken apart for the tests that keep them true."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
SHIPPED_BUNDLE = ROOT / "src" / "whereshot" / "bundles" / "world"

_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """A fenced block and its language."""

    language: str
    text: str


class Command(NamedTuple):
    """A command of the project's own, as a page shows it."""

    line: str
    words: list[str]


def pages() -> list[Path]:
    """The README and every page under docs/."""
    return [README, *sorted((ROOT / "docs").rglob("*.md"))]


def name_of(page: Path) -> str:
    """A page's path from the root of the project."""
    return page.relative_to(ROOT).as_posix()


def blocks(page: Path, language: str | None = None) -> list[Block]:
    """The fenced blocks of a page, in order."""
    found = [Block(*match.groups()) for match in _BLOCK.finditer(page.read_text(encoding="utf-8"))]
    return [block for block in found if language in (None, block.language)]


def prose(page: Path) -> str:
    """A page without its fenced blocks."""
    return _BLOCK.sub("", page.read_text(encoding="utf-8"))


def inline_code(page: Path) -> list[str]:
    """What stands between single backticks, outside of fenced blocks."""
    return re.findall(r"`([^`\n]+)`", prose(page))


def section(page: Path, marker: str) -> str:
    """What stands between `<!-- marker -->` and `<!-- /marker -->`."""
    text = page.read_text(encoding="utf-8")
    found = re.search(rf"<!-- {marker} -->\n(.*?)<!-- /{marker} -->", text, re.DOTALL)
    assert found, f"{name_of(page)} needs <!-- {marker} --> and <!-- /{marker} -->"
    return found[1]


def rows(text: str) -> list[list[str]]:
    """The rows of the first table in a text, without its header; cells are stripped."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def shell_commands(page: Path) -> Iterator[Command]:
    """Every simple command in the shell blocks of a page, pipes and redirections taken apart."""
    for block in blocks(page, "sh"):
        for line in block.text.splitlines():
            lexer = shlex.shlex(line, posix=True, punctuation_chars="|>;&")
            lexer.whitespace_split = True
            yield from _simple(line, list(lexer))


def _simple(line: str, words: list[str]) -> Iterator[Command]:
    command: list[str] = []
    rest = iter([*words, "|"])
    for word in rest:
        if word in ("|", "&&", ";"):
            if command[:1] == ["torchrun"]:  # several of the processes that follow
                command = command[command.index("-m") + 1 :]
            if command:
                yield Command(line, command)
            command = []
        elif word == ">":
            next(rest)  # the file that it writes
        else:
            command.append(word)


def find_verb(words: list[str]) -> tuple[Any, list[str]]:
    """The verb that arguments of `whereshot` name, as a click command, and what follows it.

    The root itself stands for no verb, as in `whereshot --version`.
    """
    from typer.main import get_command

    from whereshot.cli import make_app

    command: Any = get_command(make_app())
    while words and words[0] in getattr(command, "commands", {}):
        command, words = command.commands[words[0]], words[1:]
    return command, words


def spellings(command: Any) -> set[str]:
    """Every way to write an option of a click command, `--help` too."""
    found = {"--help"}
    for parameter in command.params:
        found.update(
            each for each in (*parameter.opts, *parameter.secondary_opts) if each.startswith("-")
        )
    return found
