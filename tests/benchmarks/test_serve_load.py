"""The clients of the load benchmark: right, wrong, busy and lost answers are told apart."""

from __future__ import annotations

import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from serving import FakeRecognizer, serving

from whereshot.serve.app import create_app
from whereshot.serve.server import bind
from whereshot.serve.settings import Settings

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
HILL = [["hill", 0.9], ["lake", 0.06], ["bridge", 0.04]]
LAKE = [["lake", 0.9], ["hill", 0.06], ["bridge", 0.04]]


@pytest.fixture
def load_client(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import _load_client

    yield _load_client
    sys.modules.pop("_load_client")


def drive(client, shots, order, clients=3, **settings):
    app = create_app(FakeRecognizer(settings.pop("pause", 0.0)), Settings(**settings))
    with serving(app) as url:
        return client.drive(urlsplit(url).port, shots, order, clients)


def test_right_and_wrong_answers_are_told_apart(load_client):
    shots = [
        load_client.Shot("a.jpg", b"hill", HILL),
        load_client.Shot("b.jpg", b"lake", HILL),  # mixed up
        load_client.Shot("c.jpg", b"text", HILL),  # a 415
    ]
    report = drive(load_client, shots, [0, 1, 0, 2, 0])
    assert (report.right, report.wrong, report.lost) == (3, 2, 0)
    assert len(report.milliseconds) == 5
    assert report.seconds > 0


def test_a_busy_server_is_asked_again_until_it_answers(load_client):
    shots = [load_client.Shot("a.jpg", b"hill", HILL), load_client.Shot("b.jpg", b"lake", LAKE)]
    order = [0, 1] * 4
    report = drive(load_client, shots, order, clients=6, pause=0.2, workers=1, queue=1)
    assert (report.right, report.wrong, report.lost) == (8, 0, 0)
    assert report.busy[503] > 0


def test_errors_of_the_server_are_counted(load_client):
    report = drive(load_client, [load_client.Shot("a.jpg", b"bug", HILL)], [0, 0])
    assert report.errors == {500: 2}


def test_without_an_answer_a_request_is_lost(load_client):
    with bind("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
    report = load_client.drive(port, [load_client.Shot("a.jpg", b"hill", HILL)], [0], 1)
    assert (report.right, report.lost) == (0, 1)
