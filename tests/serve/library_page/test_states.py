"""What the page says where there is nothing to show, or nobody to ask; colors, sizes, axe."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import pytest
from photo_folders import folder_of_photos

import whereshot
from whereshot.library.catalog import Catalog
from whereshot.library.index import index_library

playwright_api = pytest.importorskip("playwright.sync_api")
expect = playwright_api.expect

PHONE, DESKTOP = {"width": 360, "height": 740}, {"width": 1280, "height": 850}


@pytest.fixture
def indexed(tmp_path: Path, tiny_bundle: Path) -> tuple[Path, Path]:
    """A folder of 60 photos, and the catalog that knows them."""
    folder, catalog = folder_of_photos(tmp_path / "Pictures", 60), tmp_path / "known.sqlite"
    with Catalog(catalog) as rows:
        index_library(rows, [folder], whereshot.load(tiny_bundle))
    return folder, catalog


def test_without_a_folder_the_page_says_how_to_allow_one(visit, library_at):
    address = library_at()
    page = visit(address)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    expect(page.get_by_role("heading", name="Which photos may I look at?")).to_be_visible()
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == "whereshot serve --library ~/Pictures"


def test_a_folder_inside_is_indexed_alone(visit, library_at, tmp_path):
    folder = folder_of_photos(tmp_path / "Pictures", 60)
    page = visit(library_at(folder))
    page.get_by_role("button", name="Folders in Pictures").click()
    page.get_by_role("button", name="Folders in 2024").click()
    page.get_by_role("button", name="Index Peru").click()
    expect(page.locator("#ended")).to_contain_text(re.compile(r"^19 photos found"))
    expect(page.locator("#summary")).to_contain_text("19 photos")


class SlowRecognizer:
    """Takes its time, so that somebody can stop it."""

    def __init__(self, recognizer: Any) -> None:
        self.recognizer = recognizer
        self.name, self.landmarks = recognizer.name, recognizer.landmarks

    def recognize(self, photo: Any, *, k: int = 5) -> Any:
        time.sleep(0.2)
        return self.recognizer.recognize(photo, k=k)

    def recognize_many(self, photos: Any, *, k: int = 5) -> Any:
        return (self.recognize(photo, k=k) for photo in photos)


def test_an_index_tells_how_far_it_is_and_is_stopped(visit, library_at, tmp_path, tiny_bundle):
    folder = folder_of_photos(tmp_path / "Pictures", 150)
    slow = SlowRecognizer(whereshot.load(tiny_bundle))
    page = visit(library_at(folder, recognizer=slow))
    page.get_by_role("button", name="Index Pictures").click()
    work = page.locator("#work")
    expect(work).to_contain_text(re.compile(r"Recognizing\s*\d+ of 152 photos · .* a second"))
    expect(work.get_by_role("progressbar")).to_have_attribute("aria-valuenow", re.compile(r"\d"))
    work.get_by_role("button", name="Stop").click()
    expect(page.locator("#ended")).to_contain_text("Stopped. What was looked at stays known.")
    expect(work).to_be_hidden()
    expect(page.locator("#filters [value=waiting] + span")).to_contain_text("Not looked at")


def test_a_folder_that_can_not_be_written_to_is_named_before(visit, library_at, indexed):
    folder, catalog = indexed
    problem = "Nothing can be written into it: it is read-only."

    def read_only(route: Any) -> None:
        answer = route.fetch().json()
        answer["folders"][0] |= {"writable": False, "problem": problem}
        route.fulfill(json=answer)

    page = visit(library_at(folder, catalog=catalog))
    page.route(re.compile("/api/library$"), read_only)
    page.reload()
    page.get_by_role("button", name="Index photos…").click()
    expect(page.get_by_role("dialog")).to_contain_text(problem)


def test_a_filter_that_leaves_nothing_says_so_and_is_cleared(visit, library_at, indexed):
    folder, catalog = indexed
    page = visit(library_at(folder, catalog=catalog))
    expect(page.locator(".tile").first).to_be_visible()
    page.locator("#filters [value=written]").check()
    expect(page.get_by_role("heading", name="No such photos")).to_be_visible()
    page.get_by_role("button", name="Show all photos").first.click()
    expect(page.locator(".tile").first).to_be_visible()
    assert page.locator("#filters :checked").get_attribute("value") == "all"


def test_a_server_that_is_gone_is_said_so_and_asked_again_on_demand(visit, library_at, indexed):
    folder, catalog = indexed
    page = visit(library_at(folder, catalog=catalog))
    expect(page.locator(".tile").first).to_be_visible()
    page.route("**/api/library/**", lambda route: route.abort("connectionrefused"))
    page.locator("#filters [value=certain]").check()
    expect(page.locator("#trouble")).to_contain_text("whereshot doesn't answer")
    page.unroute("**/api/library/**")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("#trouble")).to_be_hidden()
    wanted = page.locator("#filters .chip:has(:checked) .number").inner_text()
    expect(page.get_by_role("grid")).to_have_attribute("aria-rowcount", re.compile(r"\d+"))
    expect(page.locator("#status")).to_have_text(re.compile(rf"^{wanted} photos in "))


def test_the_map_shows_groups_their_photos_and_a_span_of_time(visit, library_at, indexed):
    folder, catalog = indexed
    page = visit(library_at(folder, catalog=catalog))
    page.get_by_role("link", name="Map").click()
    expect(page.get_by_role("button", name=re.compile(r"photos, Niagara Falls$"))).to_be_visible()
    words = page.locator("#map-words")
    expect(words).to_have_text(re.compile(r"^\d+ photos · \d+ more have no place$"))
    everything = words.inner_text()
    page.get_by_label("First date").fill("3")
    expect(words).not_to_have_text(everything)
    page.get_by_role("button", name="Show these photos").click()
    expect(page.locator(".chosen-one")).to_have_text(re.compile(r"^2\d{3}-\d\d-01 to 2\d{3}-"))
    expect(page.locator("#status")).to_have_text(re.compile(r"^\d\d? photos in "))
    page.locator(".chosen-one").click()
    page.get_by_role("link", name="Map").click()
    expect(words).to_have_text(everything)

    page.get_by_role("button", name=re.compile(r"photos, Niagara Falls$")).click()
    panel = page.get_by_role("region", name="Niagara Falls")
    panel.locator(".shot").first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("heading", level=2)).to_have_text("Niagara Falls")
    expect(dialog.get_by_role("img", name=re.compile("^Map: Niagara Falls"))).to_be_visible()


def test_a_photo_that_contradicts_its_landmark_says_how_far(visit, library_at, indexed):
    folder, catalog = indexed
    page = visit(library_at(folder, catalog=catalog))
    page.locator("#filters [value=contradiction]").check()
    page.get_by_role("gridcell", name=re.compile("GPS contradicts the landmark")).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator(".notice-warm")).to_contain_text("km from Golden Gate Bridge")
    expect(dialog.locator(".facts")).to_contain_text("48.8584° N, 2.2945° E")


def test_a_photo_that_cannot_be_read_says_why(visit, library_at, indexed):
    folder, catalog = indexed
    page = visit(library_at(folder, catalog=catalog))
    page.locator("#filters [value=failed]").check()
    page.get_by_role("gridcell", name=re.compile("^notes.jpg")).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("heading", level=2)).to_have_text("This photo can't be read")
    expect(dialog).to_contain_text("is text. Give a JPEG")


@pytest.mark.parametrize(
    ("scheme", "viewport"),
    [("dark", PHONE), ("light", DESKTOP)],
    ids=["dark-phone", "light-desktop"],
)
@pytest.mark.slow
def test_every_view_is_accessible_and_fits_the_screen(
    visit, library_at, indexed, assert_accessible, scheme, viewport
):
    folder, catalog = indexed
    page = visit(library_at(folder, catalog=catalog), color_scheme=scheme, viewport=viewport)
    expect(page.locator(".tile img[data-state=there]").first).to_be_visible()
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (background == "rgb(16, 21, 26)") == (scheme == "dark")
    assert_accessible(page)
    page.locator(".tile").first.click()
    expect(page.locator("#detail .facts")).to_be_visible()
    assert_accessible(page)
    page.keyboard.press("Escape")

    page.get_by_role("link", name="Map").click()
    expect(page.locator(".marker").first).to_be_visible()
    assert_accessible(page)
    page.get_by_role("link", name=re.compile("^Review")).click()
    expect(page.locator(".review-words h2")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("button", name="Accept many…").click()
    expect(page.locator("#many-photos li").first).to_be_visible()
    assert_accessible(page)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Accept", exact=True).click()

    page.locator("#write-open").click()
    page.locator(".change summary").click()
    expect(page.locator(".difference")).to_be_visible()
    assert_accessible(page)
    page.keyboard.press("Escape")
    page.locator("#index-open").click()
    assert_accessible(page)
    page.keyboard.press("Escape")
    page.get_by_role("link", name="History").click()
    expect(page.get_by_role("heading", name="Nothing written yet")).to_be_visible()
    assert_accessible(page)
