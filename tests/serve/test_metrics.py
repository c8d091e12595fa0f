"""Numbers for Prometheus: right ones, few series, and nothing about a photo."""

from __future__ import annotations

import pytest
from prometheus_client.parser import text_string_to_metric_families
from serving import FakeRecognizer

from whereshot.serve.settings import Settings


def numbers(client):
    """Each sample as {name{labels}: value}."""
    text = client.get("/metrics").text
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def send(client, *photos):
    return client.post("/api/recognize", files=[("photos", ("a.jpg", photo)) for photo in photos])


def test_photos_are_counted_by_verdict(client):
    send(client, b"hill", b"lake", b"nothing", b"text")
    send(client, b"wide")
    found = numbers(client)
    counts = {
        name[1]: value for name, value in found.items() if name[0] == "whereshot_photos_total"
    }
    assert counts == {"landmark": 2, "unknown": 1, "unreadable": 2, "failed": 0}
    assert found["whereshot_stage_seconds_count", "decode"] == 3
    assert found["whereshot_stage_seconds_sum", "model"] == pytest.approx(0.006)


def test_requests_are_counted_by_route_and_status_never_by_path(client):
    for path in ("/nowhere", "/api/enrolled/secret", "/static/secret.js", "/%73ecret", "/healthz"):
        client.get(path)
    client.request("SECRET", "/healthz")
    text = client.get("/metrics").text
    assert "secret" not in text.lower()
    found = numbers(client)
    assert found["whereshot_requests_total", "/healthz", "200", "GET"] == 1
    assert found["whereshot_requests_total", "/static", "404", "GET"] == 1
    assert found["whereshot_requests_total", "404", "GET", "none"] == 2
    assert found["whereshot_request_seconds_count", "/healthz"] == 2


def test_a_bug_is_counted_as_a_500(client):
    send(client, b"bug")
    assert numbers(client)["whereshot_requests_total", "/api/recognize", "500", "POST"] == 1


def test_the_engine_says_how_its_workers_are(connected):
    with connected(FakeRecognizer(), workers=3) as client:
        found = numbers(client)
    assert found["whereshot_workers",] == 3
    assert found["whereshot_workers_busy",] == 0
    assert found["whereshot_queue_length",] == 0
    assert found["whereshot_worker_deaths_total",] == 0
    assert ("whereshot_info", "0.1.0", "fake@1") in found
    assert found["whereshot_requests_running",] == 1, "the one that asks for the numbers"


def test_two_apps_in_one_process_count_for_themselves(client, connected):
    send(client, b"hill")
    with connected(FakeRecognizer()) as other:
        assert numbers(other)["whereshot_photos_total", "landmark"] == 0


def test_numbers_can_be_switched_off(connected):
    with connected(FakeRecognizer(), metrics=False) as client:
        assert client.get("/metrics").status_code == 404
    assert Settings().metrics
