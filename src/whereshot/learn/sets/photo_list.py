"""Lists of photos in a text file: what `data check` suspects, and what training leaves out.

A path a line, relative to the folder of class folders, with slashes. What follows a tab is a
comment, and so is a line that begins with `#`; empty lines don't count.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path

from whereshot.errors import DatasetError, RecipeError
from whereshot.learn.dataset import PhotoIndex

_TOLD = 3  # wrong paths in one error


def write_photo_list(
    target: Path, photos: Iterable[tuple[str, str]], about: Iterable[str] = ()
) -> None:
    """Write pairs of path and comment, under lines about all of them.

    A path that no line can hold (it has a tab or a line break) is written as a comment. Raises
    OSError where the file can't be written.
    """
    lines = [f"# {_one_line(line)}" for line in about]
    for path, comment in photos:
        if any(mark in path for mark in "\t\n\r"):
            lines.append(f"# can't be listed: {path!r}")
            continue
        # A path that begins like a comment gets another beginning.
        name = f"./{path}" if path.startswith("#") else path
        lines.append(f"{name}\t# {_one_line(comment)}" if comment else name)
    # File names may hold bytes that are not UTF-8: they are written as they are.
    text = "".join(line + "\n" for line in lines)
    target.write_bytes(text.encode("utf-8", "surrogateescape"))


def _one_line(text: str) -> str:
    return " ".join(text.split())


def read_photo_list(source: str | Path, index: PhotoIndex) -> tuple[str, ...]:
    """The photos of an index that a list names: paths relative to the index's root, sorted.

    Raises RecipeError where the list can't be read, DatasetError where it names a photo that the
    index does not have or all photos of a class.
    """
    source = Path(source)
    known = {path.relative_to(index.root).as_posix() for path in index.paths}
    listed = {_normal(path): number for number, path in _lines(source)}
    if wrong := {path: number for path, number in listed.items() if path not in known}:
        raise DatasetError(_unknown(source, wrong, known, index.root))
    left = index.without(listed)
    for name, before, after in zip(index.classes, index.counts(), left.counts(), strict=True):
        if before and not after:
            raise DatasetError(
                f"'{source}' leaves out all {before} photos of '{name}'. Keep some, or move the "
                f"folder '{index.root / name}' away."
            )
    return tuple(sorted(listed))


def _lines(source: Path) -> list[tuple[int, str]]:
    """Line numbers, from 1 on, and paths."""
    try:
        text = source.read_bytes().decode("utf-8", "surrogateescape")
    except OSError as error:
        raise RecipeError(
            f"The list of photos '{source}' can't be read: {error.strerror}. "
            "Expected a text file with a path a line (data.exclude)."
        ) from None
    # Not splitlines: it also splits at characters that file names may have.
    lines = enumerate(text.replace("\r\n", "\n").split("\n"), start=1)
    paths = [(number, line.partition("\t")[0].strip()) for number, line in lines]
    return [(number, path) for number, path in paths if path and not path.startswith("#")]


def _normal(path: str) -> str:
    return path.removeprefix("./")


def _unknown(source: Path, wrong: dict[str, int], known: set[str], root: Path) -> str:
    told = "; ".join(f"line {number}: '{path}'" for path, number in list(wrong.items())[:_TOLD])
    more = f" and {len(wrong) - _TOLD} more" if len(wrong) > _TOLD else ""
    close = get_close_matches(next(iter(wrong)), known, n=1, cutoff=0.5)
    hint = (
        f"Closest to the first: '{close[0]}'."
        if close
        else "Expected paths such as " + (f"'{min(known)}'.")
    )
    return f"'{source}' names photos that '{root}' does not have ({told}{more}). {hint}"
