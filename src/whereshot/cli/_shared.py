"""What the verbs share: how an error ends the run, and how text reaches a terminal safely."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

EXIT_FAILED = 1
EXIT_INTERRUPTED = 130  # 128 + SIGINT, as shells report it


def run_guarded(command: Callable[[], object]) -> int:
    """Run a command to its exit status; an expected error becomes one line on stderr.

    Expected are whereshot's own errors and those of the operating system. Any other exception is
    our bug and keeps its traceback.
    """
    from whereshot.errors import WhereshotError

    try:
        try:
            command()
            sys.stdout.flush()
        except SystemExit as leaving:
            sys.stdout.flush()
            return _status(leaving)
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        _silence_stdout()
        return EXIT_FAILED
    except (WhereshotError, OSError) as error:
        print_error(error)
        return EXIT_FAILED
    return 0


def _status(leaving: SystemExit) -> int:
    if leaving.code is None:
        return 0
    return leaving.code if isinstance(leaving.code, int) else EXIT_FAILED


def _silence_stdout() -> None:
    # The reader of the pipe has left: what is still buffered has nowhere to go, and the
    # interpreter would complain about it when it flushes at exit.
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, sys.stdout.fileno())
    os.close(devnull)


def print_error(error: BaseException | str) -> None:
    """Write one line to stderr: `whereshot: message`."""
    text = str(error) or type(error).__name__
    sys.stderr.write(f"whereshot: {printable(' '.join(text.splitlines()))}\n")


def check_target(target: Path) -> None:
    """Fail now rather than after minutes of work where a file can't be written to `target`."""
    if target.is_dir():
        raise IsADirectoryError(f"'{target}' is a folder. Give the name of a file to write.")
    if not target.parent.is_dir():
        raise FileNotFoundError(f"No folder at '{target.parent}' to write '{target.name}' into.")


def printable(text: str) -> str:
    r"""Escape what a terminal must not get as it is.

    File names may hold newlines, terminal control sequences and bytes that are not UTF-8 (which
    Python carries as lone surrogates).

    >>> printable("beach\n\x1b[2J \udcff.jpg é")
    'beach\\n\\x1b[2J \\xff.jpg é'
    """
    return "".join(map(_printable_character, text))


def _printable_character(character: str) -> str:
    if character.isprintable():
        return character
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that was not UTF-8, as os.fsdecode carries it
        return f"\\x{code - 0xDC00:02x}"
    return character.encode("unicode_escape").decode("ascii")
