"""The JSON API: photos in, one object per photo out."""

from __future__ import annotations

import json
import threading

import pytest
from serving import FakeRecognizer
from starlette.testclient import TestClient

import whereshot
from whereshot.serve.app import create_app
from whereshot.serve.settings import Settings


def send(client, *photos, **fields):
    files = [
        ("photos", photo if isinstance(photo, tuple) else ("a.jpg", photo)) for photo in photos
    ]
    return client.post("/api/recognize", files=files, data=fields)


def test_the_answer_is_what_predict_prints(client):
    response = send(client, ("Lake 1.jpg", b"lake"), k=2)
    assert response.status_code == 200
    assert json.dumps(response.json()) == json.dumps(
        [
            {
                "photo": "Lake 1.jpg",
                "verdict": "landmark",
                "bundle": "fake@1",
                "location": {
                    "latitude": -10.0,
                    "longitude": 30.0,
                    "radius_km": 2.5,
                    "source": "landmark",
                },
                "predictions": [
                    {
                        "id": "lake",
                        "name": "Lake",
                        "wikidata": "",
                        "probability": 0.9,
                        "latitude": -10.0,
                        "longitude": 30.0,
                        "radius_km": 2.5,
                        "city": "",
                        "country": "Lakia",
                        "country_code": "LA",
                    },
                    {
                        "id": "hill",
                        "name": "Hill",
                        "wikidata": "",
                        "probability": 0.06,
                        "latitude": 10.0,
                        "longitude": 20.0,
                        "radius_km": 1.0,
                        "city": "Hilltop",
                        "country": "Hillia",
                        "country_code": "HI",
                    },
                ],
                "milliseconds": {"decode": 1.3, "model": 2.0},
            }
        ]
    )


def test_unknown_has_predictions_and_no_location(client):
    (answer,) = send(client, b"nothing").json()
    assert answer["verdict"] == "unknown"
    assert answer["location"] is None
    assert len(answer["predictions"]) == 3


def test_the_photos_own_gps_is_the_location(client):
    (answer,) = send(client, b"lake gps").json()
    assert answer["location"] == {
        "latitude": 1.5,
        "longitude": 2.5,
        "radius_km": 0.02,
        "source": "exif",
    }


def test_several_photos_are_answered_in_their_order(client):
    sent = ["lake", "bridge", "nothing", "hill", "lake", "hill"]
    answers = send(client, *((f"{i}.jpg", word.encode()) for i, word in enumerate(sent))).json()
    assert [answer["photo"] for answer in answers] == [f"{i}.jpg" for i in range(6)]
    best = [
        answer["predictions"][0]["id"] if answer["verdict"] == "landmark" else "nothing"
        for answer in answers
    ]
    assert best == sent


def test_a_photo_that_cannot_be_read_does_not_stop_the_others(client):
    response = send(client, ("a.jpg", b"text"), ("b.jpg", b"hill"))
    assert response.status_code == 200
    failed, fine = response.json()
    assert failed == {
        "photo": "a.jpg",
        "error": {
            "type": "UnsupportedPhotoError",
            "message": "The photo (4 bytes) is no photo.",
        },
    }
    assert fine["predictions"][0]["id"] == "hill"


@pytest.mark.parametrize(
    ("photos", "status"),
    [
        ([b"text"], 415),
        ([b"wide"], 413),
        ([b""], 422),
        ([b"text", b"text"], 415),
        ([b"text", b""], 422),
        ([b"text", b"wide", b"hill"], 200),
    ],
)
def test_only_if_every_photo_fails_the_status_says_so(client, photos, status):
    response = send(client, *photos)
    assert response.status_code == status
    assert len(response.json()) == len(photos)


def test_k_is_how_many_candidates_come_and_at_most_all(client):
    assert len(send(client, b"hill", k=1).json()[0]["predictions"]) == 1
    assert len(send(client, b"hill").json()[0]["predictions"]) == 3
    assert len(send(client, b"hill", k=999).json()[0]["predictions"]) == 3


@pytest.mark.parametrize("k", ["0", "-1", "2.5", "many", "", "1" * 400, "²"])
def test_a_wrong_k_is_refused_with_a_sentence(client, k):
    response = send(client, b"hill", k=k)
    assert response.status_code == 422
    assert "expected a whole number" in response.json()["error"]["message"]


def test_an_unknown_field_is_refused(client):
    response = send(client, b"hill", top_k=3)
    assert response.status_code == 422
    assert "'top_k'" in response.json()["error"]["message"]


def test_recognition_runs_beside_the_event_loop_and_never_more_than_allowed(connected):
    recognizer = FakeRecognizer(seconds=0.03)
    with connected(recognizer, workers=2) as client:
        assert send(client, *[b"hill"] * 8).status_code == 200
    assert recognizer.most == 2
    assert threading.get_ident() not in recognizer.threads


def test_a_bug_is_a_500_that_tells_nothing_of_it(client):
    response = send(client, b"bug")
    assert response.status_code == 500
    assert response.json()["error"]["type"] == "InternalError"
    assert "secret" not in response.text
    assert response.headers["x-content-type-options"] == "nosniff"
    assert send(client, b"hill").status_code == 200, "the server lives on"


def test_health_names_bundle_and_version(client):
    assert client.get("/healthz").json() == {
        "status": "ok",
        "bundle": "fake@1",
        "landmarks": 3,
        "version": whereshot.__version__,
    }


def test_landmarks_are_full_records_in_output_order(client):
    first, *others = client.get("/api/landmarks").json()
    assert first == {
        "id": "hill",
        "name": "Hill",
        "latitude": 10.0,
        "longitude": 20.0,
        "radius_km": 1.0,
        "country": "Hillia",
        "country_code": "HI",
        "city": "Hilltop",
        "region": "",
        "wikidata": "",
        "kind": "built",
        "aliases": ["Höhe"],
        "known": True,
        "enrolled": False,
    }
    assert [landmark["id"] for landmark in others] == ["lake", "bridge"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("GET", "/static/../app.py", 404),
        ("GET", "/static/%2e%2e/app.py", 404),
        ("GET", "/static/vendor", 404),
        ("GET", "/api/recognize", 405),
        ("GET", "/redoc", 404),  # FastAPI's own would load scripts from a CDN
    ],
)
def test_errors_of_the_framework_are_json_too(client, method, path, status):
    response = client.request(method, path)
    assert response.status_code == status
    assert set(response.json()["error"]) == {"type", "message"}


def test_openapi_describes_the_upload_by_hand(client):
    schema = client.get("/openapi.json").json()
    operation = schema["paths"]["/api/recognize"]["post"]
    form = operation["requestBody"]["content"]["multipart/form-data"]["schema"]
    assert set(form["properties"]) == {"photos", "k", "include"}
    assert {"200", "413", "415", "422"} <= set(operation["responses"])


def test_an_app_that_was_stopped_may_start_again(recognizer, tmp_path):
    app = create_app(recognizer, Settings(library=(tmp_path,), catalog=tmp_path / "catalog.sqlite"))
    for _ in range(2):
        with TestClient(app, base_url="http://127.0.0.1:8321") as client:
            assert client.get("/api/library").json()["counts"]["all"] == 0
            assert send(client, b"hill").status_code == 200
