"""A verb's docstring as its help page."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

_NO_WRAP = "\b"  # click leaves the lines of a paragraph alone that begins with a backspace
_EXAMPLES = "[bold]Examples[/bold]"


def help_of(function: Callable[..., Any]) -> str:
    r"""The help text of a verb: its paragraphs flow, its examples keep their lines.

    A docstring is wrapped for an editor; the page is wrapped for the terminal that shows it.

    >>> def verb() -> None:
    ...     '''Do one thing.
    ...
    ...     It is done
    ...     well.
    ...
    ...     [bold]Examples[/bold]
    ...
    ...     verb a
    ...     verb b
    ...     '''
    >>> help_of(verb).split("\n\n")
    ['Do one thing.', 'It is done well.', '\x08\n[bold]Examples[/bold]\nverb a\nverb b']
    """
    paragraphs: list[str] = []
    for paragraph in inspect.cleandoc(function.__doc__ or "").split("\n\n"):
        # In a raw docstring the mark stands there as its two characters.
        lines = [line.strip() for line in paragraph.splitlines() if line.strip(" \b") != r"\b"]
        lines = [line.strip(_NO_WRAP) for line in lines if line.strip(_NO_WRAP)]
        if paragraphs and paragraphs[-1].endswith(_EXAMPLES):
            paragraphs[-1] = "\n".join([_NO_WRAP, _EXAMPLES, *lines])
        elif lines:
            paragraphs.append(" ".join(lines))
    return "\n\n".join(paragraphs)
