"""Routes that take one photo, or several, in OpenAPI: their bodies are read by hand."""

from __future__ import annotations

from typing import Any

from whereshot.serve.reference.parts import Json, body, list_of, refusal

_PHOTO: Json = {"type": "string", "format": "binary"}


def photo_body(*, most: int = 1, required: tuple[str, ...] = (), **fields: Json) -> Json:
    """The `openapi_extra` of a form with up to `most` photos and these text fields."""
    photos = {**list_of(_PHOTO), "minItems": 1, "maxItems": most}
    schema: Json = {
        "type": "object",
        "properties": {"photos": photos, **fields},
        "required": ["photos", *required],
        "additionalProperties": False,
    }
    return body("multipart/form-data", schema)


def photo_refusals() -> dict[int | str, dict[str, Any]]:
    """What every such route may answer when something is wrong with the form or a photo."""
    return {
        400: refusal("The upload is malformed or was cut off."),
        413: refusal("Too many photos or bytes, or a photo beyond the limits."),
        415: refusal("The body is not multipart/form-data, or the file is no known photo format."),
        422: refusal("A wrong field, no photo, or a photo that can't be read."),
    }


def picture(kind: str, description: str) -> Json:
    """An answer that is a picture."""
    return {"description": description, "content": {kind: {"schema": _PHOTO}}}
