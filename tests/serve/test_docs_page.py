"""The API's reference in a real browser: all of the API is there, and can be tried."""

from __future__ import annotations

import json
import re

import pytest
from serving import serving
from watched import PATIENCE_MS, watched

import whereshot
from whereshot.serve.app import create_app

playwright_api = pytest.importorskip("playwright.sync_api")
expect = playwright_api.expect
expect.set_options(timeout=PATIENCE_MS)

DEVICES = {
    "desktop": {"viewport": {"width": 1280, "height": 900}},
    "dark": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 360, "height": 740}},
}


@pytest.fixture(scope="module")
def app(tiny_bundle):
    return create_app(whereshot.load(tiny_bundle))


@pytest.fixture(scope="module")
def site(app):
    with serving(app) as url:
        yield url


@pytest.fixture
def visit(browser, site):
    with watched(browser, site) as pages:

        def open_docs(**options):
            page = pages.open("/docs", **options)
            expect(page.locator("#areas[aria-busy=false]")).to_have_count(1)
            return page

        yield open_docs


def operations(app):
    for path, item in app.openapi()["paths"].items():
        for method, operation in item.items():
            yield method.upper(), path, operation


def test_every_operation_is_shown_and_listed(visit, app):
    page = visit()
    expect(page).to_have_title("API · whereshot")
    for method, path, operation in operations(app):
        article = page.locator(f"article[id='{operation['operationId']}']")
        expect(article.get_by_role("heading", level=3)).to_have_text(operation["summary"])
        expect(article.locator(".operation-path")).to_have_text(f"{method}{path}")
        link = page.locator(f".docs-contents a[href='#{operation['operationId']}']")
        expect(link).to_have_text(f"{method}{path}")
    shared = page.locator("#every-request .answer")
    statuses = ["401", "403", "421", "429", "500", "503"]
    assert [text[:3] for text in shared.all_text_contents()] == statuses


def test_a_photo_is_sent_as_base64_from_the_page(visit, paint, tmp_path):
    article = visit().locator("article#annotate_images")
    article.get_by_text("Try it").click()
    article.get_by_label("photo").set_input_files(paint(tmp_path / "red.jpg", "red"))
    article.get_by_role("button", name="Send").click()
    expect(article.locator(".trial-status")).to_contain_text("200 OK")
    (answer,) = json.loads(article.locator(".trial-answer pre").inner_text())["responses"]
    assert answer["landmarkAnnotations"][0]["description"] == "Golden Gate Bridge"


def test_several_photos_are_sent_as_a_form_from_the_page(visit, paint, tmp_path):
    article = visit().locator("article").filter(has_text="/api/recognize").first
    article.get_by_text("Try it").click()
    names = ["green", "grey"]
    article.get_by_label("photos").set_input_files(
        [paint(tmp_path / f"{name}.png", name) for name in names]
    )
    article.get_by_label(re.compile("^k ")).fill("1")
    article.get_by_role("button", name="Send").click()
    expect(article.locator(".trial-status")).to_contain_text("200 OK")
    answers = json.loads(article.locator(".trial-answer pre").inner_text())
    assert [answer["verdict"] for answer in answers] == ["landmark", "unknown"]
    assert [len(answer["predictions"]) for answer in answers] == [1, 1]


def test_what_is_wrong_is_said_on_the_page(visit):
    article = visit().locator("article#annotate_images")
    article.get_by_text("Try it").click()
    article.locator("textarea").fill("{")
    article.get_by_role("button", name="Send").click()
    expect(article.locator(".trial-status")).to_contain_text("400 Bad Request")
    expect(article.locator(".trial-answer pre")).to_contain_text("is not valid JSON")


def test_an_address_with_an_operation_in_it_leads_there(site, browser):
    with watched(browser, site) as pages:
        page = pages.open("/docs#annotate_images", **DEVICES["desktop"])
        expect(page.locator("article#annotate_images h3")).to_be_in_viewport()


@pytest.mark.parametrize("device", DEVICES)
def test_the_reference_is_accessible_and_fits_its_screen(visit, device):
    from axe_playwright_python.sync_playwright import Axe

    page = visit(**DEVICES[device])
    for summary in page.locator("article#annotate_images summary").all():
        summary.click()
    # axe itself is added to the page, which its policy forbids: so its text is given to it.
    results = Axe().run(page, options={"resultTypes": ["violations"]})
    serious = [
        f"{each['id']}: {each['nodes'][0]['html']}"
        for each in results.response["violations"]
        if each["impact"] in {"serious", "critical"}
    ]
    assert serious == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
