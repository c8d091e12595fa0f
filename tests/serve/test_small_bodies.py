"""A body without photos is small, whatever its sender says of its length."""

from __future__ import annotations

import json

import pytest

from whereshot.serve.small_bodies import MOST_BYTES

JSON = {"Content-Type": "application/json"}


@pytest.fixture
def allowed(connected, recognizer, tmp_path):
    """A server with a library, so that its routes take JSON."""
    with connected(recognizer, library=(tmp_path,), catalog=tmp_path / "catalog.sqlite") as client:
        yield client


@pytest.mark.parametrize("path", ["/api/library/review", "/api/library/undo", "/nowhere"])
def test_a_body_that_says_it_is_too_large_is_refused_unread(allowed, path):
    response = allowed.post(path, content=b" " * (MOST_BYTES + 1), headers=JSON)
    assert response.status_code == 413
    assert response.json()["error"]["type"] == "RequestTooLarge"
    assert response.headers["connection"] == "close"


def test_a_body_that_does_not_say_its_length_is_cut_off(allowed):

    def pieces():
        for _ in range(100):
            yield b" " * (MOST_BYTES // 4)

    response = allowed.post("/api/library/undo", content=pieces(), headers=JSON)
    assert response.status_code == 413
    assert response.json()["error"]["type"] == "RequestTooLarge"
    assert response.headers["connection"] == "close"


def test_the_largest_sensible_body_passes(allowed):
    ids = list(range(2**53 - 1000, 2**53 - 1))
    body = json.dumps({"ids": ids, "decision": "accept"})
    response = allowed.post("/api/library/review", content=body, headers=JSON)
    assert response.status_code == 200
    assert len(response.json()["refused"]) == len(ids)


def test_photos_have_limits_of_their_own(client):
    photo = b"lake" + b" " * (2 * MOST_BYTES)
    response = client.post("/api/recognize", files={"photos": ("a.jpg", photo)})
    assert response.json()[0]["predictions"][0]["id"] == "lake"
