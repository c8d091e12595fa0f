"""The API does what its OpenAPI document says, whatever is sent: schemathesis tries.

Against a running server: what goes on in the library lives longer than a request.
"""

from __future__ import annotations

import io
import time
from base64 import b64encode

import httpx2
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from local_web import PROXY_VARIABLES
from PIL import Image
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from serving import FakeRecognizer, serving

import whereshot
from whereshot.serve.app import create_app
from whereshot.serve.settings import Settings
from whereshot.serve.uploads import UploadLimits

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


def requests_to_try():
    """Every operation with requests as they should be, and where it takes anything, as not."""
    document = create_app(FakeRecognizer()).openapi()
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if "text/event-stream" in str(operation["responses"]):
                continue  # an answer without an end
            yield method.upper(), path, GenerationMode.POSITIVE
            if operation.get("parameters") or "requestBody" in operation:
                yield method.upper(), path, GenerationMode.NEGATIVE


def encoded(color: tuple[int, int, int], kind: str) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (64, 48), color).save(file, kind)
    return file.getvalue()


# Photos of the tiny bundle's landmarks, one of none, and files that are no photos.
PHOTOS = [
    encoded((220, 30, 30), "JPEG"),
    encoded((30, 220, 30), "PNG"),
    encoded((128, 128, 128), "WEBP"),
    encoded((220, 30, 30), "JPEG")[:300],
    b"no photo",
    b"",
]
schemathesis.openapi.format("binary", st.sampled_from(PHOTOS))
schemathesis.openapi.format(
    "byte", st.sampled_from(PHOTOS).map(lambda photo: b64encode(photo).decode())
)
FEW = settings(
    max_examples=15,
    derandomize=True,
    database=None,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(autouse=True, scope="module")
def own_home(tmp_path_factory):
    """In the place of each test's own: the server keeps what it is told for all of them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WHERESHOT_HOME", str(tmp_path_factory.mktemp("home")))
        yield


@pytest.fixture(scope="module")
def site(tiny_bundle, tmp_path_factory, paint):
    """A server with a small library, in which something has happened."""
    folder = tmp_path_factory.mktemp("contract") / "photos"
    for number, color in enumerate(("red", "green", "blue", "grey")):
        paint(folder / f"{number}.jpg", color, gps=(37, -122) if color == "red" else None)
    limits = UploadLimits()
    recognizer = whereshot.load(tiny_bundle, limits=limits.photo)
    settings = Settings(
        limits=limits, workers=2, library=(folder,), catalog=folder.with_name("catalog.sqlite")
    )
    with pytest.MonkeyPatch.context() as patch, serving(create_app(recognizer, settings)) as url:
        for name in PROXY_VARIABLES:
            patch.delenv(name, raising=False)
        live_in(url)
        yield url


def live_in(url):
    """Let the server look at its library, decide about all photos, and write that down."""
    with httpx2.Client(base_url=url, timeout=60) as http:
        work(http, "index", {})
        ids = [photo["id"] for photo in http.get("/api/library/photos").json()["photos"]]
        http.post("/api/library/review", json={"ids": ids, "decision": "accept"})
        work(http, "write", {"dry_run": False})
        assert http.get("/api/library/runs").json()["runs"]


def work(http, kind, wish):
    assert http.post(f"/api/library/{kind}", json=wish).status_code == 202
    while (job := http.get("/api/library").json()["job"])["state"] == "running":
        time.sleep(0.05)
    assert job["state"] == "finished", job


@pytest.fixture(scope="module")
def schema(site):
    return schemathesis.openapi.from_url(f"{site}/openapi.json")


@pytest.mark.slow
@pytest.mark.parametrize(("method", "path", "mode"), list(requests_to_try()))
def test_no_request_makes_a_5xx_and_every_answer_is_as_described(schema, method, path, mode):
    @FEW
    @given(case=schema[path][method].as_strategy(generation_mode=mode))
    def ask(case):
        case.call_and_validate(checks=CHECKS)

    ask()


def test_the_document_is_valid_openapi(schema):
    schema.validate()


def described_media(document):
    """Every body and every answer of the document, with the place where it stands."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            parts = {"body": operation.get("requestBody", {}), **operation["responses"]}
            for name, part in parts.items():
                for media in part.get("content", {}).values():
                    yield f"{method} {path} {name}", media


def test_every_example_fits_its_own_schema():
    document = create_app(FakeRecognizer()).openapi()
    examples = [(place, each) for place, each in described_media(document) if "example" in each]
    assert len(examples) > 5
    for place, media in examples:
        schema = {**media.get("schema", {}), "components": document["components"]}
        problems = list(Draft202012Validator(schema).iter_errors(media["example"]))
        assert not problems, f"{place}: {problems[0].message}"


def test_every_operation_says_what_it_does_and_what_it_answers():
    for path, item in create_app(FakeRecognizer()).openapi()["paths"].items():
        for method, operation in item.items():
            place = f"{method} {path}"
            assert operation["summary"][0].isupper(), place
            assert operation["tags"], place
            good = [status for status in operation["responses"] if status.startswith("2")]
            assert len(good) == 1, place
            assert {"401", "403", "421", "429", "500", "503"} <= set(operation["responses"]), place
            assert "HTTPValidationError" not in str(operation), place
