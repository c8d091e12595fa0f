"""How `POST /api/recognize` is described in OpenAPI: its body is read by hand, as a stream."""

from __future__ import annotations

from typing import Any

_RECOGNITION_EXAMPLE = {
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
_ERROR_EXAMPLE = {"type": "DamagedPhotoError", "message": "The photo is empty: expected an image."}
_ERROR = {
    "type": "object",
    "properties": {
        "error": {
            "type": "object",
            "properties": {"type": {"type": "string"}, "message": {"type": "string"}},
            "required": ["type", "message"],
        }
    },
    "required": ["error"],
}


def _answers(description: str, example: dict[str, Any]) -> dict[str, Any]:
    schema = {"type": "array", "items": {"type": "object"}}
    return {
        "description": description,
        "content": {"application/json": {"schema": schema, "example": [example]}},
    }


def _refusal(description: str) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": _ERROR}}}


def _failures(description: str) -> dict[str, Any]:
    """Either no photo could be read (a list, as for 200), or the request itself is wrong."""
    schema = {"anyOf": [{"type": "array", "items": {"type": "object"}}, _ERROR]}
    example = [{"photo": "a.jpg", "error": _ERROR_EXAMPLE}]
    return {
        "description": description,
        "content": {"application/json": {"schema": schema, "example": example}},
    }


RECOGNIZE_REFERENCE: dict[str, Any] = {
    "summary": "Where were these photos shot?",
    "description": (
        "Answers a list with one object per photo, in their order, each as `whereshot predict "
        "--json` prints it. A photo that can't be read has an `error` instead; the others go on. "
        "Only if no photo can be read is the status 413, 415 or 422."
    ),
    "responses": {
        200: _answers("One answer per photo.", _RECOGNITION_EXAMPLE),
        400: _refusal("The upload is malformed or was cut off."),
        403: _refusal("The request comes from a foreign web page."),
        413: _failures("Too many photos or bytes, or a photo beyond the limits."),
        415: _failures("The body is not multipart/form-data, or no file is a known photo format."),
        421: _refusal("The Host header is not an address of this server."),
        422: _failures("A wrong field, no photo, or photos that can't be read."),
    },
    "openapi_extra": {
        "requestBody": {
            "required": True,
            "content": {
                "multipart/form-data": {
                    "schema": {
                        "type": "object",
                        "properties": {
                            "photos": {
                                "type": "array",
                                "items": {"type": "string", "format": "binary"},
                                "minItems": 1,
                                "description": "JPEG, PNG, WebP, TIFF, HEIC, AVIF or GIF files.",
                            },
                            "k": {
                                "type": "integer",
                                "minimum": 1,
                                "default": 5,
                                "description": "How many candidates to answer per photo.",
                            },
                        },
                        "required": ["photos"],
                    }
                }
            },
        }
    },
}
