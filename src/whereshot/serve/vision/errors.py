"""Errors of the paths under `/v1/` in Google's shape, whoever in the server says them.

Google's clients choose their exception by the HTTP status, and read `code`, `message` and `status`.
"""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from whereshot.serve.problems import RequestError, internal_error

PREFIX = "/v1/"
_STATUSES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    405: "UNIMPLEMENTED",
    415: "INVALID_ARGUMENT",
    421: "FAILED_PRECONDITION",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}


def status_name(code: int) -> str:
    """The name of `google.rpc.Code` that goes with an HTTP status."""
    return _STATUSES.get(code, "UNKNOWN")


def refused(message: str, *, status: int = 400, close: bool = False) -> RequestError:
    """A request that is wrong as a whole, for whatever reason: Google's services say 400."""
    return RequestError(status, status_name(status), message, close=close)


class GoogleErrors:
    """ASGI middleware: rewrites `{"error": {"type", "message"}}` under `/v1/`."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection, as ASGI defines it."""
        if scope["type"] != "http" or not scope["path"].startswith(PREFIX):
            await self.app(scope, receive, send)
            return
        answer = _Answer(send)
        try:
            await self.app(scope, receive, answer.send)
        except Exception:
            if not answer.is_started:
                await internal_error()(scope, receive, answer.send)
            raise  # for the log: whoever takes it sees that an answer went out


class _Answer:
    """One answer on its way: an error's is held back until its body is there."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._start: Message | None = None  # of an error
        self._body = bytearray()
        self.is_started = False

    async def send(self, message: Message) -> None:
        """Send a part of the answer, or keep it."""
        self.is_started = True
        if message["type"] == "http.response.start" and message["status"] >= 400:
            self._start = message
        elif self._start is None:
            await self._send(message)
        else:
            self._body += message.get("body", b"")
            if not message.get("more_body", False):
                await self._send_error(self._start)

    async def _send_error(self, start: Message) -> None:
        error = _translated(start["status"], bytes(self._body))
        content = json.dumps({"error": error}).encode()
        headers = MutableHeaders(scope=start)
        headers["content-type"] = "application/json"
        headers["content-length"] = str(len(content))
        await self._send(start)
        await self._send({"type": "http.response.body", "body": content})


def _translated(code: int, body: bytes) -> dict[str, Any]:
    try:
        message = str(json.loads(body)["error"]["message"])
    except (ValueError, LookupError, TypeError):
        message = f"{HTTPStatus(code).phrase}."
    return {"code": code, "message": message, "status": status_name(code)}
