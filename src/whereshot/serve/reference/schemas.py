"""The records that the API answers, as OpenAPI components."""

from __future__ import annotations

from whereshot.serve.reference.library import LIBRARY_SCHEMAS
from whereshot.serve.reference.parts import (
    COUNT,
    LATITUDE,
    LONGITUDE,
    RADIUS,
    SHARE,
    TEXT,
    Json,
    list_of,
    nullable,
    record,
    ref,
)

_COUNTRY_CODE: Json = {**TEXT, "description": "ISO 3166-1 alpha-2"}
_WIKIDATA: Json = {**TEXT, "description": "The item in Wikidata, such as Q12501; may be empty."}

_SHA256: Json = {**TEXT, "pattern": "^[0-9a-f]{64}$"}

_PROBLEM = record({"type": TEXT, "message": TEXT})

_LOCATION = record(
    {
        "latitude": LATITUDE,
        "longitude": LONGITUDE,
        "radius_km": RADIUS,
        "source": {
            "enum": ["exif", "landmark"],
            "description": "The photo's own GPS position, or the place of the landmark.",
        },
    }
)

_PREDICTION = record(
    {
        "id": TEXT,
        "name": TEXT,
        "wikidata": _WIKIDATA,
        "probability": {**SHARE, "description": "Calibrated: 8 of 10 answers at 0.8 are right."},
        "latitude": LATITUDE,
        "longitude": LONGITUDE,
        "radius_km": RADIUS,
        "city": TEXT,
        "country": TEXT,
        "country_code": _COUNTRY_CODE,
    }
)

_RECOGNITION = record(
    {
        "photo": {**TEXT, "description": "The name that the file was sent with."},
        "verdict": {"enum": ["landmark", "unknown"]},
        "bundle": TEXT,
        "location": nullable(ref("Location")),
        "predictions": list_of(ref("Prediction")),
        "milliseconds": record({"decode": {"type": "number"}, "model": {"type": "number"}}),
    },
    {
        "certainty": nullable({**SHARE, "description": "How sure it is; the verdict goes by it."}),
        "digest": {**_SHA256, "description": "The SHA-256 of the photo."},
        "correction": nullable(ref("Correction")),
    },
)

_FAILURE = record({"photo": TEXT, "error": ref("Problem")})

_HEALTH = record({"status": {"const": "ok"}, "bundle": TEXT, "landmarks": COUNT, "version": TEXT})

_LANDMARK: dict[str, Json] = {
    "id": TEXT,
    "name": TEXT,
    "latitude": LATITUDE,
    "longitude": LONGITUDE,
    "radius_km": RADIUS,
    "country": TEXT,
    "country_code": _COUNTRY_CODE,
    "city": TEXT,
    "region": TEXT,
    "wikidata": _WIKIDATA,
    "kind": {"enum": ["natural", "built"]},
    "aliases": list_of(TEXT),
}

_LISTED_LANDMARK = record(
    {
        **_LANDMARK,
        "known": {"type": "boolean", "description": "Whether photos of it are recognized."},
        "enrolled": {"type": "boolean", "description": "Whether you taught it."},
    },
    {"distance_km": {"type": "number", "minimum": 0}},
)

_ENROLLED = record(
    {
        **_LANDMARK,
        "photos": COUNT,
        "pictures": {**list_of(COUNT), "description": "The photos that can be looked at."},
        "taught": {**TEXT, "format": "date"},
        "bundle": TEXT,
        "used": {"type": "boolean", "description": "False if another network learned it."},
    }
)

_LESSON = record(
    {
        "landmark": record(_LANDMARK),
        "photos": {**COUNT, "description": "How many it is learned from by now."},
        "added": {**COUNT, "description": "How many of them are new."},
        "views": {**COUNT, "description": "How many groups they fall into by their looks."},
        "warnings": list_of(record({"kind": TEXT, "photo": nullable(COUNT), "message": TEXT})),
        "failures": list_of(record({"photo": COUNT, "error": ref("Problem")})),
    }
)

_CORRECTION = record(
    {
        "photo": {**_SHA256, "description": "The SHA-256 of the photo."},
        "landmark": nullable(record(_LANDMARK)),
        "answered": {**TEXT, "description": "The id of what had been answered; may be empty."},
        "said": {**TEXT, "format": "date"},
    }
)

_GOOGLE_STATUS = record(
    {
        "code": {"type": "integer", "description": "A value of `google.rpc.Code`."},
        "message": TEXT,
    }
)

_LAT_LNG = record({"latLng": record({"latitude": LATITUDE, "longitude": LONGITUDE})})

_LANDMARK_ANNOTATION = record(
    {
        "mid": {
            **TEXT,
            "description": "The landmark's address in Wikidata, or `whereshot:` and its id.",
        },
        "description": {**TEXT, "description": "The landmark's name."},
        "score": {**SHARE, "description": "How sure it is that the photo shows this landmark."},
        "boundingPoly": record(
            {
                "vertices": {
                    **list_of(record({"x": COUNT, "y": COUNT})),
                    "description": "Clockwise from the upper left corner, in px of the upright "
                    "photo; empty if no part of it stands out.",
                }
            }
        ),
        "locations": {
            **list_of(_LAT_LNG),
            "minItems": 1,
            "maxItems": 2,
            "description": "The landmark's place; then the photo's own GPS position if it has one.",
        },
    }
)

_IMAGE_RESPONSE = record(
    {},
    {
        "landmarkAnnotations": {
            **list_of(ref("LandmarkAnnotation")),
            "minItems": 1,
            "maxItems": 1,
            "description": "Missing if whereshot is not sure.",
        },
        "error": ref("GoogleStatus"),
    },
)

_FEATURE = record(
    {"type": {"enum": ["LANDMARK_DETECTION", 2]}},
    {"maxResults": {"type": "integer", "minimum": 0, "maximum": 2**31 - 1}},
)

_IMAGE_REQUEST = record(
    {
        "image": record({"content": {**TEXT, "format": "byte", "description": "The photo."}}),
        "features": {**list_of(_FEATURE), "minItems": 1},
    }
)

SCHEMAS: dict[str, Json] = {
    **LIBRARY_SCHEMAS,
    "Problem": _PROBLEM,
    "Error": record({"error": ref("Problem")}),
    "Location": _LOCATION,
    "Prediction": _PREDICTION,
    "Recognition": _RECOGNITION,
    "Failure": _FAILURE,
    "Landmark": _LISTED_LANDMARK,
    "Enrolled": _ENROLLED,
    "Lesson": _LESSON,
    "Correction": _CORRECTION,
    "Health": _HEALTH,
    "GoogleStatus": _GOOGLE_STATUS,
    "GoogleError": record(
        {
            "error": record(
                {
                    "code": {"type": "integer", "description": "The HTTP status."},
                    "message": TEXT,
                    "status": {**TEXT, "description": "A name of `google.rpc.Code`."},
                }
            )
        }
    ),
    "ImageRequest": _IMAGE_REQUEST,
    "LandmarkAnnotation": _LANDMARK_ANNOTATION,
    "ImageResponse": _IMAGE_RESPONSE,
}
