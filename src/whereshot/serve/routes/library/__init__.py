"""`/api/library`: the photos in folders of this machine that its person allowed."""

from __future__ import annotations

from fastapi import APIRouter, Depends

from whereshot.serve.library.room import Library
from whereshot.serve.problems import RequestError
from whereshot.serve.routes.library import browse, events, folders, photos, review, work
from whereshot.serve.services import Services


def router(services: Services) -> APIRouter:
    """The routes of the library; those without an allowed folder answer 403."""
    library = services.library
    routes = APIRouter(tags=["Library"])
    routes.include_router(folders.router(services))
    guarded = APIRouter(dependencies=[Depends(lambda: _check_allowed(library))])
    for area in (browse, events, photos, review, work):
        guarded.include_router(area.router(services))
    routes.include_router(guarded)
    return routes


def _check_allowed(library: Library) -> None:
    if not library.bounds.folders:
        raise RequestError(
            403,
            "LibraryNotAllowed",
            "This server shows no folder of photos: none was allowed. Start it with "
            "`whereshot serve --library FOLDER`.",
        )
