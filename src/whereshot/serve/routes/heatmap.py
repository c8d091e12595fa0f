"""`POST /api/heatmap`: where in a photo a landmark is seen, as a layer to lay over it."""

from __future__ import annotations

import io
from functools import partial
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from whereshot.serve.forms import read_one_photo
from whereshot.serve.reference.parts import refusal
from whereshot.serve.reference.photos import photo_body, photo_refusals, picture
from whereshot.serve.services import Services

if TYPE_CHECKING:
    from whereshot.recognize import OnnxRecognizer

LONGEST = 768  # px: heat is smooth, and a screen shows no more of it

_REFERENCE: dict[str, Any] = {
    "tags": ["Photos"],
    "summary": "Where in this photo is the landmark?",
    "description": (
        "Answers a PNG with the photo's own shape, upright, that is transparent where nothing "
        "speaks for the landmark, and has a line around the place that does. Lay it over the photo."
    ),
    "response_class": Response,
    "responses": {
        **photo_refusals(),
        200: picture("image/png", "The layer."),
        404: refusal("There is no such landmark in the landmark set."),
    },
    "openapi_extra": photo_body(
        landmark={
            "type": "string",
            "description": "The id of a landmark; the most probable one if it is not given.",
        }
    ),
}


def router(services: Services) -> APIRouter:
    """The route of heatmaps."""
    routes = APIRouter()

    @routes.post("/api/heatmap", **_REFERENCE)
    async def heatmap(request: Request) -> Response:
        photo, fields = await read_one_photo(request, services.settings.limits, {"landmark"})
        landmark = fields.get("landmark", "").strip() or None
        layer = await services.engine.run(partial(draw_layer, photo, landmark))
        return Response(layer, media_type="image/png", headers={"Cache-Control": "no-store"})

    return routes


def draw_layer(content: bytes, landmark: str | None, recognizer: OnnxRecognizer) -> bytes:
    """The job of a worker: the layer as a PNG; raises PhotoError, LandmarkNotFoundError."""
    from PIL import Image

    from whereshot.recognize.overlay import heat_layer

    layer = heat_layer(recognizer.heatmap(content, landmark), LONGEST)
    buffer = io.BytesIO()
    Image.fromarray(layer).save(buffer, "png", compress_level=3)
    return buffer.getvalue()
