"""The library page around a real server, and a browser that tells when it asks anybody else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from serving import serving

import whereshot
from whereshot.serve.app import create_app
from whereshot.serve.settings import Settings

playwright_api = pytest.importorskip("playwright.sync_api")
PATIENCE_MS = 60_000  # a busy machine is no failure
playwright_api.expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture
def library_at(tiny_bundle: Path, tmp_path: Path) -> Iterator[Callable[..., str]]:
    """Serve the library of some folders: `library_at(folder)` gives the page's address."""
    running: list[Any] = []

    def start(*folders: Path, catalog: Path | None = None, recognizer: Any = None) -> str:
        settings = Settings(library=folders, catalog=catalog or tmp_path / "catalog.sqlite")
        server = serving(create_app(recognizer or whereshot.load(tiny_bundle), settings))
        running.append(server)
        return f"{server.__enter__()}/library"

    yield start
    for server in running:
        server.__exit__(None, None, None)


@pytest.fixture
def visit(browser: Any, library_at: object) -> Iterator[Callable[..., Any]]:
    """Open an address as some device; afterwards, check that the page was quiet and asked nobody
    but the server that it comes from.

    `library_at` is asked for so that pages are closed before their server.
    """
    contexts: list[Any] = []
    foreign: list[str] = []
    complaints: list[str] = []

    def listen(message: Any) -> None:
        # Chromium itself logs every 4xx and every connection that fails; what matters are errors
        # of scripts and violated policies.
        if message.type in {"error", "warning"} and "Failed to load" not in message.text:
            complaints.append(message.text)

    def open_page(address: str, **options: Any) -> Any:
        home = urlsplit(address).netloc

        def watch(request: Any) -> None:
            parts = urlsplit(request.url)
            if parts.scheme not in {"blob", "data"} and parts.netloc != home:
                foreign.append(request.url)

        options = {"viewport": {"width": 1280, "height": 850}, "locale": "en"} | options
        context = browser.new_context(reduced_motion="reduce", **options)
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        page = context.new_page()
        page.on("console", listen)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", watch)
        page.goto(address)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert foreign == []
    assert complaints == []


@pytest.fixture
def assert_accessible() -> Callable[[Any], None]:
    """Fail where axe finds anything, or where the page is wider than the screen."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()

    def check(page: Any) -> None:
        found = axe.run(page).response["violations"]
        assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found] == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    return check
