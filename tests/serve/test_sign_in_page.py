"""The page to sign in, in a real browser: an API key goes in once, and the pages open."""

from __future__ import annotations

import pytest
from serving import FakeRecognizer, serving
from watched import PATIENCE_MS, watched

from whereshot.serve.app import create_app
from whereshot.serve.settings import Settings

playwright_api = pytest.importorskip("playwright.sync_api")
expect = playwright_api.expect
KEY = "a-key-for-those-who-know-it"


@pytest.fixture(scope="module")
def site():
    with serving(create_app(FakeRecognizer(), Settings(api_keys=(KEY,)))) as url:
        yield url


@pytest.mark.slow
def test_who_shows_a_key_once_gets_the_page_and_no_script_can_read_the_session(browser, site):
    with watched(browser, site) as pages:
        page = pages.open("/", viewport={"width": 390, "height": 844})
        field = page.get_by_label("API key")
        expect(field).to_be_focused(timeout=PATIENCE_MS)
        field.fill("not the key, but long enough")
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_contain_text("none of the server's API keys")
        field.fill(f" {KEY} ")
        page.get_by_role("button", name="Sign in").click()
        heading = page.get_by_role("heading", name="Where was this shot?")
        expect(heading).to_be_visible(timeout=PATIENCE_MS)
        assert page.evaluate("document.cookie") == ""
        assert page.evaluate("fetch('/api/landmarks').then((answer) => answer.status)") == 200
