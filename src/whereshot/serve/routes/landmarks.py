"""`GET /api/landmarks`: what the bundle knows."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter

from whereshot.serve.services import Services


def router(services: Services) -> APIRouter:
    """The routes about landmarks."""
    routes = APIRouter()

    @routes.get("/api/landmarks", summary="Every landmark that the bundle knows")
    async def list_landmarks() -> list[dict[str, Any]]:
        return [asdict(landmark) for landmark in services.engine.landmarks]

    return routes
