"""What becomes of each request: measured, counted, logged, and given an id to speak of it."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import perf_counter

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

REQUEST_ID = "X-Request-ID"
_GIVEN_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_ID_KEY = "whereshot.request_id"
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_NO_ROUTE = "none"


@dataclass(frozen=True, slots=True)
class Visit:
    """A request that was answered, without anything that tells what was in it.

    `route` is the template, such as `/api/enrolled/{landmark_id}`, never the path that was asked
    for. `milliseconds` go until the answer began, `bytes_in` and `bytes_out` are of the bodies.
    """

    id: str
    method: str
    route: str
    status: int
    milliseconds: float
    bytes_in: int
    bytes_out: int


def request_id(scope: Scope) -> str:
    """The id of a request that a `Watch` has seen; empty without one."""
    return scope.get(_ID_KEY, "")


class Watch:
    """ASGI middleware around everything: calls `begin`, and `end` with a `Visit` for each request.

    A request keeps the id that its client gave it in X-Request-ID, if it is a plain word, and gets
    one of ours else; the answer carries it.
    """

    def __init__(
        self,
        app: ASGIApp,
        begin: Sequence[Callable[[], None]] = (),
        end: Sequence[Callable[[Visit], None]] = (),
    ) -> None:
        self.app, self.begin, self.end = app, begin, end

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection, as ASGI defines it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = Headers(scope=scope).get(REQUEST_ID, "")
        scope[_ID_KEY] = given if _GIVEN_ID.fullmatch(given) else secrets.token_hex(8)
        progress = _Progress()

        async def receive_counted() -> Message:
            message = await receive()
            progress.bytes_in += len(message.get("body", b""))
            return message

        async def send_counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                progress.begin_answer(message["status"])
                MutableHeaders(scope=message)[REQUEST_ID] = scope[_ID_KEY]
            else:
                progress.bytes_out += len(message.get("body", b""))
            await send(message)

        for call in self.begin:
            call()
        try:
            await self.app(scope, receive_counted, send_counted)
        finally:
            visit = progress.visit(scope)
            for tell in self.end:
                tell(visit)


@dataclass(slots=True)
class _Progress:
    started: float = field(default_factory=perf_counter)
    milliseconds: float | None = None
    status: int = 500  # without an answer there was a bug, and the framework is about to say so
    bytes_in: int = 0
    bytes_out: int = 0

    def begin_answer(self, status: int) -> None:
        self.status = status
        self.milliseconds = 1000 * (perf_counter() - self.started)

    def visit(self, scope: Scope) -> Visit:
        if self.milliseconds is None:
            self.begin_answer(self.status)
            assert self.milliseconds is not None
        return Visit(
            id=scope[_ID_KEY],
            method=scope["method"] if scope["method"] in _METHODS else "OTHER",
            route=_route_of(scope),
            status=self.status,
            milliseconds=self.milliseconds,
            bytes_in=self.bytes_in,
            bytes_out=self.bytes_out,
        )


def _route_of(scope: Scope) -> str:
    """The template of the route that answered: there are few of them, whatever is asked for."""
    template = getattr(scope.get("route"), "path", None)
    if isinstance(template, str) and template:
        return template
    return scope.get("root_path") or _NO_ROUTE
