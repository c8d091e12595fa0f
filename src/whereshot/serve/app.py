"""`create_app`: a recognizer as a web app, with the page in front and the JSON API behind it."""

from __future__ import annotations

import asyncio
import mimetypes
from collections.abc import Iterable
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

import anyio.to_thread
from anyio import CapacityLimiter
from fastapi import FastAPI, Request
from starlette.requests import ClientDisconnect
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.staticfiles import StaticFiles

import whereshot
from whereshot.cores import available_cores
from whereshot.errors import PhotoError, PhotoTooLargeError, UnsupportedPhotoError
from whereshot.recognize.wire import failure_to_dict, recognition_to_dict
from whereshot.records import Failure, Recognition, Recognizer
from whereshot.serve import problems
from whereshot.serve.guard import Guard
from whereshot.serve.problems import RequestError
from whereshot.serve.reference import RECOGNIZE_REFERENCE
from whereshot.serve.uploads import Form, Upload, UploadLimits, read_form

STATIC = Path(__file__).with_name("static")
DEFAULT_K = 5


def create_app(
    recognizer: Recognizer,
    *,
    hosts: Iterable[str] = (),
    limits: UploadLimits | None = None,
    workers: int | None = None,
) -> FastAPI:
    """Build the app around `recognizer`, which is called from up to `workers` threads at once.

    `hosts` are the names or addresses besides localhost under which it may be asked (see `Guard`).
    `workers` defaults to the number of cores that this process may use.
    """
    limits = limits or UploadLimits()
    threads = CapacityLimiter(workers or available_cores())
    landmarks = [asdict(landmark) for landmark in recognizer.landmarks]
    # On some systems the MIME table says something else, and with `nosniff` a browser then
    # refuses to run the page's modules.
    mimetypes.add_type("text/javascript", ".js")

    app = FastAPI(
        title="whereshot",
        summary="Where was this shot? Landmarks and their places, out of photos.",
        version=whereshot.__version__,
        docs_url=None,  # both would load their scripts from a CDN
        redoc_url=None,
    )
    problems.install(app)
    app.add_middleware(Guard, hosts=tuple(hosts))

    @app.api_route("/", methods=["GET", "HEAD"], include_in_schema=False)
    async def page() -> FileResponse:
        return FileResponse(STATIC / "index.html", headers={"Cache-Control": "no-cache"})

    @app.get("/healthz", summary="Is the server up, and what does it recognize with?")
    async def health() -> dict[str, str | int]:
        return {
            "status": "ok",
            "bundle": recognizer.name,
            "landmarks": len(landmarks),
            "version": whereshot.__version__,
        }

    @app.get("/api/landmarks", summary="Every landmark that the bundle knows")
    async def list_landmarks() -> list[dict[str, Any]]:
        return landmarks

    @app.post("/api/recognize", **RECOGNIZE_REFERENCE)
    async def recognize(request: Request) -> Response:
        try:
            form = await read_form(request, limits)
        except ClientDisconnect:
            return Response(status_code=400)  # nobody is there to read it
        k = _read_k(form, len(landmarks))
        answers = await asyncio.gather(
            *(_recognize(recognizer, upload, k, limits, threads) for upload in form.photos)
        )
        return _answer(answers)

    app.mount("/static", _Static(directory=STATIC), name="static")
    return app


class _Static(StaticFiles):
    """Static files that a browser asks for again: an upgrade shows at once (the answer is 304)."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "no-cache"
        return response


def _read_k(form: Form, landmarks: int) -> int:
    unknown = sorted(set(form.fields) - {"k"})
    if unknown:
        message = f"The field {unknown[0]!r} is unknown: whereshot takes 'photos' and 'k'."
        raise RequestError(422, "UnknownField", message)
    text = form.fields.get("k", str(DEFAULT_K)).strip()
    # isdecimal also holds for digits of other scripts, which int() reads as well
    if not text.isdecimal() or len(text) > 6 or int(text) < 1:
        message = f"k is {text[:20]!r}, expected a whole number from 1 up, such as {DEFAULT_K}."
        raise RequestError(422, "InvalidK", message)
    return min(int(text), landmarks)


async def _recognize(
    recognizer: Recognizer, upload: Upload, k: int, limits: UploadLimits, threads: CapacityLimiter
) -> Recognition | Failure:
    """One photo's answer under the name that it was uploaded with."""
    if upload.content is None:
        megabytes = limits.file_bytes / 1024**2
        message = f"{upload.name!r} is larger than {megabytes:g} MB. Send a smaller copy of it."
        return Failure(upload.name, PhotoTooLargeError(message))
    task = partial(recognizer.recognize, upload.content, k=k)
    try:
        recognition = await anyio.to_thread.run_sync(task, limiter=threads)
    except PhotoError as error:
        return Failure(upload.name, error)
    return replace(recognition, photo=upload.name)


def _answer(answers: Iterable[Recognition | Failure]) -> JSONResponse:
    """All answers as one JSON list, with an error's status if every photo failed."""
    content: list[dict[str, Any]] = []
    statuses: list[int] = []
    for answer in answers:
        if isinstance(answer, Failure):
            content.append(failure_to_dict(answer))
            statuses.append(_status_of(answer.error))
        else:
            content.append(recognition_to_dict(answer))
            statuses.append(200)
    status = statuses[0]
    if any(other != status for other in statuses):
        status = 200 if 200 in statuses else 422
    return JSONResponse(content, status_code=status, headers={"Cache-Control": "no-store"})


def _status_of(error: PhotoError) -> int:
    if isinstance(error, PhotoTooLargeError):
        return 413
    if isinstance(error, UnsupportedPhotoError):
        return 415
    return 422
