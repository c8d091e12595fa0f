"""What several routes of the library share: parameters, and how work is begun."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Annotated, Any

from fastapi import Depends, Path, Query
from starlette.responses import JSONResponse, Response

from whereshot.library.catalog import Catalog
from whereshot.library.grouping import Choice
from whereshot.library.overview import Filter, Item
from whereshot.serve.library.desk import DeskBusyError, Progress
from whereshot.serve.library.room import Library, Snapshot
from whereshot.serve.problems import RequestError
from whereshot.serve.reference.parts import refusal

LARGEST_ID = 2**53 - 1  # what JavaScript can hold
MOST_AT_ONCE = 1000

PhotoId = Annotated[int, Path(ge=1, le=LARGEST_ID, description="The number of a photo.")]
Offset = Annotated[int, Query(ge=0, le=LARGEST_ID, description="How many to leave out first.")]
Limit = Annotated[int, Query(ge=1, le=MOST_AT_ONCE, description="How many at most.")]


def _choice(
    filter: Annotated[Filter, Query(description="Which photos.")] = "all",  # noqa: A002
    landmark: Annotated[
        str, Query(max_length=200, description="Only photos of this landmark, by its id.")
    ] = "",
    since: Annotated[date | None, Query(description="Only photos from this day on.")] = None,
    until: Annotated[date | None, Query(description="Only photos up to this day.")] = None,
) -> Choice:
    return Choice(filter, landmark, since, until)


Chosen = Annotated[Choice, Depends(_choice)]

BUSY: dict[int | str, dict[str, Any]] = {409: refusal("Other work goes on.")}
NO_PHOTO: dict[int | str, dict[str, Any]] = {404: refusal("The library has no such photo.")}


def json_answer(content: dict[str, Any] | bytes, status: int = 200) -> Response:
    """A JSON answer that no cache keeps."""
    headers = {"Cache-Control": "no-store"}
    if isinstance(content, bytes):
        return Response(content, status, headers, "application/json")
    return JSONResponse(content, status, headers)


def begun(begin: Callable[[], Progress]) -> Response:
    """Begin some long work, and answer how far it is; 409 while other work goes on."""
    try:
        return json_answer(begin().to_dict(), 202)
    except DeskBusyError as error:
        raise RequestError(409, "LibraryBusy", str(error)) from error


def photo_not_found(number: int) -> RequestError:
    """The answer to a number that is nobody's, or of a photo that may not be seen."""
    return RequestError(
        404,
        "PhotoNotFound",
        f"The library has no photo {number}: it was moved or deleted, or its folder is not one "
        "of the allowed ones. Load the page again.",
    )


async def find_item(library: Library, number: int) -> Item:
    """A photo by its number; 404 if there is none, 403 if its file leads out of the folders."""

    def find(_: Catalog, snapshot: Snapshot) -> Item:
        item = snapshot.overview.by_id.get(number)
        if item is None:
            raise photo_not_found(number)
        if not library.bounds.holds(item.path):
            raise RequestError(
                403,
                "LibraryNotAllowed",
                f"{item.name!r} is a link that leads out of the allowed folders: it is not "
                "opened. Allow the folder that it leads to, too.",
            )
        return item

    return await library.ask(find)
