"""`GET /metrics`: numbers for Prometheus."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from whereshot.serve.metrics import CONTENT_TYPE
from whereshot.serve.services import Services

METRICS_REFERENCE: dict[str, Any] = {
    "summary": "How the server is doing, for Prometheus",
    "tags": ["Server"],
    "response_class": Response,
    "responses": {
        200: {
            "description": "Counts and times in Prometheus's text format.",
            "content": {"text/plain": {"example": "whereshot_workers 2.0\n"}},
        }
    },
}


def router(services: Services) -> APIRouter:
    """The route that Prometheus asks; without one if the server is set up so."""
    routes = APIRouter()
    if services.settings.metrics:

        @routes.get("/metrics", **METRICS_REFERENCE)
        async def metrics() -> Response:
            return Response(
                services.metrics.text(),
                headers={"Content-Type": CONTENT_TYPE, "Cache-Control": "no-store"},
            )

    return routes
