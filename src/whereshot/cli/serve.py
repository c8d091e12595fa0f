"""`whereshot serve`: the app and the API on this machine."""

from __future__ import annotations

from typing import Annotated

import typer


def serve(
    host: Annotated[
        str, typer.Option(help="Address to listen on; 0.0.0.0 lets your whole network in.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")] = 8321,
    bundle: Annotated[
        str | None,
        typer.Option(metavar="NAME_OR_DIR", help="The bundle to recognize with; default: world."),
    ] = None,
    open_: Annotated[
        bool, typer.Option("--open/--no-open", help="Open the page in your browser.")
    ] = False,
) -> None:
    """Open the app: a page where photos go in and places come out, and a JSON API behind it.

    Photos stay on this machine, in memory only. Stop it with Ctrl-C.

    [bold]Examples[/bold]

    \b
    whereshot serve --open
    curl -F photos=@photo.jpg http://127.0.0.1:8321/api/recognize
    """  # noqa: D301 - click wants the backspace itself before lines that it must not wrap
    import logging

    from whereshot.serve.server import bind, run, url_of

    # What is wrong with an upload is told to whoever sent it, not to the terminal.
    logging.getLogger("python_multipart").setLevel(logging.ERROR)
    listener = bind(host, port)
    try:
        import whereshot
        from whereshot.serve.app import create_app
        from whereshot.serve.settings import Settings
        from whereshot.serve.uploads import UploadLimits

        recognizer = whereshot.load(bundle, limits=UploadLimits().photo)
        app = create_app(recognizer, Settings(hosts=(host,)))
    except BaseException:
        listener.close()
        raise
    url = url_of(listener, host)

    def announce() -> None:
        typer.echo(f"whereshot is ready at {url} (stop it with Ctrl-C)", err=True)
        if host in {"0.0.0.0", "::"}:  # noqa: S104 - a warning for those who ask for it
            typer.echo(
                "It listens on all addresses: everybody on your network can use it.", err=True
            )
        if open_:
            import threading
            import webbrowser

            # Beside the server: a browser in the terminal holds its caller until it is left.
            threading.Thread(target=webbrowser.open, args=[url], daemon=True).start()

    run(app, listener, announce)
