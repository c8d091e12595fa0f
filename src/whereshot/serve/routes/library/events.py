"""`GET /api/library/events`: how far the long work is, as Server-Sent Events."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from time import monotonic
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import StreamingResponse

from whereshot.serve.library.desk import News, Progress
from whereshot.serve.library.room import Library
from whereshot.serve.problems import RequestError
from whereshot.serve.reference.parts import refusal
from whereshot.serve.services import Services

_PACE_SECONDS = 0.2  # between two events
_LOOK_SECONDS = 2.0  # how often it is asked whether another program has changed the catalog
_HEARTBEAT_SECONDS = 15.0
MOST_FOLLOWERS = 64  # each holds a connection, and looks at the catalog now and then
_RETRY_AFTER_SECONDS = 10


def router(services: Services) -> APIRouter:
    """The route of events; the last one of a work always comes, whoever is slow."""
    routes = APIRouter()

    @routes.get(
        "/api/library/events",
        summary="How far the work is",
        description="`job` events have a job as data, `changed` events a revision.",
        response_class=StreamingResponse,
        responses={
            503: refusal("As many follow as the server has room for."),
            200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}},
        },
    )
    async def follow(request: Request) -> StreamingResponse:
        if services.library.desk.listeners >= MOST_FOLLOWERS:
            raise RequestError(
                503,
                "TooManyFollowers",
                f"{MOST_FOLLOWERS} others follow the work already, as many as may. Close a page, "
                f"or ask again in {_RETRY_AFTER_SECONDS} s.",
                retry_after=_RETRY_AFTER_SECONDS,
            )
        return StreamingResponse(
            _events(services, request),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    return routes


async def _events(services: Services, request: Request) -> AsyncGenerator[str]:
    library = services.library
    told: Progress | None = None
    with News(library.desk) as news:
        revision = await _revision(library)
        spoke_at = monotonic()
        while not services.stopping.is_set():
            progress = library.desk.progress
            if progress is not told and progress is not None:
                told = progress
                yield _event("job", progress.to_dict())
                spoke_at = monotonic()
                await asyncio.sleep(_PACE_SECONDS)
                continue
            if (now := await _revision(library)) != revision:
                revision = now
                yield _event("changed", {"revision": revision})
                spoke_at = monotonic()
            elif monotonic() - spoke_at > _HEARTBEAT_SECONDS:
                yield ": still here\n\n"
                spoke_at = monotonic()
            if await request.is_disconnected():
                return
            await news.wait(_LOOK_SECONDS)


async def _revision(library: Library) -> int:
    return await library.ask(lambda _, snapshot: snapshot.revision)


def _event(name: str, data: dict[str, Any]) -> str:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n"
