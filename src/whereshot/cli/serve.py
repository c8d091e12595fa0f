"""`whereshot serve`: the app and the API, on this machine or as a service."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from whereshot.records import Recognizer
    from whereshot.serve.process_engine import ProcessEngine
    from whereshot.serve.settings import Settings

_ALL_ADDRESSES = {"0.0.0.0", "::"}  # noqa: S104 - compared with, not bound to
_LIMITS, _ACCESS, _SERVICE = "What it takes", "Who may use it", "As a service"


def serve(
    host: Annotated[
        str,
        typer.Option(
            envvar="WHERESHOT_HOST",
            help="Address to listen on; 0.0.0.0 lets your whole network in.",
        ),
    ] = "127.0.0.1",
    port: Annotated[
        int,
        typer.Option(envvar="WHERESHOT_PORT", min=0, max=65535, help="Port; 0 takes a free one."),
    ] = 8321,
    bundle: Annotated[
        str | None,
        typer.Option(
            envvar="WHERESHOT_BUNDLE",
            metavar="NAME_OR_DIR",
            help="The bundle to recognize with.",
            show_default="world",
        ),
    ] = None,
    open_: Annotated[
        bool, typer.Option("--open/--no-open", help="Open the page in your browser.")
    ] = False,
    library: Annotated[
        list[Path] | None,
        typer.Option(
            envvar="WHERESHOT_LIBRARY",
            exists=True,
            file_okay=False,
            resolve_path=True,
            metavar="DIR",
            help="A folder of photos that the library page may see and tag. Can be repeated.",
        ),
    ] = None,
    catalog: Annotated[
        Path | None,
        typer.Option(
            envvar="WHERESHOT_CATALOG",
            metavar="FILE",
            help="What is known of those photos.",
            show_default="in your data folder",
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            envvar="WHERESHOT_WORKERS",
            min=1,
            help="Processes that look at photos.",
            show_default="one per core",
            rich_help_panel=_LIMITS,
        ),
    ] = None,
    queue: Annotated[
        int,
        typer.Option(
            envvar="WHERESHOT_QUEUE",
            min=1,
            help="Photos that may wait for them; more are told to come again.",
            rich_help_panel=_LIMITS,
        ),
    ] = 64,
    seconds: Annotated[
        float,
        typer.Option(
            envvar="WHERESHOT_SECONDS",
            min=0.1,
            help="The longest that a photo may take.",
            rich_help_panel=_LIMITS,
        ),
    ] = 30.0,
    max_megabytes: Annotated[
        float,
        typer.Option(
            envvar="WHERESHOT_MAX_MEGABYTES",
            min=0.001,
            help="The largest photo file.",
            rich_help_panel=_LIMITS,
        ),
    ] = 20.0,
    max_megapixels: Annotated[
        float,
        typer.Option(
            envvar="WHERESHOT_MAX_MEGAPIXELS",
            min=0.001,
            help="The largest photo.",
            rich_help_panel=_LIMITS,
        ),
    ] = 50.0,
    worker_megabytes: Annotated[
        int,
        typer.Option(
            envvar="WHERESHOT_WORKER_MEGABYTES",
            min=256,
            help="The most memory of each process that looks at photos (on Linux).",
            rich_help_panel=_LIMITS,
        ),
    ] = 1024,
    api_key: Annotated[
        list[str] | None,
        typer.Option(
            envvar="WHERESHOT_API_KEYS",
            metavar="KEY",
            help="Only who has a key may use it. Can be repeated; others on this machine can see "
            "it here, so rather use the variable or a file.",
            rich_help_panel=_ACCESS,
        ),
    ] = None,
    api_key_file: Annotated[
        Path | None,
        typer.Option(
            envvar="WHERESHOT_API_KEY_FILE",
            metavar="FILE",
            help="A file with one key a line; # begins a comment.",
            rich_help_panel=_ACCESS,
        ),
    ] = None,
    rate: Annotated[
        int | None,
        typer.Option(
            envvar="WHERESHOT_RATE",
            min=1,
            help="Requests a minute of each key, or else of each address.",
            show_default="no limit",
            rich_help_panel=_ACCESS,
        ),
    ] = None,
    allowed_host: Annotated[
        list[str] | None,
        typer.Option(
            envvar="WHERESHOT_ALLOWED_HOSTS",
            metavar="NAME",
            help="Another name under which it may be asked, as that of a reverse proxy. Can be "
            "repeated.",
            rich_help_panel=_ACCESS,
        ),
    ] = None,
    trust_proxy: Annotated[
        str,
        typer.Option(
            envvar="WHERESHOT_TRUST_PROXY",
            metavar="ADDRESS",
            help="The address of a reverse proxy that says who asks.",
            show_default="none",
            rich_help_panel=_ACCESS,
        ),
    ] = "",
    log_format: Annotated[
        Literal["off", "text", "json"],
        typer.Option(
            envvar="WHERESHOT_LOG_FORMAT",
            help="A line on standard error for each request; off: only what goes wrong.",
            rich_help_panel=_SERVICE,
        ),
    ] = "off",
    metrics: Annotated[
        bool,
        typer.Option(
            "--metrics/--no-metrics",
            envvar="WHERESHOT_METRICS",
            help="Answer GET /metrics, for Prometheus.",
            rich_help_panel=_SERVICE,
        ),
    ] = True,
) -> None:
    """Open the app: a page where photos go in and places come out, and a JSON API behind it.

    Photos stay on this machine, in memory only. Stop it with Ctrl-C.

    [bold]Examples[/bold]

    \b
    whereshot serve --open
    whereshot serve --library ~/Pictures --open
    curl -F photos=@photo.jpg http://127.0.0.1:8321/api/recognize
    """  # noqa: D301 - click wants the backspace itself before lines that it must not wrap
    from whereshot.serve import logs
    from whereshot.serve.server import bind, run, url_of

    logs.configure(log_format)
    listener = bind(host, port)  # before the workers start: a port in use is known at once
    try:
        from whereshot.serve.app import create_app
        from whereshot.serve.settings import Settings
        from whereshot.serve.uploads import UploadLimits

        limits = UploadLimits(
            file_bytes=int(max_megabytes * 1024**2), pixels=int(max_megapixels * 1_000_000)
        )
        settings = Settings(
            hosts=(host, *(allowed_host or ())),
            limits=limits,
            workers=workers or 0,
            queue=queue,
            seconds=seconds,
            megabytes=worker_megabytes,
            api_keys=_read_keys(api_key or (), api_key_file),
            rate=rate,
            library=tuple(library or ()),
            catalog=catalog,
            metrics=metrics,
            log_format=log_format,
        )
        engine = _start(bundle, settings)
    except BaseException:
        listener.close()
        raise
    url = url_of(listener, host)

    def announce() -> None:
        typer.echo(f"whereshot is ready at {url} (stop it with Ctrl-C)", err=True)
        if host in _ALL_ADDRESSES:
            who = "whoever has a key" if settings.api_keys else "everybody on your network"
            typer.echo(f"It listens on all addresses: {who} can use it.", err=True)
        if open_:
            import threading
            import webbrowser

            # Beside the server: a browser in the terminal holds its caller until it is left.
            threading.Thread(target=webbrowser.open, args=[url], daemon=True).start()

    try:
        run(create_app(engine, settings, _indexer(bundle)), listener, announce, trust_proxy)
    finally:
        engine.end()  # where a second Ctrl-C has cut short what comes before


def _start(bundle: str | None, settings: Settings) -> ProcessEngine:
    """Start the workers, and wait for the first."""
    from functools import partial

    from whereshot.recognize import find_bundle, load
    from whereshot.serve.process_engine import ProcessEngine
    from whereshot.serve.worker import WorkerPlan

    make = partial(load, find_bundle(bundle).absolute(), limits=settings.limits.photo)
    return ProcessEngine(WorkerPlan(make, settings.megabytes), settings)


def _indexer(bundle: str | None) -> Callable[[], Recognizer]:
    """How processes that look at folders come to a recognizer, without the limits of uploads."""
    from functools import partial

    from whereshot.recognize import find_bundle, load

    return partial(load, find_bundle(bundle).absolute())


def _read_keys(given: Sequence[str], file: Path | None) -> tuple[str, ...]:
    """The keys of the command line, the environment and a file."""
    from whereshot.serve.keys import check_key

    try:
        lines = file.read_text(encoding="utf-8").splitlines() if file else ()
        listed = [line for line in lines if line.strip() and not line.startswith("#")]
        return tuple(check_key(key) for key in (*given, *listed))
    except (OSError, ValueError) as error:
        raise typer.BadParameter(str(error), param_hint="--api-key") from error
