"""What a person says of photos: a queue of those to look at, and the decisions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from whereshot.gazetteer import load_gazetteer
from whereshot.library.catalog import Catalog
from whereshot.library.catalog_photo import Decision
from whereshot.library.grouping import alike
from whereshot.library.overview import Item
from whereshot.records import Landmark
from whereshot.serve.library.room import Snapshot
from whereshot.serve.library.shapes import candidates_of, photo_to_dict
from whereshot.serve.problems import RequestError
from whereshot.serve.reference.library import answered
from whereshot.serve.routes.library._parts import (
    LARGEST_ID,
    MOST_AT_ONCE,
    Limit,
    Offset,
    json_answer,
)
from whereshot.serve.services import Services

Queue = Literal["suggested", "unsure", "contradiction"]
Word = Literal["accept", "reject", "none"]


class Ruling(BaseModel):
    """What a person says of some photos."""

    model_config = ConfigDict(extra="forbid")

    ids: Annotated[
        list[Annotated[int, Field(ge=1, le=LARGEST_ID)]],
        Field(min_length=1, max_length=MOST_AT_ONCE, description="The photos."),
    ]
    decision: Annotated[Word, Field(description="none takes back what was said.")]
    landmark_id: Annotated[
        str | None,
        Field(max_length=200, description="With accept: another landmark than the best one."),
    ] = None


def router(services: Services) -> APIRouter:
    """The routes of the review."""
    routes = APIRouter()
    library = services.library

    @routes.get(
        "/api/library/review",
        summary="Photos that a person may want to look at",
        responses=answered("LibraryQueue", "Those that nobody decided about; alike ones together."),
    )
    async def list_queue(
        queue: Annotated[
            Queue,
            Query(description="What `whereshot tag` would write; guesses; those with other GPS."),
        ] = "suggested",
        offset: Offset = 0,
        limit: Limit = 50,
    ) -> Response:
        def answer(catalog: Catalog, snapshot: Snapshot) -> dict[str, Any]:
            everything = snapshot.overview.items
            items = snapshot.keep(
                ("review", queue), lambda: alike(item for item in everything if _is_in(queue, item))
            )
            return {
                "revision": snapshot.revision,
                "queue": queue,
                "total": len(items),
                "photos": [
                    photo_to_dict(item)
                    | {
                        "candidates": candidates_of(catalog.get_by_id(item.id)),
                        "distance_km": item.distance_km,
                    }
                    for item in items[offset : offset + limit]
                ],
            }

        return json_answer(await library.ask(answer))

    @routes.post(
        "/api/library/review",
        summary="Accept, correct or reject what photos show",
        responses=answered("LibraryDecisions", "What is decided now, and what could not be."),
    )
    async def decide(ruling: Ruling) -> Response:
        chosen = _chosen(services, ruling)
        outcome = _Outcome()

        def choose(catalog: Catalog, snapshot: Snapshot) -> dict[int, Decision | None]:
            _judge(ruling, chosen, catalog, snapshot, outcome)
            return outcome.decisions

        await library.decide(choose)

        def answer(_: Catalog, snapshot: Snapshot) -> dict[str, Any]:
            by_id = snapshot.overview.by_id
            return {
                "revision": snapshot.revision,
                "changed": list(outcome.decisions),
                "refused": [
                    {"id": number, "reason": reason} for number, reason in outcome.refused.items()
                ],
                "photos": [
                    photo_to_dict(by_id[number]) for number in outcome.decisions if number in by_id
                ],
                "counts": snapshot.overview.counts,
            }

        return json_answer(await library.ask(answer))

    return routes


@dataclass(slots=True)
class _Outcome:
    decisions: dict[int, Decision | None] = field(default_factory=dict[int, Decision | None])
    refused: dict[int, str] = field(default_factory=dict[int, str])


def _is_in(queue: Queue, item: Item) -> bool:
    if item.decision is not None:
        return False
    if queue == "suggested":
        return item.is_suggested
    return item.state == "unsure" if queue == "unsure" else item.is_contradicted


def _chosen(services: Services, ruling: Ruling) -> Landmark | None:
    """The landmark that a person chose; None if they said nothing of one."""
    if ruling.landmark_id is None:
        return None
    if ruling.decision != "accept":
        raise RequestError(
            422,
            "InvalidRequest",
            f"landmark_id came with {ruling.decision!r}: it says what accepted photos show. Leave "
            "it out.",
        )
    for landmark in (*services.engine.landmarks, *load_gazetteer()):
        if landmark.id == ruling.landmark_id:
            return landmark
    raise RequestError(
        422,
        "LandmarkNotFound",
        f"There is no landmark {ruling.landmark_id!r}. Take an id out of /api/landmarks.",
    )


def _judge(
    ruling: Ruling,
    chosen: Landmark | None,
    catalog: Catalog,
    snapshot: Snapshot,
    outcome: _Outcome,
) -> None:
    for number in dict.fromkeys(ruling.ids):
        photo = catalog.get_by_id(number) if number in snapshot.overview.by_id else None
        if photo is None:
            outcome.refused[number] = "there is no such photo"
        elif ruling.decision == "none":
            outcome.decisions[number] = None
        elif photo.recognition is None:
            outcome.refused[number] = photo.error or "it was not looked at yet"
        elif ruling.decision == "accept":
            landmark = chosen or photo.shown or (photo.best and photo.best.landmark)
            if landmark is None:
                outcome.refused[number] = "nothing was recognized in it: say which landmark it is"
            else:
                outcome.decisions[number] = Decision("accepted", landmark)
        else:
            # Of the recognizer's answer, also where another was accepted: else it would come back.
            landmark = photo.best and photo.best.landmark
            if landmark is None:
                outcome.refused[number] = "nothing was recognized in it"
            else:
                outcome.decisions[number] = Decision("rejected", landmark)
