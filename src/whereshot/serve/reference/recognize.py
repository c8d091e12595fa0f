"""`POST /api/recognize` in OpenAPI: its body is read by hand, as a stream."""

from __future__ import annotations

from typing import Any

from whereshot.serve.reference.parts import TEXT, Json, answer, body, list_of, ref, refusal

_RECOGNITION: Json = {
    "photo": "b.jpg",
    "verdict": "landmark",
    "bundle": "world@2",
    "location": {
        "latitude": 40.4319,
        "longitude": 116.5704,
        "radius_km": 5.0,
        "source": "landmark",
    },
    "predictions": [
        {
            "id": "great_wall_of_china",
            "name": "Great Wall of China",
            "wikidata": "Q12501",
            "probability": 0.981,
            "latitude": 40.4319,
            "longitude": 116.5704,
            "radius_km": 5.0,
            "city": "Beijing",
            "country": "China",
            "country_code": "CN",
        }
    ],
    "milliseconds": {"decode": 31.2, "model": 12.8},
}
_FAILURE: Json = {
    "photo": "a.jpg",
    "error": {"type": "DamagedPhotoError", "message": "The photo (0 bytes) is empty."},
}
_PHOTOS = list_of({"anyOf": [ref("Recognition"), ref("Failure")]})


def _failures(description: str) -> Json:
    """Either no photo could be read (a list, as for 200), or the request itself is wrong."""
    schema = {"anyOf": [list_of(ref("Failure")), ref("Error")]}
    return answer(description, schema, [_FAILURE])


RECOGNIZE_REFERENCE: dict[str, Any] = {
    "summary": "Where were these photos shot?",
    "tags": ["Photos"],
    "description": (
        "Answers a list with one object per photo, in their order, each as `whereshot predict "
        "--json` prints it. A photo that can't be read has an `error` instead; the others go on. "
        "Only if no photo can be read is the status 413, 415, 422 or 500."
    ),
    "responses": {
        200: answer("One answer per photo.", _PHOTOS, [_FAILURE, _RECOGNITION]),
        400: refusal("The upload is malformed or was cut off."),
        413: _failures("Too many photos or bytes, or a photo beyond the limits."),
        415: _failures("The body is not multipart/form-data, or no file is a known photo format."),
        422: _failures("A wrong field, no photo, or photos that can't be read."),
        500: _failures("A photo ended the process that looked at it, or a bug."),
    },
    "openapi_extra": body(
        "multipart/form-data",
        {
            "type": "object",
            "properties": {
                "photos": {
                    **list_of({"type": "string", "format": "binary"}),
                    "minItems": 1,
                    "description": "JPEG, PNG, WebP, TIFF, HEIC, AVIF or GIF files.",
                },
                "k": {
                    "type": "integer",
                    "minimum": 1,
                    "maximum": 999_999,
                    "default": 5,
                    "description": "How many candidates to answer per photo.",
                },
                "include": {
                    **TEXT,
                    "pattern": "^(certainty|correction)?(,(certainty|correction))*$",
                    "description": (
                        "What an answer shall have besides, with commas: `certainty` (what the "
                        "verdict goes by), `correction` (what you said of this photo before)."
                    ),
                    "examples": ["certainty,correction"],
                },
            },
            "required": ["photos"],
            "additionalProperties": False,
        },
    ),
}
