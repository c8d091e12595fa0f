"""`/api/corrections`: what a person says a photo shows, against what the recognizer said."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Any

import anyio.to_thread
from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from whereshot.errors import CorrectionError, LandmarkNotFoundError
from whereshot.recognize.enrolled_landmark import digest_of
from whereshot.records import Landmark
from whereshot.serve.corrections import Correction, CorrectionStore
from whereshot.serve.problems import RequestError
from whereshot.serve.reference.parts import answer, list_of, ref, refusal
from whereshot.serve.routes.landmarks import with_gazetteer
from whereshot.serve.services import Services
from whereshot.serve.uploads import Upload

Digest = Annotated[str, Path(pattern="^[0-9a-f]{64}$", description="The SHA-256 of the photo")]
LandmarkId = Annotated[
    str,
    Query(max_length=200, description="A landmark's id; empty: no landmark is in the photo."),
]
AnsweredId = Annotated[
    str, Query(max_length=200, description="The id of what was answered; empty: nothing was.")
]


def router(services: Services) -> APIRouter:
    """The routes of corrections; they ask no worker."""
    routes = APIRouter(tags=["Corrections"])
    store = services.corrections

    @routes.get(
        "/api/corrections",
        summary="All that you corrected",
        responses={200: answer("Corrections, the latest first.", list_of(ref("Correction")))},
    )
    async def list_corrections() -> list[dict[str, Any]]:
        return [to_dict(each) for each in await _in_thread(store.all)]

    @routes.put(
        "/api/corrections/{photo}",
        summary="Say what a photo shows",
        description="Kept on this machine, by the photo's SHA-256; the photo itself is not.",
        responses={
            200: answer("What is kept.", ref("Correction")),
            404: refusal("Neither the bundle nor the gazetteer has this landmark."),
        },
    )
    async def correct(
        photo: Digest, landmark: LandmarkId, answered: AnsweredId = ""
    ) -> dict[str, Any]:
        found = _landmark(services, landmark) if landmark else None
        today = datetime.datetime.now(datetime.UTC).date().isoformat()
        correction = Correction(photo, found, answered, today)
        await _in_thread(store.keep, correction)
        return to_dict(correction)

    @routes.delete(
        "/api/corrections/{photo}",
        summary="Take a correction back",
        status_code=204,
        response_class=Response,
        responses={404: refusal("There is no correction of this photo.")},
    )
    async def take_back(photo: Digest) -> Response:
        if not await _in_thread(store.drop, photo):
            message = f"Photo {photo[:12]}… has no correction: there is nothing to take back."
            raise RequestError(404, "NotFound", message)
        return Response(status_code=204)

    return routes


async def remember(
    store: CorrectionStore, photos: Sequence[Upload], answers: Sequence[dict[str, Any]]
) -> None:
    """Add to the answers for photos what a person has said of them: `digest` and `correction`."""
    digests = await anyio.to_thread.run_sync(_digests, photos)
    known = await anyio.to_thread.run_sync(store.recall, digests)
    for digest, said in zip(digests, answers, strict=True):
        if "error" not in said:
            correction = known.get(digest)
            said["digest"] = digest
            said["correction"] = None if correction is None else to_dict(correction)


def _digests(photos: Sequence[Upload]) -> list[str]:
    return [digest_of(photo.content or b"") for photo in photos]


def to_dict(correction: Correction) -> dict[str, Any]:
    """A correction as JSON."""
    landmark = correction.landmark
    return {
        "photo": correction.photo,
        "landmark": None if landmark is None else asdict(landmark),
        "answered": correction.answered,
        "said": correction.said,
    }


def _landmark(services: Services, landmark_id: str) -> Landmark:
    for landmark in with_gazetteer(services.engine.landmarks):
        if landmark.id == landmark_id:
            return landmark
    raise LandmarkNotFoundError(
        f"There is no landmark {landmark_id[:60]!r}: expected the id of one in /api/landmarks"
        "?scope=all. Search there, or teach it."
    )


async def _in_thread(call: Any, *values: Any) -> Any:
    try:
        return await anyio.to_thread.run_sync(call, *values)
    except CorrectionError as error:
        raise RequestError(500, "CorrectionError", str(error)) from error
