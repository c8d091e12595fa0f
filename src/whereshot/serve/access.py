"""Who may use the server, and how often: API keys and a rate limit, in front of all routes."""

from __future__ import annotations

from pathlib import Path

from starlette.datastructures import Headers
from starlette.responses import FileResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from whereshot.serve.keys import Keys
from whereshot.serve.problems import problem
from whereshot.serve.rates import Rates, network_of

SIGN_IN_PAGE = Path(__file__).parent / "static" / "sign_in" / "index.html"
SESSION_PATH = "/api/session"

_PUBLIC = ("/healthz", "/static/", SESSION_PATH)
_WORK = ("/api/", "/v1/")
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class Access:
    """ASGI middleware: asks for a key if there are `keys`, and counts requests if there is a rate.

    Health checks, style sheets and scripts need no key. A browser that asks for a page without one
    gets the page to sign in. Only requests that make work are counted: those that only read, such
    as the pictures of a page, are free.
    """

    def __init__(self, app: ASGIApp, keys: Keys, rate: int | None) -> None:
        self.app, self.keys = app, keys
        self.rates = None if rate is None else Rates(rate)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection, as ASGI defines it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        owner = self.keys.owner(scope)
        refusal = self._unknown(scope, owner) or self._too_often(scope, owner)
        await (refusal or self.app)(scope, receive, send)

    def _unknown(self, scope: Scope, owner: str | None) -> Response | None:
        if owner is not None or not self.keys or scope["path"].startswith(_PUBLIC):
            return None
        headers = {"WWW-Authenticate": 'Bearer realm="whereshot"', "Cache-Control": "no-store"}
        if scope["method"] not in _SAFE_METHODS:
            headers["Connection"] = "close"  # the body stays unread
        elif "text/html" in Headers(scope=scope).get("accept", ""):
            return FileResponse(SIGN_IN_PAGE, 401, headers)
        return problem(
            401,
            "KeyRequired",
            "The request has no API key that is known here. Send one of this server's keys in the "
            "header X-API-Key.",
            headers,
        )

    def _too_often(self, scope: Scope, owner: str | None) -> Response | None:
        is_free = scope["method"] in _SAFE_METHODS or not scope["path"].startswith(_WORK)
        if self.rates is None or is_free:
            return None
        client = owner or network_of((scope.get("client") or ("",))[0])
        if not (seconds := self.rates.wait(client)):
            return None
        return problem(
            429,
            "TooManyRequests",
            f"You have sent {self.rates.per_minute} requests within a minute, as many as one may "
            f"here. Ask again in {seconds} s.",
            {"Retry-After": str(seconds), "Connection": "close"},
        )
