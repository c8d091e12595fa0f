"""`POST /api/recognize`: photos in, one answer per photo out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response

from whereshot.errors import PhotoError, PhotoTooLargeError, WorkerError
from whereshot.recognize.wire import recognition_to_dict
from whereshot.records import Recognition
from whereshot.serve.problems import RequestError, status_of
from whereshot.serve.reference.recognize import RECOGNIZE_REFERENCE
from whereshot.serve.routes.corrections import remember
from whereshot.serve.services import Services
from whereshot.serve.together import together
from whereshot.serve.uploads import Form, Upload, read_form

if TYPE_CHECKING:
    from whereshot.recognize import OnnxRecognizer

DEFAULT_K = 5
INCLUDABLE = frozenset({"certainty", "correction"})
_Answer = Recognition | PhotoError | WorkerError


def router(services: Services) -> APIRouter:
    """The route that recognizes uploaded photos."""
    routes = APIRouter()

    @routes.post("/api/recognize", **RECOGNIZE_REFERENCE)
    async def recognize(request: Request) -> Response:
        try:
            form = await read_form(request, services.settings.limits)
        except ClientDisconnect:
            return Response(status_code=400)  # nobody is there to read it
        k = _read_k(form, len(services.engine.landmarks))
        include = _read_include(form)
        answers = await _recognize_all(services, form.photos, k)
        content, status = _to_json(form.photos, answers, certainty="certainty" in include)
        if "correction" in include:
            await remember(services.corrections, form.photos, content)
        return JSONResponse(content, status, {"Cache-Control": "no-store"})

    return routes


def recognize_bytes(content: bytes, recognizer: OnnxRecognizer, *, k: int) -> Recognition:
    """The job of a worker: what one photo shows; raises `PhotoError`."""
    return recognizer.recognize(content, k=k)


def _read_k(form: Form, landmarks: int) -> int:
    unknown = sorted(set(form.fields) - {"k", "include"})
    if unknown:
        message = (
            f"The field {unknown[0]!r} is unknown: whereshot takes 'photos', 'k' and 'include'."
        )
        raise RequestError(422, "UnknownField", message)
    text = form.fields.get("k", str(DEFAULT_K)).strip()
    # isdecimal also holds for digits of other scripts, which int() reads as well
    if not text.isdecimal() or len(text) > 6 or int(text) < 1:
        message = f"k is {text[:20]!r}, expected a whole number from 1 up, such as {DEFAULT_K}."
        raise RequestError(422, "InvalidK", message)
    return min(int(text), landmarks)


def _read_include(form: Form) -> set[str]:
    """What an answer shall have besides, as a list with commas."""
    given = {word.strip() for word in form.fields.get("include", "").split(",")} - {""}
    unknown = sorted(given - INCLUDABLE)
    if unknown:
        message = (
            f"include has {unknown[0][:40]!r}, expected one or more of "
            f"{', '.join(sorted(INCLUDABLE))}, with commas between them."
        )
        raise RequestError(422, "InvalidInclude", message)
    return given


async def _recognize_all(services: Services, photos: Sequence[Upload], k: int) -> list[_Answer]:
    """The photos' answers, in order; all of them are given up if one finds the engine busy."""
    return await together(_recognize(services, photo, k) for photo in photos)


async def _recognize(services: Services, upload: Upload, k: int) -> _Answer:
    """One photo's answer under the name that it was uploaded with."""
    if upload.content is None:
        megabytes = services.settings.limits.file_bytes / 1024**2
        message = f"{upload.name!r} is larger than {megabytes:g} MB. Send a smaller copy of it."
        answer = PhotoTooLargeError(message)
    else:
        try:
            found = await services.engine.run(partial(recognize_bytes, upload.content, k=k))
            answer = replace(found, photo=upload.name)
        except (PhotoError, WorkerError) as error:
            answer = error.with_traceback(None)  # it would hold this frame, and the photo with it
    services.metrics.count_photo(answer)
    return answer


def _to_json(
    photos: Sequence[Upload], answers: Sequence[_Answer], *, certainty: bool
) -> tuple[list[dict[str, Any]], int]:
    """All answers as one JSON list, and its status: an error's if every photo failed."""
    content: list[dict[str, Any]] = []
    statuses: list[int] = []
    for photo, answer in zip(photos, answers, strict=True):
        if isinstance(answer, Recognition):
            content.append(recognition_to_dict(answer, certainty=certainty))
            statuses.append(200)
        else:
            error = {"type": type(answer).__name__, "message": str(answer)}
            content.append({"photo": photo.name, "error": error})
            statuses.append(status_of(answer))
    status = statuses[0]
    if any(other != status for other in statuses):
        status = 200 if 200 in statuses else 422
    return content, status
