"""The command line: one file per verb; data on stdout, messages on stderr.

The exit status is 0 for done, 1 for failed, 2 for wrong usage, 130 for interrupted.
"""

from __future__ import annotations

from collections.abc import Sequence
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

app = typer.Typer(
    name="whereshot",
    help="""Where was this shot? Recognize the landmark in a photo, and the place where it stands.

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


def _print_version(wanted: bool) -> None:
    if wanted:
        import whereshot

        typer.echo(f"whereshot {whereshot.__version__}")
        raise typer.Exit


@app.callback()
def _root(  # pyright: ignore[reportUnusedFunction]
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version and leave.", callback=_print_version, is_eager=True
        ),
    ] = False,
) -> None:
    del version  # the callback has answered


# The order here is the order in --help. A verb imports what is heavy inside its function.
for _verb in (
    predict.predict,
    tag.tag,
    organize.organize,
    map_verb.map,
    undo.undo,
    purge.purge,
    enroll.enroll,
    forget.forget,
    landmarks.landmarks,
    batch.batch,
    serve.serve,
    train.train,
    tune.tune,
    study.study,
    evaluate.evaluate,
    compare.compare,
    export.export,
    bench.bench,
):
    app.command(help=help_of(_verb))(_verb)
app.add_typer(data.app, name="data")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    return run_guarded(lambda: app(args=arguments, prog_name="whereshot"))
