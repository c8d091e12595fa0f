"""A request that carries no photo is small: what is larger is refused, mostly before it is read.

Routes that take photos read their bodies as a stream, under limits of their own. All others leave
that to the framework, which holds a body whole, and as JSON several times.
"""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from whereshot.serve.problems import RequestError, problem

MOST_BYTES = 1024 * 1024
_WITH_PHOTOS = ("/v1/", "/api/recognize", "/api/heatmap", "/api/preview", "/api/enrolled")


class SmallBodies:
    """ASGI middleware: lets at most `most` bytes into routes that take no photos."""

    def __init__(self, app: ASGIApp, most: int = MOST_BYTES) -> None:
        self.app, self.most = app, most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection, as ASGI defines it."""
        if scope["type"] != "http" or scope["path"].startswith(_WITH_PHOTOS):
            await self.app(scope, receive, send)
            return
        declared = Headers(scope=scope).get("content-length", "")
        error = self._too_large()
        if declared.isdecimal() and int(declared) > self.most:
            answer = problem(error.status, error.type, error.message, error.headers)
            await answer(scope, receive, send)
            return
        received = 0

        async def receive_counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self.most:
                raise error
            return message

        await self.app(scope, receive_counted, send)

    def _too_large(self) -> RequestError:
        megabytes = self.most / 1024**2
        message = f"The body is larger than {megabytes:g} MB. Ask for less at once."
        return RequestError(413, "RequestTooLarge", message, close=True)
