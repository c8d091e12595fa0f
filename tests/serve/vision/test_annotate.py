"""Requests of Google Cloud Vision over HTTP: an answer per image, an error for a wrong request."""

from __future__ import annotations

import base64
import io
import json

import pytest
from damage import damaged
from PIL import Image
from serving import FakeRecognizer

import whereshot
from whereshot.errors import WorkerError
from whereshot.serve.engine import InProcessEngine
from whereshot.serve.uploads import UploadLimits

PATH = "/v1/images:annotate"
HILL = {
    "landmarkAnnotations": [
        {
            "mid": "whereshot:hill",
            "description": "Hill",
            "score": 0.97,
            "boundingPoly": {
                "vertices": [
                    {"x": 0, "y": 1},
                    {"x": 41, "y": 1},
                    {"x": 41, "y": 30},
                    {"x": 0, "y": 30},
                ]
            },
            "locations": [{"latLng": {"latitude": 10.0, "longitude": 20.0}}],
        }
    ]
}


def image(photo, **feature):
    content = base64.b64encode(photo).decode()
    return {"image": {"content": content}, "features": [{"type": "LANDMARK_DETECTION", **feature}]}


def send(client, *requests, path=PATH, **members):
    return client.post(path, json={"requests": list(requests), **members})


def answer(client, request):
    response = send(client, request)
    assert response.status_code == 200, response.text
    (found,) = response.json()["responses"]
    return found


def refused(response, code, status):
    assert response.status_code == code, response.text
    error = response.json()["error"]
    assert (error["code"], error["status"]) == (code, status)
    assert set(error) == {"code", "message", "status"}
    return error["message"]


def test_a_landmark_has_name_score_box_and_place(client):
    assert answer(client, image(b"hill")) == HILL


def test_when_unsure_the_answer_is_empty(client):
    assert answer(client, image(b"nothing")) == {}
    assert answer(client, image(b"nothing gps")) == {}


def test_the_photos_own_gps_comes_after_the_landmarks_place(client):
    (found,) = answer(client, image(b"lake gps"))["landmarkAnnotations"]
    assert found["locations"] == [
        {"latLng": {"latitude": -10.0, "longitude": 30.0}},
        {"latLng": {"latitude": 1.5, "longitude": 2.5}},
    ]


def test_a_batch_is_answered_in_its_order_and_a_bad_image_stops_no_other(client):
    words = [b"hill", b"text", b"nothing", b"", b"lake", b"wide"] + 10 * [b"bridge"]
    answers = send(client, *map(image, words)).json()["responses"]
    named = [each.get("landmarkAnnotations", [{}])[0].get("description") for each in answers]
    assert named == ["Hill", None, None, None, "Lake", None] + 10 * ["Bridge"]
    assert answers[1] == {"error": {"code": 3, "message": "The photo (4 bytes) is no photo."}}
    assert answers[2] == {}
    assert answers[3]["error"]["code"] == answers[5]["error"]["code"] == 3


def test_a_photo_that_is_too_large_is_an_error_of_its_own(connected):
    with connected(FakeRecognizer(), limits=UploadLimits(file_bytes=4)) as client:
        large, fine = send(client, image(b"hill " * 9), image(b"hill")).json()["responses"]
    assert large["error"]["code"] == 3
    assert "Send a smaller copy" in large["error"]["message"]
    assert fine == HILL


@pytest.mark.parametrize(
    "feature",
    [
        {"type": "LANDMARK_DETECTION"},
        {"type": 2},
        {"type": 2, "maxResults": 10, "model": "builtin/stable"},
        {"type": 2, "max_results": "5"},
        {"type": 2, "maxResults": 0},
        {"type": 2, "maxResults": 3.0, "model": None},
    ],
)
def test_features_are_read_in_each_form_that_clients_send(client, feature):
    assert answer(client, {**image(b"hill"), "features": [feature]}) == HILL


@pytest.mark.parametrize("key", ["imageContext", "image_context"])
def test_what_has_no_bearing_on_landmarks_is_passed_over(client, key):
    request = {**image(b"hill"), key: {"languageHints": ["en"]}}
    response = send(client, request, parent="projects/mine", labels={"team": "a"})
    assert response.json()["responses"] == [HILL]


