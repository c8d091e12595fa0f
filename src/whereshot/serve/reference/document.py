"""The OpenAPI document: what the routes say, with what every one of them may answer besides."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from whereshot.serve.reference.parts import Json, answer, ref
from whereshot.serve.reference.schemas import SCHEMAS
from whereshot.serve.vision.errors import PREFIX

TAGS = [
    {"name": "Photos", "description": "What one photo shows. Nothing of it is kept."},
    {
        "name": "Google Cloud Vision",
        "description": "For programs that were written for Google's service.",
    },
    {"name": "Landmarks", "description": "What can be recognized, and what you have taught."},
    {"name": "Corrections", "description": "What you said of photos, kept on this machine."},
    {"name": "Library", "description": "Your own folders of photos."},
    {"name": "Server", "description": "For those who run it."},
]
_METHODS = frozenset({"get", "put", "post", "delete", "patch"})
_OFTEN = {
    "401": "The server asks for an API key, and none or a wrong one came.",
    "403": "The request comes from a foreign web page, or this is not allowed here.",
    "421": "The Host header is not an address of this server.",
    "429": "Too many requests: `Retry-After` says when to ask again.",
    "500": "A bug; the server's log has the details.",
    "503": "As many photos wait as the server takes: `Retry-After` says when to ask again.",
}


def install(app: FastAPI) -> None:
    """Make `app` describe itself in full at `/openapi.json`; made once, when it is asked for."""

    def describe() -> Json:
        if app.openapi_schema is None:
            document = get_openapi(
                title=app.title,
                version=app.version,
                summary=app.summary,
                description=app.description,
                routes=app.routes,
                tags=TAGS,
            )
            app.openapi_schema = _completed(document)
        return app.openapi_schema

    app.openapi = describe


def _completed(document: Json) -> Json:
    components = document.setdefault("components", {}).setdefault("schemas", {})
    components.update(SCHEMAS)
    # The framework's own shape of a wrong parameter, which problems.py words like all others.
    for name in ("HTTPValidationError", "ValidationError"):
        components.pop(name, None)
    for path, operation in _operations(document):
        error = ref("GoogleError" if path.startswith(PREFIX) else "Error")
        responses = operation["responses"]
        framework = "#/components/schemas/HTTPValidationError"
        if framework in repr(responses.get("422")):
            responses["422"] = answer("A parameter or the body is wrong.", error)
        if "requestBody" in operation:
            responses.setdefault("400", answer("The body can't be read.", error))
            responses.setdefault("413", answer("The body is too large.", error))
        for status, description in _OFTEN.items():
            responses.setdefault(status, answer(description, error))
        operation["responses"] = dict(sorted(responses.items()))
    return document


def _operations(document: Json) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method in _METHODS:
                yield path, operation
