"""A library of painted photos behind the app, with the small bundle that really recognizes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from library_app import done
from starlette.testclient import TestClient

import whereshot
from whereshot.serve.app import create_app
from whereshot.serve.settings import Settings

ADDRESS = "http://127.0.0.1:8321"


@pytest.fixture
def folder(tmp_path: Path, paint: Callable[..., Path]) -> Path:
    """Six photos: two bridges, one of them far from home; two ruins; a fall; and nothing."""
    root = tmp_path / "pictures"
    paint(root / "usa" / "1.png", "red", size=(64, 48))
    paint(root / "usa" / "2.png", "red", size=(65, 48), gps=(50, 10))
    paint(root / "peru" / "3.png", "green", size=(66, 48))
    paint(root / "peru" / "4.jpg", "green", size=(67, 48), gps=(-13, -72))
    paint(root / "5.png", "blue", size=(68, 48))
    paint(root / "6.png", "grey", size=(69, 48))
    return root


@pytest.fixture
def opened(tiny_bundle: Path) -> Callable[..., TestClient]:
    """Make a client of an app that may see some folders."""

    def connect(*folders: Path, **options: Any) -> TestClient:
        app = create_app(whereshot.load(tiny_bundle), Settings(library=folders, **options))
        return TestClient(app, base_url=ADDRESS, raise_server_exceptions=False)

    return connect


@pytest.fixture
def client(opened: Callable[..., TestClient], folder: Path) -> Iterator[TestClient]:
    """A client of an app that has looked at the folder."""
    with opened(folder) as client:
        done(client, client.post("/api/library/index", json={}))
        yield client
