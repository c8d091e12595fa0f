"""`/api/session`: a browser shows an API key once, and may then use the pages."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from whereshot.serve.access import SESSION_PATH
from whereshot.serve.keys import SESSION_COOKIE, Keys
from whereshot.serve.problems import RequestError


def router(keys: Keys) -> APIRouter:
    """The routes to sign in and out; only pages use them, so they are not described."""
    routes = APIRouter(include_in_schema=False)

    @routes.post(SESSION_PATH)
    async def sign_in(request: Request) -> Response:
        session = keys.session(request.headers.get("x-api-key", ""))
        if session is None:
            raise RequestError(
                401, "KeyRequired", "This is none of the server's API keys. Check what you pasted."
            )
        response = Response(status_code=204)
        response.set_cookie(
            SESSION_COOKIE,
            session,
            httponly=True,
            samesite="strict",
            secure=request.url.scheme == "https",
        )
        return response

    @routes.delete(SESSION_PATH)
    async def sign_out() -> Response:
        response = Response(status_code=204)
        response.delete_cookie(SESSION_COOKIE)
        return response

    return routes