def test_the_query_of_googles_clients_is_taken(client):
    for query in ("$alt=json;enum-encoding=int", "alt=json&prettyPrint=false&fields=responses"):
        assert send(client, image(b"hill"), path=f"{PATH}?{query}").json()["responses"] == [HILL]
    message = refused(
        send(client, image(b"hill"), path=f"{PATH}?alt=proto"), 400, "INVALID_ARGUMENT"
    )
    assert "'proto'" in message


@pytest.mark.parametrize(
    "path",
    ["/v1/projects/mine/images:annotate", "/v1/projects/mine/locations/eu/images:annotate"],
)
def test_projects_and_locations_are_other_names_of_the_same(client, path):
    assert send(client, image(b"hill"), path=path).json()["responses"] == [HILL]


@pytest.mark.parametrize("name", ["imageUri", "image_uri", "gcsImageUri"])
def test_a_link_is_never_fetched(client, name):
    link = {"source": {name: "http://127.0.0.1:1/a.jpg"}}
    found = answer(client, {**image(b"hill"), "image": link})
    assert found["error"]["code"] == 12
    assert "fetches nothing from the network" in found["error"]["message"]
    both = {**image(b"hill")["image"], **link}
    assert answer(client, {**image(b"hill"), "image": both}) == HILL, "content wins"


def test_other_features_are_refused_beside_the_landmarks(client):
    features = [{"type": "LABEL_DETECTION"}, {"type": 2}, {"type": 1}, {"type": 1}]
    found = answer(client, {**image(b"hill"), "features": features})
    assert found["landmarkAnnotations"] == HILL["landmarkAnnotations"]
    assert found["error"]["code"] == 12
    assert "LABEL_DETECTION, FACE_DETECTION, only" in found["error"]["message"]
    found = answer(client, {**image(b"hill"), "features": [{"type": "TEXT_DETECTION"}]})
    assert set(found) == {"error"}


@pytest.mark.parametrize(
    ("request_", "says"),
    [
        ({"image": {"content": "aGlsbA=="}}, "names no features"),
        ({"features": [{"type": 2}]}, "has no image"),
        ({"image": {}, "features": [{"type": 2}]}, "has no image"),
        ({"image": {"content": ""}, "features": [{"type": 2}]}, "has no image"),
    ],
)
def test_an_image_that_lacks_something_is_told_so(client, request_, says):
    found = answer(client, request_)
    assert found["error"]["code"] == 3
    assert says in found["error"]["message"]


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ([], "the request: expected an object, got a list"),
        ({}, "'requests': expected 1 to 16 images, got 0"),
        ({"requests": 17 * [{}]}, "'requests': expected 1 to 16 images, got 17"),
        ({"requests": {}}, "'requests': expected a list"),
        ({"requests": [1]}, "'requests[0]': expected an object, got a number"),
        ({"requests": [{"picture": 1}]}, "'requests[0]': the name 'picture' is unknown"),
        ({"requests": [{"\ud800": 1}]}, "the name '\\ud800' is unknown"),
        ({"requests": [{"image": {"content": 7}}]}, "'requests[0].image.content': expected a str"),
        (
            {"requests": [{}, {"image": {"content": "a b c!"}}]},
            "[1].image.content': it is no base64",
        ),
        (
            {"requests": [{"image": {"source": {"imageUri": 1}}}]},
            "image.source.imageUri': expected",
        ),
        ({"requests": [{"features": [{"type": "FACES"}]}]}, ".features[0].type': 'FACES' is none"),
        ({"requests": [{"features": [{"type": 99}]}]}, ".features[0].type': 99 is none of"),
        ({"requests": [{"features": [{"type": True}]}]}, ".features[0].type': True is none of"),
        ({"requests": [{"features": [{"type": 2, "maxResults": -1}]}]}, "expected 0 or more"),
        ({"requests": [{"features": [{"maxResults": 2**31}]}]}, "expected a whole number"),
        ({"requests": [{"features": [{"maxResults": 0.5}]}]}, "expected a whole number"),
    ],
)
def test_a_wrong_request_is_refused_and_the_place_named(client, body, where):
    content = json.dumps(body)
    response = client.post(PATH, content=content, headers={"Content-Type": "application/json"})
    assert where in refused(response, 400, "INVALID_ARGUMENT")


