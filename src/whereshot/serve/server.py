"""From an app to a running server: the socket, uvicorn, and the moment when it is ready."""

from __future__ import annotations

import errno
import os
import signal
import socket
from collections.abc import Callable

import uvicorn
from fastapi import FastAPI

GRACE_SECONDS = 30
"""How long requests that run when the server is asked to stop may go on."""


def bind(host: str, port: int) -> socket.socket:
    """A socket bound to `host` and `port` (0: any free port), or an OSError that says what to do.

    Binding comes before the model is loaded, so that a port in use is known at once.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except socket.gaierror as error:
        message = f"The host {host!r} is not known ({error.strerror}). Try --host 127.0.0.1."
        raise OSError(message) from error
    listener = socket.socket(family, socket.SOCK_STREAM)
    if os.name == "posix":
        # A restart right after a stop finds the port free; two servers still can't share it.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
        listener.listen()  # here, or a second server that is starting too would bind as well
    except OSError as error:
        listener.close()
        raise OSError(_explain(error, host, port)) from error
    return listener


def _explain(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} on {host} is in use by another program, perhaps another `whereshot "
            f"serve`. Stop it, or choose another port: whereshot serve --port {_next(port)}"
        )
    if error.errno == errno.EACCES:
        return f"Port {port} needs more rights: choose one from 1024 up, such as --port 8321."
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{host} is not an address of this machine. Try --host 127.0.0.1."
    return f"Can't listen on {host}, port {port}: {error.strerror}."


def _next(port: int) -> int:
    return port + 1 if port < 65535 else 8321


def url_of(listener: socket.socket, host: str) -> str:
    """The address to open in a browser on this machine."""
    port = listener.getsockname()[1]
    if host in {"0.0.0.0", "::", ""}:  # noqa: S104 - compared with, not bound to
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def run(
    app: FastAPI, listener: socket.socket, on_ready: Callable[[], None], trust_proxy: str = ""
) -> None:
    """Serve until SIGINT or SIGTERM, and let running requests end; closes the socket.

    Who asks is who the socket says, unless that is `trust_proxy`, the address of a reverse proxy:
    then it is who the proxy says.
    """
    config = uvicorn.Config(
        app,
        log_config=None,  # the command line configures logging
        access_log=False,
        server_header=False,
        proxy_headers=bool(trust_proxy),
        forwarded_allow_ips=trust_proxy,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    # uvicorn shuts down in order, and then raises the signal again: that must not be the end.
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        _Server(config, on_ready).run(sockets=[listener])
    except KeyboardInterrupt:
        pass
    finally:
        signal.signal(signal.SIGTERM, before)
        listener.close()


class _Server(uvicorn.Server):
    """A uvicorn server that tells when it takes requests, and when it is about to stop."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        if self.started:
            self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        assert isinstance(self.config.app, FastAPI)
        self.config.app.state.stopping.set()  # answers that would go on for ever end now
        await super().shutdown(sockets=sockets)
