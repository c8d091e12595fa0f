"""The page in a real browser: what a person sees, and that nothing goes anywhere else."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from serving import serving

import whereshot
from whereshot.serve.app import create_app

playwright_api = pytest.importorskip("playwright.sync_api")
expect = playwright_api.expect
PATIENCE_MS = 30_000  # a busy machine is no failure
expect.set_options(timeout=PATIENCE_MS)

HEIC = Path(__file__).resolve().parents[1] / "photo" / "heic" / "orientation_1.heic"
PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1280, "height": 900}
ADD_FILES = """(kind, files) => {
  const carried = new DataTransfer();
  for (const { name, type, content } of files) {
    const bytes = Uint8Array.from(atob(content), (character) => character.charCodeAt(0));
    carried.items.add(new File([bytes], name, { type }));
  }
  const options = { bubbles: true, cancelable: true };
  const event = kind === "paste"
    ? new ClipboardEvent("paste", { ...options, clipboardData: carried })
    : new DragEvent(kind, { ...options, dataTransfer: carried });
  document.body.dispatchEvent(event);
}"""


@pytest.fixture(scope="module")
def site(tiny_bundle: Path) -> Iterator[str]:
    """A running server with a real, tiny recognizer: red is the Golden Gate Bridge, ..."""
    with serving(create_app(whereshot.load(tiny_bundle))) as url:
        yield url


@pytest.fixture
def visit(browser, site):
    """Open the page as some device; afterwards, check that it was quiet and asked nobody else."""
    contexts, foreign, complaints = [], [], []

    def listen(message):
        # Chromium itself logs every 4xx and every connection that fails; what matters are errors
        # of scripts and violated policies.
        if message.type in {"error", "warning"} and "Failed to load" not in message.text:
            complaints.append(message.text)

    def open_page(**options):
        context = browser.new_context(locale="en", reduced_motion="reduce", **options)
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        page = context.new_page()
        page.on("console", listen)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: is_ours(request.url) or foreign.append(request.url))
        page.goto(site)
        return page

    def is_ours(url):
        parts = urlsplit(url)
        return parts.scheme in {"blob", "data"} or f"{parts.scheme}://{parts.netloc}" == site

    yield open_page
    for context in contexts:
        context.close()
    assert foreign == []
    assert complaints == []


@pytest.fixture
def shots(tmp_path, paint):
    """Photos by color."""
    return {color: paint(tmp_path / f"{color}.jpg", color, (320, 240)) for color in ("red", "grey")}


def hand_over(page, kind, *paths):
    """Drop files on the page, or paste them, as a person does."""
    files = [
        {
            "name": path.name,
            "type": "image/jpeg",
            "content": base64.b64encode(path.read_bytes()).decode(),
        }
        for path in paths
    ]
    page.evaluate(f"([kind, files]) => ({ADD_FILES})(kind, files)", [kind, files])


def answered(page, state, count=1):
    cards = page.locator(f'.card[data-state="{state}"]')
    expect(cards).to_have_count(count)
    return cards.first


def test_a_dropped_landmark_is_named_with_its_certainty_its_place_and_a_map(visit, shots):
    page = visit()
    expect(page).to_have_title("Where was this shot?")
    hand_over(page, "drop", shots["red"])
    card = answered(page, "landmark")
    expect(card.get_by_role("heading", level=2)).to_have_text("Golden Gate Bridge")
    expect(card.locator(".certainty")).to_have_text("Almost certain>99%")
    expect(card.locator(".place")).to_have_text("San Francisco, United States")
    expect(card.locator(".coordinates")).to_have_text("37.8199° N, 122.4786° W")
    expect(card.locator(".candidates li")).to_have_count(3)
    expect(
        card.get_by_role("img", name=re.compile("^Map: Golden Gate Bridge at 37.82° N"))
    ).to_be_visible()
    expect(card.locator(".map-name-home")).to_have_text("United States of America")
    expect(card.get_by_alt_text("Your photo red.jpg")).to_be_visible()
    expect(page.get_by_role("status")).to_have_text(
        "red.jpg: Golden Gate Bridge, San Francisco, United States. Almost certain, >99%."
    )


def test_an_unknown_place_is_said_to_be_unknown(visit, shots):
    page = visit()
    page.set_input_files("#files", shots["grey"])
    card = answered(page, "unknown")
    expect(card.get_by_role("heading", level=2)).to_have_text("I don't know this place")
    expect(card.locator(".candidates h3")).to_have_text("What it looks most like")
    expect(card.locator(".candidates li")).to_have_count(3)
    expect(card.locator(".map, .certainty, .coordinates")).to_have_count(0)


def test_a_broken_file_gets_a_friendly_sentence_and_the_others_go_on(visit, shots, tmp_path):
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(shots["red"].read_bytes()[:400])
    text = tmp_path / "notes.txt"
    text.write_text("no photo at all, but a list of things to buy")
    page = visit()
    hand_over(page, "drop", broken, shots["red"], text)
    answered(page, "landmark")
    answered(page, "trouble", 2)
    headings = page.get_by_role("heading", level=2).all_text_contents()
    assert headings[:3] == [
        "This photo is damaged",
        "Golden Gate Bridge",
        "This isn't a photo that I can read",
    ]
    expect(page.locator(".no-preview").first).to_be_visible()


def test_a_photo_with_gps_shows_its_own_position_beside_the_landmark(visit, tmp_path, paint):
    page = visit()
    near = paint(tmp_path / "near.jpg", "red", gps=(38, -122))
    page.set_input_files("#files", near)
    card = answered(page, "landmark")
    expect(card.locator(".coordinates")).to_have_text("38.0000° N, 122.0000° W")
    expect(card.locator(".source")).to_have_text("the photo's own GPS")
    expect(card.locator(".apart")).to_have_text("47 km from the middle of Golden Gate Bridge")
    expect(card.locator(".mark")).to_have_count(2)
    # Unknown, and yet the photo tells where it is.
    page.set_input_files("#files", paint(tmp_path / "grey.jpg", "grey", gps=(38, -122)))
    card = answered(page, "unknown")
    expect(card.locator(".coordinates")).to_have_text("38.0000° N, 122.0000° W")
    expect(card.locator(".mark")).to_have_count(1)


def test_a_heic_that_the_browser_cannot_show_is_recognized_behind_a_placeholder(visit):
    page = visit()
    page.set_input_files("#files", HEIC)
    expect(page.locator(".card:not([data-state=waiting]):not([data-state=trouble])")).to_have_count(
        1
    )
    expect(page.locator(".no-preview")).to_contain_text("no preview")


def test_a_photo_can_be_pasted(visit, shots):
    page = visit()
    hand_over(page, "paste", shots["red"])
    answered(page, "landmark")


def test_a_drag_over_the_page_shows_where_it_goes(visit, shots):
    page = visit()
    hand_over(page, "dragenter", shots["red"])
    expect(page.locator("body")).to_have_class("is-dragging")
    hand_over(page, "dragleave", shots["red"])
    expect(page.locator("body")).not_to_have_class("is-dragging")


def test_the_keyboard_alone_gets_to_an_answer_and_back(visit, shots):
    page = visit()
    page.on("filechooser", lambda chooser: None)  # Chromium takes a moment to agree to be watched
    page.keyboard.press("Tab")
    expect(page.locator("#choose")).to_be_focused()
    assert page.locator("#choose").evaluate("e => getComputedStyle(e).outlineStyle") == "solid"
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Enter")
    chooser.value.set_files(shots["red"])
    answered(page, "landmark")
    names = []
    for _ in range(5):
        page.keyboard.press("Tab")
        names.append(
            page.evaluate("document.activeElement.ariaLabel ?? document.activeElement.innerText")
        )
    assert names == ["Put away red.jpg", "Copy coordinates", "OpenStreetMap", "Zoom in", "Zoom out"]
    page.get_by_role("button", name="Put away red.jpg").press("Enter")
    expect(page.locator(".card")).to_have_count(0)
    expect(page.locator("#choose")).to_be_focused()


def test_coordinates_are_copied_and_openstreetmap_is_only_a_link(visit, shots, site):
    page = visit()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=site)
    page.set_input_files("#files", shots["red"])
    card = answered(page, "landmark")
    card.get_by_role("button", name="Copy coordinates").click()
    expect(card.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == "37.81990, -122.47860"
    link = card.get_by_role("link", name="OpenStreetMap")
    expect(link).to_have_attribute(
        "href", re.compile(r"^https://www\.openstreetmap\.org/\?mlat=37\.8")
    )
    expect(link).to_have_attribute("rel", "noopener noreferrer")


def test_the_map_zooms_from_the_street_to_the_world(visit, shots):
    page = visit()
    page.set_input_files("#files", shots["red"])
    card = answered(page, "landmark")
    closer, wider = (card.get_by_role("button", name=name) for name in ("Zoom in", "Zoom out"))
    expect(card.locator(".map .globe")).to_be_visible()
    while closer.get_attribute("aria-disabled") == "false":
        closer.click()
    expect(card.locator(".mark-radius")).to_be_visible()  # 3 km show only from close by
    while wider.get_attribute("aria-disabled") == "false":
        wider.click()
    expect(card.locator(".map .globe, .map .scale")).to_have_count(0)  # the world needs neither
    expect(card.locator(".mark-dot")).to_be_visible()


def test_a_server_that_is_gone_is_said_so_and_asked_again_on_demand(visit, shots):
    page = visit()
    page.route("**/api/recognize", lambda route: route.abort("connectionrefused"))
    page.set_input_files("#files", shots["red"])
    card = answered(page, "trouble")
    expect(card.get_by_role("heading", level=2)).to_have_text("whereshot doesn't answer")
    page.unroute("**/api/recognize")
    card.get_by_role("button", name="Try again").click()
    answered(page, "landmark")


def test_the_list_of_landmarks_can_be_searched(visit):
    page = visit()
    page.get_by_role("button", name="3 landmarks").click()
    rows = page.locator("#landmarks-list li")
    expect(rows).to_have_count(3)
    page.get_by_role("searchbox").fill("peru")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("Machu Picchu")
    page.keyboard.press("Escape")  # clears the search
    expect(rows).to_have_count(3)
    page.keyboard.press("Escape")
    expect(page.locator("#landmarks")).not_to_be_visible()


@pytest.mark.parametrize(
    ("scheme", "viewport"),
    [("dark", PHONE), ("light", DESKTOP)],
    ids=["dark-phone", "light-desktop"],
)
def test_the_page_is_accessible_and_fits_the_screen(visit, shots, tmp_path, scheme, viewport):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    page = visit(color_scheme=scheme, viewport=viewport)
    assert_accessible(axe, page)
    broken = tmp_path / "a-name-that-is-rather-long-for-a-phone-and-goes-on-and-on-and-on.jpg"
    broken.write_bytes(b"broken")
    page.set_input_files("#files", [shots["red"], shots["grey"], broken])
    for state in ("landmark", "unknown", "trouble"):
        answered(page, state)
    expect(page.locator(".map .globe")).to_be_visible()
    assert_accessible(axe, page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("button", name="3 landmarks").click()
    expect(page.locator("#landmarks-list li")).to_have_count(3)
    assert_accessible(axe, page)
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (dark == "rgb(16, 21, 26)") == (scheme == "dark")


def assert_accessible(axe, page):
    found = axe.run(page).response["violations"]
    assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found] == []
