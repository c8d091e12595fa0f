"""The guard in front of the app: who may talk to it.

A server on localhost is reachable from every web page that its user opens. Two attacks matter:

- DNS rebinding: a page's own name is made to resolve to 127.0.0.1, so that the browser sees one
  origin. The Host header still carries the foreign name, so only names that are ours pass.
- Cross-site requests: a foreign page posts to our address. Its Origin header gives it away.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from whereshot.serve.headers import SECURITY_HEADERS
from whereshot.serve.problems import problem

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
_WILDCARD = frozenset({"0.0.0.0", "[::]"})  # noqa: S104 - compared with, not bound to
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_CLOSE = {"Connection": "close"}  # the body stays unread: no other request can follow it
_HOST = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[^\[\]:/@\s]+)(?::\d{1,5})?", re.IGNORECASE)


class Guard:
    """ASGI middleware: checks Host and Origin, and adds the security headers to every answer.

    `hosts` are the names and addresses that the server is bound to. A server that is bound to all
    addresses is asked under any of them, so then every IP address passes as a Host; names still
    don't, because rebinding needs a name.
    """

    def __init__(self, app: ASGIApp, hosts: Iterable[str]) -> None:
        self.app = app
        given = {_normalized(host) for host in hosts}
        self.names = _LOOPBACK | given
        self.any_address = bool(given & _WILDCARD)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection, as ASGI defines it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers[name] = value
            await send(message)

        refusal = self._refusal(scope)
        await (refusal or self.app)(scope, receive, send_guarded)

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not self._is_ours(hosts[0]):
            got = ", ".join(hosts) or "none"
            return problem(
                421,
                "HostNotAllowed",
                f"The Host header is {got!r}; whereshot answers to {self._known()}. "
                "Open the address that `whereshot serve` printed, or start it with --host.",
                _CLOSE,
            )
        # The Host is ours, so a same-origin page has exactly it after its scheme. A sandboxed or
        # local page sends "null", which is nobody that we know.
        origin = headers.get("origin", f"http://{hosts[0]}")
        is_same = origin.lower().partition("://")[2] == hosts[0].lower()
        if scope["method"] not in _SAFE_METHODS and not is_same:
            return problem(
                403,
                "OriginNotAllowed",
                f"The request comes from a page of {origin!r}; only whereshot's own page may send "
                "photos. Programs that are no browsers send no Origin header.",
                _CLOSE,
            )
        return None

    def _is_ours(self, value: str) -> bool:
        match = _HOST.fullmatch(value)
        if match is None:
            return False
        name = match["name"].lower()
        return name in self.names or (self.any_address and _is_address(name))

    def _known(self) -> str:
        return ", ".join(sorted(self.names - _WILDCARD))


def _normalized(host: str) -> str:
    """A host as it stands in a Host header: lower case, IPv6 in brackets."""
    host = host.lower()
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True
