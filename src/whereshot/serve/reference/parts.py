"""Pieces of an OpenAPI document: answers, refusals, and bodies that are read by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]


def ref(name: str) -> Json:
    """A schema of `schemas.SCHEMAS`, by its name."""
    return {"$ref": f"#/components/schemas/{name}"}


def list_of(schema: Json) -> Json:
    """The schema of a list."""
    return {"type": "array", "items": schema}


def answer(description: str, schema: Json, example: Any = None) -> Json:
    """A JSON answer, with an example if there is one."""
    media: Json = {"schema": schema}
    if example is not None:
        media["example"] = example
    return {"description": description, "content": {"application/json": media}}


def refusal(description: str, type_: str = "", message: str = "") -> Json:
    """An answer that says in one sentence what is wrong."""
    example = {"error": {"type": type_, "message": message}} if type_ else None
    return answer(description, ref("Error"), example)


def body(kind: str, schema: Json, example: Any = None) -> Json:
    """The `openapi_extra` of a route whose body is read by hand."""
    media: Json = {"schema": schema}
    if example is not None:
        media["example"] = example
    return {"requestBody": {"required": True, "content": {kind: media}}}


def record(required: Mapping[str, Json], optional: Mapping[str, Json] | None = None) -> Json:
    """The schema of an object that has these members and no others."""
    return {
        "type": "object",
        "properties": {**required, **(optional or {})},
        "required": list(required),
        "additionalProperties": False,
    }


def nullable(schema: Json) -> Json:
    """The schema, or null."""
    return {"anyOf": [schema, {"type": "null"}]}


TEXT: Json = {"type": "string"}
COUNT: Json = {"type": "integer", "minimum": 0}
LATITUDE: Json = {"type": "number", "minimum": -90, "maximum": 90}
LONGITUDE: Json = {"type": "number", "minimum": -180, "maximum": 180}
RADIUS: Json = {"type": "number", "minimum": 0, "description": "km"}
SHARE: Json = {"type": "number", "minimum": 0, "maximum": 1}
