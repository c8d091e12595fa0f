"""`POST /api/preview`: a photo that a browser can't show, such as a HEIC, as a small JPEG."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from whereshot.photo import Limits
from whereshot.photo.thumbnail import thumbnail_jpeg
from whereshot.serve.forms import read_one_photo
from whereshot.serve.reference.photos import photo_body, photo_refusals, picture
from whereshot.serve.services import Services

if TYPE_CHECKING:
    from whereshot.recognize import OnnxRecognizer

HEIGHT = 720  # px, of what a page shows beside an answer

_REFERENCE: dict[str, Any] = {
    "tags": ["Photos"],
    "summary": "A small JPEG of a photo",
    "description": "For formats that a browser can't show. Upright, and without metadata.",
    "response_class": Response,
    "responses": {**photo_refusals(), 200: picture("image/jpeg", "The JPEG.")},
    "openapi_extra": photo_body(),
}


def router(services: Services) -> APIRouter:
    """The route of previews."""
    routes = APIRouter()

    @routes.post("/api/preview", **_REFERENCE)
    async def preview(request: Request) -> Response:
        limits = services.settings.limits
        photo, _ = await read_one_photo(request, limits)
        jpeg = await services.engine.run(partial(make_preview, photo, limits.photo))
        return Response(jpeg, media_type="image/jpeg", headers={"Cache-Control": "no-store"})

    return routes


def make_preview(content: bytes, limits: Limits, _recognizer: OnnxRecognizer) -> bytes:
    """The job of a worker; raises PhotoError."""
    return thumbnail_jpeg(content, height=HEIGHT, limits=limits)
