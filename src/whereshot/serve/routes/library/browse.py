"""Lists of photos: groups, pages of photos in the order of the groups, and the map."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from whereshot.library.catalog import Catalog
from whereshot.library.grouping import Arrangement
from whereshot.serve.library.room import Snapshot
from whereshot.serve.library.shapes import group_to_dict, map_to_dict, photo_to_dict
from whereshot.serve.reference.library import answered
from whereshot.serve.routes.library._parts import Chosen, Limit, Offset, json_answer
from whereshot.serve.services import Services

By = Annotated[Arrangement, Query(description="What photos are grouped by.")]


def router(services: Services) -> APIRouter:
    """The routes of lists; the same question again is answered from memory."""
    routes = APIRouter()
    library = services.library

    @routes.get(
        "/api/library/groups",
        summary="Groups of photos, in the order of a page",
        responses=answered("LibraryGroups", "Each group with its place in the whole order."),
    )
    async def list_groups(choice: Chosen, by: By = "place") -> Response:
        def answer(_: Catalog, snapshot: Snapshot) -> bytes:
            return snapshot.text(("groups", by, choice), lambda: describe(snapshot))

        def describe(snapshot: Snapshot) -> dict[str, Any]:
            arranged = snapshot.arrange(by, choice)
            return {
                "revision": snapshot.revision,
                "by": by,
                "total": len(arranged.items),
                "groups": [group_to_dict(group) for group in arranged.groups],
            }

        return json_answer(await library.ask(answer))

    @routes.get(
        "/api/library/photos",
        summary="Photos, in the order of the groups",
        responses=answered("LibraryPhotos", "The photos from `offset` on."),
    )
    async def list_photos(
        choice: Chosen, by: By = "place", offset: Offset = 0, limit: Limit = 200
    ) -> Response:
        def answer(_: Catalog, snapshot: Snapshot) -> dict[str, Any]:
            items = snapshot.arrange(by, choice).items
            return {
                "revision": snapshot.revision,
                "total": len(items),
                "offset": offset,
                "photos": [photo_to_dict(item) for item in items[offset : offset + limit]],
            }

        return json_answer(await library.ask(answer))

    @routes.get(
        "/api/library/map",
        summary="All photos that have a place, as columns",
        responses=answered("LibraryMap", "What a map is drawn from."),
    )
    async def describe_map(choice: Chosen) -> Response:
        def answer(_: Catalog, snapshot: Snapshot) -> bytes:
            return snapshot.text(("map", choice), lambda: describe(snapshot))

        def describe(snapshot: Snapshot) -> dict[str, Any]:
            items = [item for item in snapshot.overview.items if choice.takes(item)]
            return {"revision": snapshot.revision, **map_to_dict(items)}

        return json_answer(await library.ask(answer))

    return routes
