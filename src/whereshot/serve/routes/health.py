"""`GET /healthz`: for those who watch whether the server is up."""

from __future__ import annotations

from fastapi import APIRouter

import whereshot
from whereshot.serve.reference.parts import answer, ref
from whereshot.serve.services import Services

_EXAMPLE = {"status": "ok", "bundle": "world@2", "landmarks": 62, "version": "0.1.0"}


def router(services: Services) -> APIRouter:
    """The route of a health check; it asks no worker, so it answers under load too."""
    routes = APIRouter()

    @routes.get(
        "/healthz",
        summary="Is the server up, and what does it recognize with?",
        tags=["Server"],
        responses={200: answer("It is up.", ref("Health"), _EXAMPLE)},
    )
    async def health() -> dict[str, str | int]:
        return {
            "status": "ok",
            "bundle": services.engine.name,
            "landmarks": len(services.engine.landmarks),
            "version": whereshot.__version__,
        }

    return routes
