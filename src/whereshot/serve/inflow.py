"""What all requests that are running hold in memory together: bounded, whoever sends it."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from whereshot.serve.problems import RequestError

_RETRY_AFTER_SECONDS = 2


class Inflow:
    """ASGI middleware: refuses what would make the bodies of running requests more than `most`.

    One request has its own limits; many slow uploads at once are what this is for. Reading a body
    beyond it raises `RequestError`, in the route that reads.
    """

    def __init__(self, app: ASGIApp, most: int) -> None:
        self.app, self.most = app, most
        self.held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection, as ASGI defines it."""
        mine = 0

        async def receive_counted() -> Message:
            nonlocal mine
            message = await receive()
            size = len(message.get("body", b""))
            if size and self.held + size > self.most:
                raise RequestError(
                    503,
                    "UploadsBusy",
                    "Other uploads fill the memory that this server has for them. Ask again in "
                    f"{_RETRY_AFTER_SECONDS} s.",
                    close=True,
                    retry_after=_RETRY_AFTER_SECONDS,
                )
            mine += size
            self.held += size
            return message

        try:
            await self.app(scope, receive_counted, send)
        finally:
            self.held -= mine
