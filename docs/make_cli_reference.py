"""Write docs/cli.md from the command line itself.

    python docs/make_cli_reference.py            writes it
    python docs/make_cli_reference.py --check    fails if it is not what would be written

Reads the signatures of the verbs, not their help pages: those depend on the width of a terminal.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import NoneType
from typing import Any, NamedTuple, get_args, get_origin, get_type_hints

from typer.models import ArgumentInfo, OptionInfo

from whereshot.cli import make_app
from whereshot.cli._help import help_of

TARGET = Path(__file__).with_name("cli.md")

HEAD = """\
# The command line

Made by `python docs/make_cli_reference.py` from the command line itself: don't edit it here.

Data goes to stdout, messages go to stderr. The exit status is 0 for done, 1 for failed, 2 for
wrong usage, 130 for interrupted. `whereshot VERB --help` shows the same in the terminal,
`whereshot --version` prints the version, `whereshot --install-completion` teaches your shell to
complete verbs and options.
"""

_KINDS = {int: "N", float: "X", str: "TEXT", Path: "PATH"}


class Parameter(NamedTuple):
    """An argument or an option of a verb, as the reference shows it."""

    spelling: str
    names: tuple[str, ...]  # what may be typed for an option, or the argument's name
    is_option: bool
    is_required: bool
    default: str
    help: str


def verbs() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Every verb with its function, in the order of the help page: `predict`, `data check`, ..."""
    app = make_app()
    for command in app.registered_commands:
        yield _named(command)
    for group in app.registered_groups:
        assert group.typer_instance is not None
        for command in group.typer_instance.registered_commands:
            name, function = _named(command)
            yield f"{group.name} {name}", function


def _named(command: Any) -> tuple[str, Callable[..., Any]]:
    name = command.name or command.callback.__name__.strip("_").replace("_", "-")
    return name, command.callback


def parameters(function: Callable[..., Any]) -> list[Parameter]:
    """The arguments and options of a verb, in their order."""
    hints = get_type_hints(function, include_extras=True)
    found: list[Parameter] = []
    for name, parameter in inspect.signature(function).parameters.items():
        hint, info = get_args(hints[name])
        found.append(_parameter(name, hint, info, parameter.default))
    return found


def _parameter(name: str, hint: Any, info: ArgumentInfo | OptionInfo, default: Any) -> Parameter:
    kind, several = _kind_of(hint)
    is_option = isinstance(info, OptionInfo)
    if is_option:
        value = info.metavar or _KINDS.get(kind, "")
        # Inside Annotated, typer keeps the first spelling where a default would stand.
        declared = (info.default, *(info.param_decls or ()))
        spelled = [each for each in declared if isinstance(each, str)]
        names = tuple(part for each in spelled for part in each.split("/"))  # --open/--no-open
        names = names or (f"--{name.replace('_', '-')}",)
        spelling = ", ".join(f"`{each} {value}`" if value else f"`{each}`" for each in names)
    else:
        names = (info.metavar or name.upper(),)
        spelling = f"`{names[0]}{'...' if several else ''}`"
    is_required = default is inspect.Parameter.empty
    text = " ".join((info.help or "").split()).replace("|", "\\|")
    return Parameter(spelling, names, is_option, is_required, _default(info, default), text)


def _kind_of(hint: Any) -> tuple[Any, bool]:
    """The type of a value, and whether there may be several: `list[str] | None` is (str, True)."""
    if NoneType in get_args(hint):
        hint = next(part for part in get_args(hint) if part is not NoneType)
    if get_origin(hint) is list:
        return get_args(hint)[0], True
    return hint, False


def _default(info: ArgumentInfo | OptionInfo, default: Any) -> str:
    if default is inspect.Parameter.empty:
        return "required"
    if isinstance(info.show_default, str):
        return info.show_default
    if default is None or default is False:
        return ""
    return "on" if default is True else f"`{default}`"


def render() -> str:
    """The whole reference as Markdown."""
    found = list(verbs())
    lines = [HEAD, "| verb | does |", "|---|---|"]
    for verb, function in found:
        anchor = f"whereshot-{verb}".replace(" ", "-")
        lines.append(f"| [`{verb}`](#{anchor}) | {help_of(function).splitlines()[0]} |")
    for verb, function in found:
        lines += ["", *_section(verb, function)]
    return "\n".join(lines) + "\n"


def _section(verb: str, function: Callable[..., Any]) -> Iterator[str]:
    rows = parameters(function)
    usage = ["whereshot", verb]
    for row in rows:
        if not row.is_option:
            word = row.spelling.strip("`")
            usage.append(word if row.is_required else f"[{word}]")
    if any(row.is_option for row in rows):
        usage.append("[OPTIONS]")
    yield from (f"## whereshot {verb}", "", "```text", " ".join(usage), "```")
    for paragraph in help_of(function).split("\n\n"):
        yield ""
        if paragraph.startswith("\b"):
            yield "```sh"
            # After the mark that keeps lines and the title. What a line does stands behind a gap.
            yield from (re.sub(r"( {3,})(?=\S)", r"\1# ", x) for x in paragraph.splitlines()[2:])
            yield "```"
        else:
            yield paragraph
    yield from ("", "| argument or option | default | |", "|---|---|---|")
    for row in rows:
        yield f"| {row.spelling} | {row.default} | {row.help} |"


def main() -> int:
    """Write the reference, or compare it."""
    text = render()
    if sys.argv[1:] == ["--check"]:
        if not TARGET.is_file() or TARGET.read_text(encoding="utf-8") != text:
            sys.stderr.write(f"{TARGET} is stale. Run: python docs/make_cli_reference.py\n")
            return 1
        return 0
    if sys.argv[1:]:
        sys.stderr.write("Usage: python docs/make_cli_reference.py [--check]\n")
        return 2
    TARGET.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
