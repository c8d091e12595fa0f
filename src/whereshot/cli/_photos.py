"""Which photos a command line means: files, folders, patterns, a list on standard input."""

from __future__ import annotations

import glob
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

STDIN = "-"

Report = Callable[[str], None]
"""Takes one line about what could not be found or read; the others go on."""


def expand_photos(
    paths: Iterable[str], report: Report, *, null: bool = False, stdin: BinaryIO | None = None
) -> Iterator[str]:
    """The photos that paths stand for, lazily and in order.

    A file stands for itself, whatever its suffix. A folder stands for the photos in it and below,
    sorted, without hidden ones; a pattern such as `"trip/**/*.jpg"` for the photos that match; `-`
    for the files and folders listed on standard input, one a line, or ended by zero bytes if
    `null`. What does not exist is passed on: reading it gives the error.
    """
    for path in paths:
        if path == STDIN:
            for listed in _read_list(stdin or sys.stdin.buffer, b"\0" if null else b"\n"):
                yield from _expand_one(listed, report)
        elif glob.has_magic(path) and not os.path.lexists(path):
            yield from _expand_pattern(path, report)
        else:
            yield from _expand_one(path, report)


def _expand_one(path: str, report: Report) -> Iterator[str]:
    if not Path(path).is_dir():
        yield path
        return
    found = False
    for photo in _walk(path, report):
        found = True
        yield photo
    if not found:
        report(f"there are no photos in the folder {path!r}")


def _expand_pattern(pattern: str, report: Report) -> Iterator[str]:
    found = False
    matches = glob.iglob(pattern, recursive=True)  # noqa: PTH207 - Path.glob takes no absolute ones
    for path in sorted(matches):
        if Path(path).is_dir():
            # `**` names each folder and its files too: a folder is walked when it was meant.
            if "**" not in pattern:
                found = True
                yield from _expand_one(path, report)
        elif _is_photo(path):
            found = True
            yield path
    if not found:
        report(f"no photo matches the pattern {pattern!r}")


def _walk(folder: str, report: Report) -> Iterator[str]:
    """Photos of a folder, then of the folders in it, each sorted by name.

    Links to folders are not followed: they may lead back.
    """
    try:
        with os.scandir(folder) as entries:
            visible = [entry for entry in entries if not entry.name.startswith(".")]
    except OSError as error:
        report(f"the folder {folder!r} can't be read: {error.strerror}")
        return
    visible.sort(key=lambda entry: entry.name)
    folders = [entry.path for entry in visible if entry.is_dir()]
    yield from (entry.path for entry in visible if not entry.is_dir() and _is_photo(entry.name))
    links = {entry.path for entry in visible if entry.is_symlink()}
    for inner in folders:
        if inner not in links:
            yield from _walk(inner, report)


def _is_photo(name: str) -> bool:
    # The photo room brings numpy along, which `--help` has no need of.
    from whereshot.photo.suffixes import is_photo

    return is_photo(name)


def _read_list(stream: BinaryIO, separator: bytes) -> Iterator[str]:
    """Paths as they arrive on a stream, without waiting for its end; empty ones are skipped."""
    rest = b""
    while chunk := _read_some(stream):
        *whole, rest = (rest + chunk).split(separator)
        yield from _decoded(whole, separator)
    yield from _decoded([rest], separator)


def _read_some(stream: BinaryIO) -> bytes:
    read1 = getattr(stream, "read1", stream.read)  # what is there now, not 64 KB of it
    return read1(65536)


def _decoded(items: Iterable[bytes], separator: bytes) -> Iterator[str]:
    for item in items:
        # A list made on Windows ends its lines with \r\n.
        path = item.removesuffix(b"\r") if separator == b"\n" else item
        if path:
            yield os.fsdecode(path)
