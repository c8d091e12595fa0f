"""What the library's routes answer, in OpenAPI."""

from __future__ import annotations

from whereshot.library.overview import FILTERS
from whereshot.library.tagging import OUTCOMES
from whereshot.serve.reference.parts import (
    COUNT,
    LATITUDE,
    LONGITUDE,
    RADIUS,
    SHARE,
    TEXT,
    Json,
    answer,
    list_of,
    nullable,
    record,
    ref,
)

_NAMES = ("id", "name", "city", "country", "country_code")
_LANDMARK = record(dict.fromkeys(_NAMES, TEXT))
_POINT = record({"latitude": LATITUDE, "longitude": LONGITUDE})
_WHEN: Json = {**TEXT, "description": "ISO 8601, by the wall clock of the place."}
_REVISION: Json = {**COUNT, "description": "Goes up whenever what is known has changed."}
_VERSION: Json = {**TEXT, "description": "Changes with the photo's content."}

_CANDIDATE = record(
    {
        **dict.fromkeys(_NAMES, TEXT),
        "latitude": LATITUDE,
        "longitude": LONGITUDE,
        "radius_km": RADIUS,
        "wikidata": TEXT,
        "probability": SHARE,
    }
)

_PHOTO: dict[str, Json] = {
    "id": COUNT,
    "v": _VERSION,
    "name": TEXT,
    "taken_at": nullable(_WHEN),
    "state": {"enum": ["certain", "unsure", "unknown", "failed", "waiting"]},
    "decision": {"enum": ["accepted", "rejected", None]},
    "written": {"type": "boolean"},
    "to_write": {"type": "boolean"},
    "contradiction": {"type": "boolean", "description": "Its GPS is elsewhere."},
    "has_gps": {"type": "boolean"},
    "landmark": nullable(_LANDMARK),
    "certainty": nullable(SHARE),
    "place": TEXT,
    "latitude": nullable(LATITUDE),
    "longitude": nullable(LONGITUDE),
}

_DISTANCE = nullable({"type": "number", "minimum": 0})

_DETAILS = record(
    {
        **_PHOTO,
        "folder": TEXT,
        "bytes": COUNT,
        "camera": TEXT,
        "error": nullable(TEXT),
        "bundle": nullable(TEXT),
        "gps": nullable(_POINT),
        "source": {"enum": ["gps", "landmark", None]},
        "radius_km": nullable(RADIUS),
        "distance_km": _DISTANCE,
        "candidates": list_of(_CANDIDATE),
        "plan": record({"outcome": {"enum": list(OUTCOMES)}, "reason": TEXT}),
    }
)

_COUNTS = record(dict.fromkeys(FILTERS, COUNT))
_JOB = record(
    {
        "number": COUNT,
        "kind": {"enum": ["index", "preview", "write", "undo"]},
        "state": {"enum": ["running", "finished", "stopped", "failed"]},
        "stage": TEXT,
        "done": COUNT,
        "total": {**COUNT, "description": "0: not known yet."},
        "rate": nullable({"type": "number"}),
        "seconds_left": nullable({"type": "number"}),
        "started": TEXT,
        "summary": nullable({"type": "object"}),
        "error": nullable(ref("Problem")),
    }
)

_FOLDER = record(
    {
        "number": COUNT,
        "path": TEXT,
        "name": TEXT,
        "photos": COUNT,
        "readable": {"type": "boolean"},
        "writable": {"type": "boolean"},
        "problem": TEXT,
    }
)

_GROUP = record(
    {
        "key": TEXT,
        "title": TEXT,
        "subtitle": TEXT,
        "offset": COUNT,
        "count": COUNT,
        "cover": COUNT,
        "cover_v": TEXT,
        "first": nullable(_WHEN),
        "last": nullable(_WHEN),
    }
)

_RUN = record(
    {
        "run": COUNT,
        "command": TEXT,
        "started": TEXT,
        "ended": nullable(TEXT),
        "undone": nullable(TEXT),
        "broken_off": {"type": "boolean"},
        "changes": COUNT,
        "can_undo": {"type": "boolean"},
    }
)

_CHANGE = record(
    {
        "id": COUNT,
        "v": TEXT,
        "name": TEXT,
        "landmark": TEXT,
        "country": TEXT,
        "outcome": {"enum": list(OUTCOMES)},
        "reason": TEXT,
        "file": nullable(TEXT),
        "difference": {**TEXT, "description": "A unified difference; empty if nothing changes."},
    }
)

LIBRARY_SCHEMAS: dict[str, Json] = {
    "LibraryPhoto": record(_PHOTO),
    "LibraryPhotoDetails": _DETAILS,
    "LibraryCounts": _COUNTS,
    "LibraryJob": _JOB,
    "Library": record(
        {
            "folders": list_of(_FOLDER),
            "bundle": TEXT,
            "revision": _REVISION,
            "counts": ref("LibraryCounts"),
            "job": nullable(ref("LibraryJob")),
        }
    ),
    "LibraryFolders": record(
        {
            "number": COUNT,
            "path": TEXT,
            "full": TEXT,
            "folders": list_of(record({"name": TEXT, "path": TEXT})),
        }
    ),
    "LibraryGroups": record(
        {"revision": _REVISION, "by": TEXT, "total": COUNT, "groups": list_of(_GROUP)}
    ),
    "LibraryPhotos": record(
        {
            "revision": _REVISION,
            "total": COUNT,
            "offset": COUNT,
            "photos": list_of(ref("LibraryPhoto")),
        }
    ),
    "LibraryQueue": record(
        {
            "revision": _REVISION,
            "queue": TEXT,
            "total": COUNT,
            "photos": list_of(
                record({**_PHOTO, "candidates": list_of(_CANDIDATE), "distance_km": _DISTANCE})
            ),
        }
    ),
    "LibraryDecisions": record(
        {
            "revision": _REVISION,
            "changed": list_of(COUNT),
            "refused": list_of(record({"id": COUNT, "reason": TEXT})),
            "photos": list_of(ref("LibraryPhoto")),
            "counts": ref("LibraryCounts"),
        }
    ),
    "LibraryChanges": record(
        {
            "kind": {"enum": ["preview", "write"]},
            "total": COUNT,
            "counts": record(dict.fromkeys(OUTCOMES, COUNT)),
            "offset": COUNT,
            "changes": list_of(_CHANGE),
        }
    ),
    "LibraryRuns": record({"runs": list_of(_RUN)}),
    "LibraryMap": {
        "type": "object",
        "description": "Columns of one length: the n-th of each is of the n-th photo.",
        "properties": {"revision": _REVISION, "without": COUNT, "photos": {"type": "object"}},
        "required": ["revision", "without", "labels", "photos"],
    },
}


def answered(name: str, description: str, status: int = 200) -> dict[int | str, Json]:
    """The `responses` of a route that answers one of `LIBRARY_SCHEMAS`."""
    return {status: answer(description, ref(name))}


BEGUN = answered("LibraryJob", "How far it is.", 202)
