"""`GET /api/landmarks`: what the bundle knows and what the gazetteer does, by name and by place."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from dataclasses import asdict
from functools import lru_cache
from typing import Annotated, Any, Literal

import anyio.to_thread
from fastapi import APIRouter, Query

from whereshot.gazetteer import Gazetteer, load_gazetteer
from whereshot.gazetteer.names import key
from whereshot.recognize.enrolled import store_called
from whereshot.records import Landmark
from whereshot.serve.problems import RequestError
from whereshot.serve.reference.parts import answer, list_of, ref
from whereshot.serve.services import Services

_Point = tuple[float, float]

_DESCRIPTION = (
    "Without parameters, all landmarks of the bundle, those that were taught to it last. "
    "`scope=all` adds those of the gazetteer that it does not recognize (`known` is false). "
    "`query` takes a name, a city, a region or a country, and forgives typos; `near` sorts by "
    "distance."
)


def router(services: Services) -> APIRouter:
    """The routes about landmarks."""
    routes = APIRouter()

    @routes.get(
        "/api/landmarks",
        summary="Landmarks, by name and by place",
        description=_DESCRIPTION,
        tags=["Landmarks"],
        responses={200: answer("Landmarks, best first.", list_of(ref("Landmark")))},
    )
    async def list_landmarks(
        query: Annotated[str, Query(max_length=200)] = "",
        near: Annotated[str, Query(description="LAT,LON in degrees", max_length=60)] = "",
        limit: Annotated[int | None, Query(ge=1, le=10_000)] = None,
        scope: Literal["bundle", "all"] = "bundle",
    ) -> list[dict[str, Any]]:
        engine = services.engine
        known = engine.landmarks
        point = _read_point(near) if near.strip() else None
        table = with_gazetteer(known) if scope == "all" else known
        found = _search(table, query, point)[:limit]
        enrolled = await anyio.to_thread.run_sync(_enrolled_ids, engine.name)
        known_ids = {landmark.id for landmark in known}
        return [_to_dict(landmark, apart, known_ids, enrolled) for landmark, apart in found]

    return routes


@lru_cache(maxsize=4)
def with_gazetteer(known: tuple[Landmark, ...]) -> tuple[Landmark, ...]:
    """These landmarks, and those of the gazetteer that have no name in common with them."""
    taken = {spelling for landmark in known for spelling in _keys(landmark)}
    return (*known, *(other for other in load_gazetteer() if not taken & _keys(other)))


def _search(
    table: tuple[Landmark, ...], query: str, point: _Point | None
) -> list[tuple[Landmark, float | None]]:
    """What answers a query, best first, or nearest first with distances where there is a point."""
    if not query.strip() and point is None:
        return [(landmark, None) for landmark in table]
    gazetteer = _gazetteer(table)
    matches = gazetteer.search(query, limit=None) if query.strip() else tuple(gazetteer)
    if point is None:
        return [(landmark, None) for landmark in matches]
    ids = {landmark.id for landmark in matches}
    return [one for one in gazetteer.nearest(*point, limit=None) if one.landmark.id in ids]


@lru_cache(maxsize=4)
def _gazetteer(table: tuple[Landmark, ...]) -> Gazetteer:
    """A table to search in; of two landmarks of a bundle that share a spelling, the first."""
    taken: set[str] = set()
    fitting: list[Landmark] = []
    for landmark in table:
        keys = _keys(landmark)
        if not taken & keys and "" not in keys:
            taken |= keys
            fitting.append(landmark)
    return Gazetteer(fitting)


def _keys(landmark: Landmark) -> set[str]:
    return {key(spelling) for spelling in (landmark.id, landmark.name, *landmark.aliases)}


def _read_point(text: str) -> _Point:
    try:
        latitude, longitude = map(float, text.split(","))
    except ValueError:
        latitude = longitude = math.nan
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):  # false for nan too
        message = (
            f"near is {text[:40]!r}, expected LAT,LON in degrees with decimal points, such as "
            "48.8584,2.2945. Latitude comes first."
        )
        raise RequestError(422, "InvalidPoint", message)
    return latitude, longitude


def _enrolled_ids(bundle: str) -> frozenset[str]:
    """The ids of what was taught to a bundle with this title; only a folder is listed for it."""
    return frozenset(store_called(bundle.partition("@")[0]).ids())


def _to_dict(
    landmark: Landmark,
    distance_km: float | None,
    known: Collection[str],
    enrolled: Iterable[str],
) -> dict[str, Any]:
    record = asdict(landmark)
    record["known"] = landmark.id in known
    record["enrolled"] = record["known"] and landmark.id in enrolled
    if distance_km is not None:
        record["distance_km"] = round(distance_km, 3)
    return record
