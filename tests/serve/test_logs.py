"""Logs: a line per request that a program can read, and nothing of a photo in it."""

from __future__ import annotations

import io
import json
import logging
import re

import pytest

from whereshot.serve import logs


@pytest.fixture
def log(monkeypatch):
    """Log as `whereshot serve` does, into a list of lines: `log("json")`."""
    root = logging.getLogger()
    kept = root.handlers, root.level, logs.logger.level
    stream = io.StringIO()

    def begin(form):
        monkeypatch.setattr("sys.stderr", stream)
        logs.configure(form)
        return lambda: stream.getvalue().splitlines()

    yield begin
    root.handlers, level, ours = kept
    root.setLevel(level)
    logs.logger.setLevel(ours)


def send(client, content, name="secret beach.jpg", **options):
    return client.post("/api/recognize", files={"photos": (name, content)}, **options)


def test_a_json_line_per_request_with_its_id_route_status_time_and_sizes(client, log):
    lines = log("json")
    response = send(client, b"hill")
    (line,) = lines()
    event = json.loads(line)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", event.pop("time"))
    assert 0 < event.pop("milliseconds") < 60_000
    assert event.pop("bytes_in") > 100
    assert event == {
        "level": "info",
        "event": "request",
        "id": response.headers["x-request-id"],
        "method": "POST",
        "route": "/api/recognize",
        "status": 200,
        "bytes_out": len(response.content),
    }


def test_a_text_line_says_the_same_to_a_person(client, log):
    lines = log("text")
    send(client, b"hill")
    (line,) = lines()
    assert re.match(r"\d\d:\d\d:\d\d info request id=\w{16} method=POST route=/api/recogn", line)


@pytest.mark.parametrize("form", ["json", "text"])
def test_neither_names_nor_places_nor_content_nor_addresses_are_logged(client, log, form):
    lines = log(form)
    for content in (b"lake gps", b"text", b"wide", b"", b"bug"):
        send(client, content)
    client.get("/api/enrolled/secret")
    client.get("/api/landmarks?query=secret&near=1.5,2.5")
    client.post("/v1/images:annotate?key=secret", content=b"secret")
    told = "\n".join(lines())
    assert len(lines()) >= 8
    for word in ("secret", "1.5", "2.5", "beach", "lake", "127.0.0.1", "testclient"):
        assert word not in re.sub(r"milliseconds\W+[\d.]+", "", told)


@pytest.mark.parametrize("form", ["json", "text", "off"])
def test_a_bug_is_logged_with_its_kind_and_place_but_not_with_its_words(client, log, form):
    lines = log(form)
    logging.getLogger("uvicorn.error")
    try:
        raise RuntimeError("secret detail of a bug")
    except RuntimeError as error:
        error.add_note('Traceback:\n  File "worker.py", line 7, in work\n    x\nValueError: secret')
        logging.getLogger("uvicorn.error").error("Exception in ASGI application\n", exc_info=True)
    told = "\n".join(lines())
    assert "secret" not in told
    assert "builtins.RuntimeError" in told
    assert "test_logs.py" in told
    assert "worker.py" in told


def test_off_logs_no_requests(client, log):
    lines = log("off")
    send(client, b"hill")
    assert lines() == []


def test_a_request_keeps_the_id_that_it_came_with(client):
    given = {"X-Request-ID": "upload-7.b_2"}
    assert send(client, b"hill", headers=given).headers["x-request-id"] == "upload-7.b_2"
    assert client.get("/nowhere", headers=given).headers["x-request-id"] == "upload-7.b_2"


@pytest.mark.parametrize("given", ["", "a b", "a" * 65, "ä".encode(), 'x"; drop'])
def test_an_id_that_is_no_plain_word_is_replaced(client, given):
    ours = client.get("/healthz", headers={"X-Request-ID": given}).headers["x-request-id"]
    assert re.fullmatch(r"[0-9a-f]{16}", ours)


def test_a_bug_has_the_id_too(client):
    response = send(client, b"bug", headers={"X-Request-ID": "seven"})
    assert response.status_code == 500
    assert response.headers["x-request-id"] == "seven"
