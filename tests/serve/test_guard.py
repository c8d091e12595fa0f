"""Who may talk to a server on localhost, and what a browser may do with its pages."""

from __future__ import annotations

import pytest
from serving import FakeRecognizer

OURS = ["localhost", "localhost:8321", "LOCALHOST:1", "127.0.0.1", "127.0.0.1:8321", "[::1]:8321"]
FOREIGN = [
    "evil.example",
    "evil.example:8321",
    "127.0.0.1.evil.example",
    "localhost.evil.example",
    "localhost@evil.example",
    "127.0.0.1:8321:8321",
    "[::1",
    "192.168.1.5:8321",
    "10.0.0.1",
    "",
]


@pytest.mark.parametrize("host", OURS)
def test_our_own_hosts_pass(client, host):
    assert client.get("/healthz", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", FOREIGN)
@pytest.mark.parametrize("path", ["/", "/healthz", "/api/landmarks", "/static/app.js", "/nowhere"])
def test_a_foreign_host_gets_nothing(client, host, path):
    """DNS rebinding: the page's own name is in the Host header."""
    response = client.get(path, headers={"Host": host})
    assert response.status_code == 421
    assert response.json()["error"]["type"] == "HostNotAllowed"
    assert "Great" not in response.text


def test_the_host_that_the_server_is_bound_to_passes_too(connected):
    with connected(FakeRecognizer(), hosts=("Nas.Local",)) as client:
        assert client.get("/healthz", headers={"Host": "nas.local:8321"}).status_code == 200
        assert client.get("/healthz", headers={"Host": "other.local"}).status_code == 421
    with connected(FakeRecognizer(), hosts=("fd00::7",)) as client:
        assert client.get("/healthz", headers={"Host": "[fd00::7]:8321"}).status_code == 200


@pytest.mark.parametrize("wildcard", ["0.0.0.0", "::"])
def test_bound_to_all_addresses_any_address_passes_but_no_name(connected, wildcard):
    with connected(FakeRecognizer(), hosts=(wildcard,)) as client:
        for host in ("192.168.1.5:8321", "[fd00::7]", "localhost"):
            assert client.get("/healthz", headers={"Host": host}).status_code == 200
        assert client.get("/healthz", headers={"Host": "evil.example"}).status_code == 421


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "null",
        "http://127.0.0.1:3000",  # another server on this machine
        "http://localhost:8321",  # the same server under another name is another origin
        "http://127.0.0.1:8321.evil.example",
        "",
    ],
)
def test_a_foreign_page_cannot_send_photos(client, recognizer, origin):
    response = client.post("/api/recognize", files={"photos": b"hill"}, headers={"Origin": origin})
    assert response.status_code == 403
    assert response.json()["error"]["type"] == "OriginNotAllowed"
    assert recognizer.most == 0, "it was not even looked at"


def test_our_own_page_and_programs_without_origin_can(client):
    own = {"Origin": "http://127.0.0.1:8321"}
    assert client.post("/api/recognize", files={"photos": b"hill"}, headers=own).is_success
    assert client.post("/api/recognize", files={"photos": b"hill"}).is_success


@pytest.mark.parametrize("path", ["/", "/healthz", "/static/app.css", "/nowhere", "/api/recognize"])
def test_every_answer_carries_the_security_headers(client, path):
    headers = client.get(path).headers
    policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-frame-options"] == "DENY"


def test_no_other_origin_may_read_an_answer(client):
    response = client.get("/api/landmarks", headers={"Origin": "http://evil.example"})
    assert "access-control-allow-origin" not in response.headers
    assert response.headers["cross-origin-resource-policy"] == "same-origin"
