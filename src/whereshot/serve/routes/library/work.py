"""Long work: looking at folders, writing what was decided, taking it back; and what came of it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any, Literal

import anyio.to_thread
from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from whereshot.library.journal import Journal, RunRecord
from whereshot.library.overview import Item
from whereshot.serve.library.room import Library
from whereshot.serve.library.work import WriteWishes
from whereshot.serve.problems import RequestError
from whereshot.serve.reference.library import BEGUN, answered
from whereshot.serve.reference.parts import refusal
from whereshot.serve.routes.library._parts import (
    BUSY,
    LARGEST_ID,
    Limit,
    Offset,
    begun,
    json_answer,
)
from whereshot.serve.routes.library.folders import not_allowed
from whereshot.serve.services import Services

Language = Literal["de", "en", "es", "fr", "it", "ja", "zh"]


class IndexWish(BaseModel):
    """Which photos to look at."""

    model_config = ConfigDict(extra="forbid")

    folder: Annotated[
        str | None,
        Field(min_length=1, max_length=4096, description="One folder; all allowed ones if null."),
    ] = None


class WriteWish(BaseModel):
    """How to write what was decided."""

    model_config = ConfigDict(extra="forbid")

    dry_run: Annotated[bool, Field(description="Find out what would change; write nothing.")]
    write_gps: Annotated[bool, Field(description="The landmark's position too.")] = False
    language: Annotated[Language, Field(description="Of the names.")] = "en"


class UndoWish(BaseModel):
    """Which run to take back."""

    model_config = ConfigDict(extra="forbid")

    run: Annotated[
        int | None, Field(ge=1, le=LARGEST_ID, description="The last that can be, if null.")
    ] = None


def router(services: Services) -> APIRouter:
    """The routes of long work."""
    routes = APIRouter()
    library = services.library

    @routes.post(
        "/api/library/index",
        summary="Look at the photos of a folder",
        status_code=202,
        responses={**BEGUN, **BUSY, 404: refusal("There is no such folder.")},
    )
    async def index(wish: IndexWish) -> Response:
        folders = (
            library.bounds.folders if wish.folder is None else (_inside(library, wish.folder),)
        )
        if not library.can_index:
            raise RequestError(
                409, "NoRecognizer", "This server can't look at folders: it has no bundle for it."
            )
        return begun(lambda: library.begin_index(folders))

    @routes.delete(
        "/api/library/job",
        summary="Stop what goes on, in order",
        status_code=202,
        responses={**BEGUN, 409: refusal("Nothing goes on.")},
    )
    async def stop() -> Response:
        progress = library.desk.progress
        if not library.desk.stop() or progress is None:
            raise RequestError(409, "NothingRuns", "Nothing goes on that could be stopped.")
        return json_answer(progress.to_dict(), 202)

    @routes.post(
        "/api/library/write",
        summary="Write what was decided",
        status_code=202,
        responses={**BEGUN, **BUSY},
    )
    async def write(wish: WriteWish) -> Response:
        def decided(item: Item) -> bool:
            return item.decision is not None

        items = await library.ask(
            lambda _, snapshot: list(filter(decided, snapshot.overview.items))
        )
        wishes = WriteWishes(wish.dry_run, wish.write_gps, wish.language)
        return begun(lambda: library.begin_write(items, wishes))

    @routes.get(
        "/api/library/changes",
        summary="What the last preview or run found, by photo",
        responses={
            **answered("LibraryChanges", "The rows from `offset` on."),
            404: refusal("Nothing was previewed or written yet."),
        },
    )
    async def list_changes(offset: Offset = 0, limit: Limit = 100) -> Response:
        changes = library.changes
        if changes is None:
            message = "Nothing was previewed or written yet: POST /api/library/write comes first."
            raise RequestError(404, "NothingPreviewed", message)
        return json_answer(
            {
                "kind": changes.kind,
                "total": len(changes.rows),
                "counts": changes.counts,
                "offset": offset,
                "changes": [
                    {
                        "id": row.photo.id,
                        "v": row.version,
                        "name": row.photo.path.name.encode("utf-8", "replace").decode(),
                        "landmark": row.landmark,
                        "country": row.country,
                        "outcome": row.outcome,
                        "reason": row.reason,
                        "file": None if row.file is None else _text(row.file),
                        "difference": row.difference,
                    }
                    for row in changes.rows[offset : offset + limit]
                ],
            }
        )

    @routes.get(
        "/api/library/runs",
        summary="Runs that changed files, the latest first",
        responses=answered("LibraryRuns", "The runs all of whose files are in allowed folders."),
    )
    async def list_runs() -> Response:
        runs = await anyio.to_thread.run_sync(_runs, library)
        return json_answer({"runs": [_run_to_dict(run) for run in runs]})

    @routes.post(
        "/api/library/undo",
        summary="Take back a run",
        status_code=202,
        responses={**BEGUN, **BUSY, 404: refusal("There is no such run in the allowed folders.")},
    )
    async def undo(wish: UndoWish) -> Response:
        run = await anyio.to_thread.run_sync(_find_run, library, wish.run)
        return begun(lambda: library.begin_undo(run.id, run.changes))

    return routes


def _inside(library: Library, folder: str) -> Path:
    path = Path(folder)
    if "\0" in folder or not path.is_absolute() or not library.bounds.holds(path):
        raise not_allowed(folder)
    resolved = Path(os.path.realpath(path))
    if not resolved.exists():
        raise RequestError(404, "FolderNotFound", f"There is no folder {folder!r}. Check its name.")
    return resolved


def _runs(library: Library) -> list[RunRecord]:
    """The runs all of whose files are in the allowed folders."""
    with Journal() as journal:
        return [run for run in reversed(journal.runs()) if _may_see(library, journal, run)]


def _may_see(library: Library, journal: Journal, run: RunRecord) -> bool:
    folders = {path.parent for path in journal.paths(run.id)}
    return all(map(library.bounds.holds, folders))


def _find_run(library: Library, number: int | None) -> RunRecord:
    with Journal() as journal:
        for run in reversed(journal.runs()):
            if number is None and run.changes and run.undone is None:
                if _may_see(library, journal, run):
                    return run
            elif number == run.id:
                if _may_see(library, journal, run):
                    return run
                break
    if number is None:
        message = "There is no run to take back: nothing was written, or all was taken back."
    else:
        message = f"There is no run {number} of the allowed folders. GET /api/library/runs has all."
    raise RequestError(404, "RunNotFound", message)


def _run_to_dict(run: RunRecord) -> dict[str, Any]:
    return {
        "run": run.id,
        "command": run.command,
        "started": run.started,
        "ended": run.ended,
        "undone": run.undone,
        "broken_off": run.ended is None,
        "changes": run.changes,
        "can_undo": run.changes > 0,
    }


def _text(path: Path) -> str:
    return os.fsencode(path).decode("utf-8", "replace")
