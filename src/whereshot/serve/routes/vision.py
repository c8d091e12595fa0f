"""`POST /v1/images:annotate`: landmarks for clients of Google Cloud Vision."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response

from whereshot.errors import PhotoError, WorkerError
from whereshot.records import Recognition
from whereshot.serve.reference.vision import VISION_REFERENCE
from whereshot.serve.services import Services
from whereshot.serve.together import together
from whereshot.serve.vision.annotations import annotations_of
from whereshot.serve.vision.body import read_body
from whereshot.serve.vision.errors import refused
from whereshot.serve.vision.requests import ImageRequest, read_requests
from whereshot.serve.vision.status import INTERNAL, INVALID_ARGUMENT, Status

if TYPE_CHECKING:
    from whereshot.recognize import OnnxRecognizer

# Clients may name a project and a location; here there is one server, and it is this one.
PATHS = (
    "/v1/images:annotate",
    "/v1/projects/{project}/images:annotate",
    "/v1/projects/{project}/locations/{location}/images:annotate",
)


def router(services: Services) -> APIRouter:
    """The route that annotates images, under each path that Google's clients know."""
    routes = APIRouter()

    async def annotate(request: Request) -> Response:
        if (form := request.query_params.get("alt", "json")) != "json":
            raise refused(f"alt is {form[:20]!a}: whereshot answers in json only.")
        limits = services.settings.limits
        try:
            asked = read_requests(await read_body(request, limits), limits.file_bytes)
        except ClientDisconnect:
            return Response(status_code=400)  # nobody is there to read it
        answers = await together(_annotate(services, image) for image in asked)
        return JSONResponse({"responses": answers}, headers={"Cache-Control": "no-store"})

    routes.add_api_route(PATHS[0], annotate, methods=["POST"], **VISION_REFERENCE)
    for path in PATHS[1:]:
        routes.add_api_route(path, annotate, methods=["POST"], include_in_schema=False)
    return routes


def find_landmark(content: bytes, recognizer: OnnxRecognizer) -> Recognition:
    """The job of a worker: the landmark of one photo, and where in it; raises `PhotoError`."""
    return recognizer.recognize(content, k=1, region=True)


async def _annotate(services: Services, image: ImageRequest) -> dict[str, Any]:
    """The `AnnotateImageResponse` for one image."""
    found, error = None, image.error
    if image.content is not None:
        try:
            found = await services.engine.run(partial(find_landmark, image.content))
            services.metrics.count_photo(found)
        except (PhotoError, WorkerError) as trouble:
            services.metrics.count_photo(trouble)
            code = INVALID_ARGUMENT if isinstance(trouble, PhotoError) else INTERNAL
            error = Status(code, str(trouble))
    answer: dict[str, Any] = {}
    if found is not None and (annotations := annotations_of(found)):
        answer["landmarkAnnotations"] = annotations
    if error is not None:
        answer["error"] = error.to_dict()
    return answer
