"""`/api/enrolled`: landmarks that a person teaches to the bundle, from a few photos."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from starlette.responses import JSONResponse, Response

from whereshot.serve.forms import content_of, read_fields
from whereshot.serve.problems import RequestError
from whereshot.serve.reference.parts import (
    LATITUDE,
    LONGITUDE,
    RADIUS,
    TEXT,
    answer,
    list_of,
    ref,
    refusal,
)
from whereshot.serve.reference.photos import photo_body, photo_refusals, picture
from whereshot.serve.services import Services
from whereshot.serve.teaching import Lesson, taught, teach, unlearn
from whereshot.serve.teaching import picture as picture_of

SECONDS = 120.0  # for a lesson: many photos, one after the other
FIELDS = {"name", "latitude", "longitude", "radius_km", "kind"}
LandmarkId = Annotated[str, Path(max_length=200, description="The landmark's id")]

_TEACH: dict[str, Any] = {
    "summary": "Teach a landmark from photos",
    "description": (
        "From then on it is recognized. Three photos are a start, ten are better. A place is "
        "needed unless the gazetteer knows the name. The photos are kept small, in your own "
        "folder, to learn from again; photos of a landmark that was taught before are added to it."
    ),
    "status_code": 201,
    "responses": {
        **photo_refusals(),
        201: answer("What was learned, and what is odd about the photos.", ref("Lesson")),
    },
    "openapi_extra": photo_body(
        most=32,
        required=("name",),
        name=TEXT,
        latitude=LATITUDE,
        longitude=LONGITUDE,
        radius_km=RADIUS,
        kind={"enum": ["natural", "built"]},
    ),
}


def router(services: Services) -> APIRouter:
    """The routes that teach, list and forget landmarks."""
    routes = APIRouter(prefix="/api/enrolled", tags=["Landmarks"])
    engine, limits = services.engine, services.settings.limits

    @routes.post("", **_TEACH)
    async def enroll(request: Request) -> Response:
        form = await read_fields(request, limits, FIELDS)
        photos = tuple(content_of(photo, limits) for photo in form.photos)
        job = partial(teach, _lesson(form.fields), photos)
        learned = await engine.run(job, seconds=max(SECONDS, services.settings.seconds))
        await engine.refresh()
        return JSONResponse(learned, status_code=201)

    @routes.get(
        "",
        summary="What you taught",
        responses={200: answer("Landmarks, by id.", list_of(ref("Enrolled")))},
    )
    async def list_enrolled() -> list[dict[str, Any]]:
        return await engine.run(taught)

    @routes.get(
        "/{landmark}/photos/{index}",
        summary="One of the photos that a landmark was taught with, small",
        response_class=Response,
        responses={
            200: picture("image/jpeg", "The JPEG."),
            404: refusal("There is no such photo."),
        },
    )
    async def sample(
        landmark: LandmarkId, index: Annotated[int, Path(ge=0, le=100_000)]
    ) -> Response:
        jpeg = await engine.run(partial(picture_of, landmark, index))
        return Response(jpeg, media_type="image/jpeg", headers={"Cache-Control": "no-store"})

    @routes.delete(
        "/{landmark}",
        summary="Forget a landmark that was taught",
        description="With all that was kept of its photos. Your own photos are not touched.",
        status_code=204,
        response_class=Response,
        responses={404: refusal("Nothing of this id was taught.")},
    )
    async def forget(landmark: LandmarkId) -> Response:
        await engine.run(partial(unlearn, landmark))
        await engine.refresh()
        return Response(status_code=204)

    return routes


def _lesson(fields: Mapping[str, str]) -> Lesson:
    name = fields.get("name", "").strip()
    if not name:
        raise _wrong("name", name, "the landmark's English name")
    kind = fields.get("kind", "").strip() or None
    if kind not in (None, "natural", "built"):
        raise _wrong("kind", kind, "natural or built")
    return Lesson(
        name=name,
        latitude=_number(fields, "latitude"),
        longitude=_number(fields, "longitude"),
        radius_km=_number(fields, "radius_km"),
        kind=kind,
    )


def _number(fields: Mapping[str, str], name: str) -> float | None:
    text = fields.get(name, "").strip()
    if not text:
        return None
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise _wrong(name, text, "a number with a decimal point")
    return number


def _wrong(name: str, given: str, expected: str) -> RequestError:
    message = f"The field {name} is {given[:40]!r}, expected {expected}. Correct it."
    return RequestError(422, "InvalidField", message)