def test_a_body_that_is_no_json_is_refused(client):
    json_type = {"Content-Type": "application/json; charset=utf-8"}
    refused(client.post(PATH, content=b"{", headers=json_type), 400, "INVALID_ARGUMENT")
    for headers in ({}, {"Content-Type": "text/plain"}, {**json_type, "Content-Encoding": "gzip"}):
        message = refused(
            client.post(PATH, content=b"{}", headers=headers), 415, "INVALID_ARGUMENT"
        )
        assert "expected application/json, not compressed" in message


def test_a_request_that_is_too_large_is_refused_with_and_without_its_length(connected):
    with connected(FakeRecognizer(), limits=UploadLimits(request_bytes=1000)) as client:
        body = json.dumps({"requests": [image(bytes(1000))]}).encode()
        headers = {"Content-Type": "application/json"}
        for content in (body, iter([body[:500], body[500:]])):
            response = client.post(PATH, content=content, headers=headers)
            assert "larger than" in refused(response, 400, "INVALID_ARGUMENT")
            assert response.headers["connection"] == "close"


def test_what_others_refuse_has_googles_shape_too(client):
    refused(client.post(PATH, headers={"Origin": "https://evil.example"}), 403, "PERMISSION_DENIED")
    refused(client.post(PATH, headers={"Host": "evil.example"}), 421, "FAILED_PRECONDITION")
    refused(client.post("/v1/files:annotate"), 404, "NOT_FOUND")
    refused(client.get(PATH), 405, "UNIMPLEMENTED")
    assert client.post("/nowhere").json()["error"].keys() == {"type", "message"}


def test_a_busy_server_asks_for_patience(connected):
    with connected(FakeRecognizer(seconds=0.2), workers=1, queue=1) as client:
        response = send(client, *16 * [image(b"hill")])
        refused(response, 503, "UNAVAILABLE")
        assert int(response.headers["retry-after"]) >= 1


def test_a_bug_is_a_500_that_tells_nothing_of_it(client):
    response = send(client, image(b"bug"), image(b"hill"))
    assert "secret" not in refused(response, 500, "INTERNAL")
    assert response.headers["x-content-type-options"] == "nosniff"
    assert answer(client, image(b"hill")) == HILL, "the server lives on"


class Fragile(InProcessEngine):
    """Its workers die of one photo."""

    async def run(self, job, *, seconds=None):
        if b"killer" in job.args:
            raise WorkerError("The process that looked at this ended twice without an answer.")
        return await super().run(job, seconds=seconds)


def test_a_photo_that_ends_its_worker_is_an_error_of_its_own(connected):
    with connected(Fragile(FakeRecognizer())) as client:
        killer, fine = send(client, image(b"killer"), image(b"hill")).json()["responses"]
        counts = client.get("/metrics").text
    assert killer["error"]["code"] == 13
    assert "ended twice" in killer["error"]["message"]
    assert fine == HILL
    assert 'whereshot_photos_total{verdict="failed"} 1.0' in counts
    assert 'whereshot_photos_total{verdict="landmark"} 1.0' in counts


def photo(color):
    file = io.BytesIO()
    Image.new("RGB", (64, 48), color).save(file, "JPEG")
    return file.getvalue()


def test_damaged_photos_of_all_formats_are_errors_of_their_own(connected, tiny_bundle):
    """With the real decoder, sixteen at a time, and a sound photo among them."""
    recognizer = whereshot.load(tiny_bundle, limits=UploadLimits().photo)
    files = list(damaged(count=150, seed=11))
    with connected(recognizer) as client:
        for start in range(0, len(files), 15):
            batch = [*files[start : start + 15], ("sound.jpg", photo((220, 30, 30)))]
            response = send(client, *(image(content) for _, content in batch))
            assert response.status_code == 200
            *answers, sound = response.json()["responses"]
            assert sound["landmarkAnnotations"][0]["description"] == "Golden Gate Bridge"
            for (name, _), found in zip(batch, answers, strict=False):
                if "error" in found:
                    assert found["error"]["code"] == 3, name
                    assert len(found["error"]["message"]) > 20, name
                    assert set(found) == {"error"}
