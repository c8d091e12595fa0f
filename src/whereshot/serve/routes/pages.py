"""The HTML pages, and the files that they load."""

from __future__ import annotations

import mimetypes
from functools import partial
from pathlib import Path
from typing import Any

from fastapi import APIRouter
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles

from whereshot.serve.services import Services

STATIC = Path(__file__).parents[1] / "static"


PAGES = {
    "/": "recognize/index.html",
    "/landmarks": "landmarks/index.html",
    "/library": "library/index.html",
    "/docs": "docs/index.html",
}


def router(_services: Services) -> APIRouter:
    """The routes of the pages."""
    routes = APIRouter()
    for path, name in PAGES.items():
        page = partial(_page, STATIC / name)
        routes.add_api_route(path, page, methods=["GET", "HEAD"], include_in_schema=False)
    return routes


async def _page(file: Path) -> FileResponse:
    return FileResponse(file, headers={"Cache-Control": "no-cache"})


class StaticPages(StaticFiles):
    """Static files that a browser asks for again: an upgrade shows at once (the answer is 304)."""

    def __init__(self) -> None:
        # On some systems the MIME table says something else, and with `nosniff` a browser then
        # refuses to run the page's modules.
        mimetypes.add_type("text/javascript", ".js")
        super().__init__(directory=STATIC)

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        """The answer for one file, to be kept and asked for again."""
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "no-cache"
        return response
