"""One photo: all that is known of it, and its pictures."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from whereshot.library.catalog import Catalog, CatalogPhoto
from whereshot.library.files import RealFiles
from whereshot.library.journal import now
from whereshot.library.keepers import Sidecars
from whereshot.library.overview import Item
from whereshot.library.tagging import TagOptions, plan_tags
from whereshot.serve.library.pictures import HEIGHTS, Size
from whereshot.serve.library.room import Snapshot
from whereshot.serve.library.shapes import candidates_of, photo_to_dict
from whereshot.serve.reference.library import answered
from whereshot.serve.reference.parts import refusal
from whereshot.serve.reference.photos import picture
from whereshot.serve.routes.library._parts import (
    NO_PHOTO,
    PhotoId,
    find_item,
    json_answer,
    photo_not_found,
)
from whereshot.serve.services import Services

_FOR_EVER = "private, max-age=31536000, immutable"
_NOBODY_WAITS = 499  # as nginx says it: who asked is gone

Version = Annotated[str, Query(max_length=40, description="The photo's `v`: then it is kept.")]


def router(services: Services) -> APIRouter:
    """The routes of one photo."""
    routes = APIRouter()
    library = services.library

    @routes.get(
        "/api/library/photos/{number}",
        summary="All that is known of a photo",
        responses={**NO_PHOTO, **answered("LibraryPhotoDetails", "The photo.")},
    )
    async def describe(number: PhotoId) -> Response:
        item = await find_item(library, number)

        def answer(catalog: Catalog, _: Snapshot) -> dict[str, Any]:
            photo = catalog.get_by_id(number)
            if photo is None:
                raise photo_not_found(number)
            return _details(item, photo)

        return json_answer(await library.ask(answer))

    async def show(request: Request, number: int, size: Size, version: str) -> Response:
        item = await find_item(library, number)
        headers = {
            "ETag": f'"{item.version}-{HEIGHTS[size]}"',
            "Cache-Control": _FOR_EVER if version == item.version else "private, no-cache",
        }
        if request.headers.get("if-none-match") == headers["ETag"]:
            return Response(status_code=304, headers=headers)

        async def is_wanted() -> bool:
            return not await request.is_disconnected()

        jpeg = await library.pictures.get(item, size, is_wanted)
        if jpeg is None:
            return Response(status_code=_NOBODY_WAITS)
        return Response(jpeg, headers=headers, media_type="image/jpeg")

    jpeg: dict[int | str, dict[str, Any]] = {
        **NO_PHOTO,
        200: picture("image/jpeg", "The JPEG."),
        304: {"description": "It is the one that you have."},
        413: refusal("The photo is beyond the limits on bytes or pixels."),
        415: refusal("The file is no known photo format."),
        422: refusal("A wrong parameter, or a photo that can't be read."),
    }

    @routes.get(
        "/api/library/photos/{number}/thumbnail",
        summary="A photo, 240 px high",
        response_class=Response,
        responses=jpeg,
    )
    async def show_thumbnail(request: Request, number: PhotoId, v: Version = "") -> Response:
        return await show(request, number, "thumbnail", v)

    @routes.get(
        "/api/library/photos/{number}/preview",
        summary="A photo, 1080 px high",
        response_class=Response,
        responses=jpeg,
    )
    async def show_preview(request: Request, number: PhotoId, v: Version = "") -> Response:
        return await show(request, number, "preview", v)

    return routes


def _details(item: Item, photo: CatalogPhoto) -> dict[str, Any]:
    own, place = photo.own_location, item.place
    [step] = plan_tags([photo], Sidecars(RealFiles()).read, TagOptions(now()))
    return photo_to_dict(item) | {
        "folder": str(photo.path.parent),
        "bytes": photo.size,
        "camera": photo.camera,
        "error": photo.error,
        "bundle": photo.recognition.bundle if photo.recognition is not None else None,
        "gps": None if own is None else {"latitude": own.latitude, "longitude": own.longitude},
        "source": place.source if place is not None else None,
        "radius_km": place.radius_km if place is not None else None,
        "distance_km": None if item.distance_km is None else round(item.distance_km, 1),
        "candidates": candidates_of(photo),
        "plan": {"outcome": step.outcome, "reason": step.reason},
    }
