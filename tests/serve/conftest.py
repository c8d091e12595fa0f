"""The app around a fake recognizer, and asked in this process."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from serving import FakeRecognizer
from starlette.testclient import TestClient

from whereshot.serve.app import create_app
from whereshot.serve.settings import Settings


@pytest.fixture
def recognizer() -> FakeRecognizer:
    return FakeRecognizer()


@pytest.fixture
def client(recognizer: FakeRecognizer) -> Iterator[TestClient]:
    with connect(recognizer) as client:
        yield client


@pytest.fixture
def connected() -> Any:
    """Make a client of an app of its own: `connected(recognizer, limits=...)`."""
    return connect


def connect(recognizer: Any, **options: Any) -> TestClient:
    app = create_app(recognizer, Settings(**options))
    return TestClient(app, base_url="http://127.0.0.1:8321", raise_server_exceptions=False)
