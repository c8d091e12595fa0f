"""Errors of the paths under `/v1/` in Google's shape, whoever in the server says them.

Google's clients choose their exception by the HTTP status, and read `code`, `message` and `status`.
"""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

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


class GoogleErrors:
    """ASGI middleware: rewrites `{"error": {"type", "message"}}` under `/v1/`."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection, as ASGI defines it."""
        if scope["type"] != "http" or not scope["path"].startswith(PREFIX):
            await self.app(scope, receive, send)
            return
        held: Message | None = None
        body = bytearray()

        async def send_translated(message: Message) -> None:
            nonlocal held
            if message["type"] == "http.response.start" and message["status"] >= 400:
                held = message
                return
            if held is None or message["type"] != "http.response.body":
                await send(message)
                return
            body.extend(message.get("body", b""))
            if message.get("more_body", False):
                return
            content = json.dumps({"error": _translated(held["status"], bytes(body))}).encode()
            headers = MutableHeaders(scope=held)
            headers["content-type"] = "application/json"
            headers["content-length"] = str(len(content))
            await send(held)
            await send({"type": "http.response.body", "body": content})

        await self.app(scope, receive, send_translated)


def _translated(code: int, body: bytes) -> dict[str, Any]:
    try:
        message = str(json.loads(body)["error"]["message"])
    except (ValueError, LookupError, TypeError):
        message = f"{HTTPStatus(code).phrase}."
    return {"code": code, "message": message, "status": status_name(code)}
