"""The command line: one file per verb; data on stdout, messages on stderr.

The exit status is 0 for done, 1 for failed, 2 for wrong usage, 130 for interrupted.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from typing import Annotated

import typer

from whereshot.cli import (
    batch,
    bench,
    compare,
    data,
    enroll,
    evaluate,
    export,
    forget,
    landmarks,
    organize,
    predict,
    purge,
    serve,
    study,
    tag,
    train,
    tune,
    undo,
)
from whereshot.cli import map as map_verb
from whereshot.cli._help import help_of
from whereshot.cli._shared import run_guarded

# The order here is the order in --help. A verb imports what is heavy inside its function.
_VERBS: dict[str, Callable[..., None]] = {
    "predict": predict.predict,
    "tag": tag.tag,
    "organize": organize.organize,
    "map": map_verb.map,
    "undo": undo.undo,
    "purge": purge.purge,
    "enroll": enroll.enroll,
    "forget": forget.forget,
    "landmarks": landmarks.landmarks,
    "batch": batch.batch,
    "serve": serve.serve,
    "train": train.train,
    "tune": tune.tune,
    "study": study.study,
    "evaluate": evaluate.evaluate,
    "compare": compare.compare,
    "export": export.export,
    "bench": bench.bench,
}


def make_app(asked: str | None = None) -> typer.Typer:
    """The command line, complete; or with the options of the verb that is `asked` for alone.

    The others are listed then, and nothing more: what all options are takes a fifth of a second to
    find out, which is half of what `--help` may take.
    """
    app = typer.Typer(
        name="whereshot",
        help="""Where was this shot? Recognize the landmark in a photo, and the place where it
        stands.

        Everything runs offline, on this machine, and your photos stay as they are.

        \b
        [bold]Examples[/bold]
        whereshot predict photo.jpg               where was this?
        whereshot predict ~/Pictures --json       one JSON object per photo
        whereshot landmarks "great wall"          what does whereshot know of it?
        whereshot serve                           the same in the browser
        """,
        epilog="`whereshot VERB --help` explains a verb and shows examples of it.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,  # an unexpected error keeps Python's plain traceback
        rich_markup_mode="rich",
    )
    app.callback()(_root)
    for name, verb in _VERBS.items():
        app.command(name, help=help_of(verb))(verb if asked in (None, name) else _listed)
    if asked in (None, "data"):
        app.add_typer(data.app, name="data")
    else:
        app.command("data", help=str(data.app.info.help))(_listed)
    return app


def _listed() -> None:
    """A verb that nobody has asked for."""


def _print_version(wanted: bool) -> None:
    if wanted:
        import whereshot

        typer.echo(f"whereshot {whereshot.__version__}")
        raise typer.Exit


def _root(
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version and leave.", callback=_print_version, is_eager=True
        ),
    ] = False,
) -> None:
    del version  # the callback has answered


_COMPLETION = "_WHERESHOT_COMPLETE"  # set by the shell, as typer tells it to


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    given = sys.argv[1:] if arguments is None else arguments
    # No option of the root takes a value, so the first word is the verb. A shell that completes a
    # line gives it elsewhere.
    asked = next((word for word in given if not word.startswith("-")), "")
    if _COMPLETION in os.environ:
        asked = None
    return run_guarded(lambda: make_app(asked)(args=list(given), prog_name="whereshot"))
