"""`GET /api/library`: which folders there are, how many photos, and what goes on."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import anyio.to_thread
from fastapi import APIRouter, Query
from starlette.responses import Response

from whereshot.library.catalog import Catalog
from whereshot.library.overview import FILTERS, Filter
from whereshot.library.scan import is_skipped
from whereshot.serve.library.room import Library, Snapshot
from whereshot.serve.problems import RequestError
from whereshot.serve.reference.library import answered
from whereshot.serve.reference.parts import refusal
from whereshot.serve.routes.library._parts import json_answer
from whereshot.serve.services import Services

_MOST_FOLDERS = 1000


def router(services: Services) -> APIRouter:
    """The routes about folders."""
    routes = APIRouter()
    library = services.library

    @routes.get(
        "/api/library",
        summary="The folders, and how many photos of which kind",
        responses=answered("Library", "What is known, and what goes on."),
    )
    async def describe() -> Response:
        nothing = _Known(0, dict.fromkeys(FILTERS, 0), [])
        known = await library.ask(count) if library.bounds.folders else nothing
        progress = library.desk.progress
        return json_answer(
            {
                "folders": [
                    _folder(number, folder, known.inside[number])
                    for number, folder in enumerate(library.bounds.folders)
                ],
                "bundle": services.engine.name,
                "revision": known.revision,
                "counts": known.counts,
                "job": progress.to_dict() if progress is not None else None,
            }
        )

    def count(_: Catalog, snapshot: Snapshot) -> _Known:
        inside = [0] * len(library.bounds.folders)
        for folder, photos in snapshot.overview.folders.items():
            for number, root in enumerate(library.bounds.folders):
                if folder.is_relative_to(root):
                    inside[number] += photos
        return _Known(snapshot.revision, snapshot.overview.counts, inside)

    @routes.get(
        "/api/library/folders",
        summary="The folders inside of an allowed one",
        responses={
            **answered("LibraryFolders", "The folders, by name."),
            404: refusal("The folder can't be read, or there is none."),
        },
    )
    async def list_folders(
        number: Annotated[int, Query(ge=0, le=10_000, description="Which allowed folder.")] = 0,
        path: Annotated[str, Query(max_length=4096, description="A folder in it.")] = "",
    ) -> Response:
        return json_answer(await anyio.to_thread.run_sync(_list, library, number, path))

    return routes


class _Known(NamedTuple):
    revision: int
    counts: dict[Filter, int]
    inside: list[int]  # photos in each of the folders


def _folder(number: int, folder: Path, photos: int) -> dict[str, Any]:
    readable = os.access(folder, os.R_OK | os.X_OK)
    writable = readable and os.access(folder, os.W_OK)
    problem = ""
    if not readable:
        problem = (
            f"'{folder}' can't be read. Check that its disk is connected, and its permissions."
        )
    elif not writable:
        problem = f"Nothing can be written into '{folder}': its photos can be seen, not tagged."
    return {
        "number": number,
        "path": str(folder),
        "name": folder.name or str(folder),
        "photos": photos,
        "readable": readable,
        "writable": writable,
        "problem": problem,
    }


def _list(library: Library, number: int, path: str) -> dict[str, Any]:
    root = resolve_folder(library, number, path)
    base = library.bounds.folders[number]
    try:
        with os.scandir(root) as entries:
            names = sorted(
                entry.name
                for entry in entries
                if entry.is_dir()
                and not is_skipped(os.fsencode(entry.name))
                and library.bounds.holds(entry.path)
            )
    except OSError as error:
        raise RequestError(
            404, "FolderNotFound", f"The folder {path!r} can't be read: {error.strerror}."
        ) from error
    inside = root.relative_to(base)
    return {
        "number": number,
        "path": "" if inside == Path() else inside.as_posix(),
        "full": str(root),
        "folders": [
            {"name": name, "path": (inside / name).as_posix()} for name in names[:_MOST_FOLDERS]
        ],
    }


def resolve_folder(library: Library, number: int, path: str) -> Path:
    """A folder inside of an allowed one; 403 for one that is not."""
    folders = library.bounds.folders
    if number < len(folders) and "\0" not in path:
        folder = Path(os.path.normpath(folders[number] / path))
        if folder.is_relative_to(folders[number]) and library.bounds.holds(folder):
            return folder
    raise not_allowed(path)


def not_allowed(folder: str) -> RequestError:
    """The answer to a folder outside of the allowed ones."""
    return RequestError(
        403,
        "LibraryNotAllowed",
        f"{folder[:200]!r} is not inside of a folder that was allowed. Choose one of those that "
        "/api/library lists, or start the server with `--library` for this one too.",
    )
