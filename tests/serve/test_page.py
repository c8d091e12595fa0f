"""The page in a real browser: what a person sees, and that nothing goes anywhere else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from photo_page import answered, assert_accessible, fits_the_screen, hand_over
from serving import serving
from watched import PATIENCE_MS, watched

import whereshot
from whereshot.serve.app import create_app

playwright_api = pytest.importorskip("playwright.sync_api")
expect = playwright_api.expect
expect.set_options(timeout=PATIENCE_MS)

HEIC = Path(__file__).resolve().parents[1] / "photo" / "heic" / "orientation_1.heic"
PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1280, "height": 900}


@pytest.fixture(scope="module")
def site(tiny_bundle):
    """A running server with a real, tiny recognizer: red is the Golden Gate Bridge, ..."""
    with serving(create_app(whereshot.load(tiny_bundle))) as url:
        yield url


@pytest.fixture
def visit(browser, site):
    """Open the page as some device; afterwards, check that it was quiet and asked nobody else."""
    with watched(browser, site) as pages:
        yield lambda **options: pages.open("/", **options)


@pytest.fixture
def shots(tmp_path, paint):
    """Photos by color."""
    return {color: paint(tmp_path / f"{color}.jpg", color, (320, 240)) for color in ("red", "grey")}


def heading(card):
    return card.get_by_role("heading", level=2)


# -- answers -------------------------------------------------------------------------------


def test_a_dropped_landmark_is_named_with_its_certainty_its_place_and_a_map(visit, shots):
    page = visit()
    expect(page).to_have_title("Where was this shot?")
    hand_over(page, "drop", shots["red"])
    card = answered(page, "landmark")
    expect(heading(card)).to_have_text("Golden Gate Bridge")
    expect(card.locator(".certainty")).to_have_text("Almost certain>99%")
    expect(card.locator(".place")).to_have_text("San Francisco, United States")
    expect(card.locator(".coordinates")).to_have_text("37.8199° N, 122.4786° W")
    expect(card.locator("dt")).to_have_text("Within 3 km")
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
    expect(heading(card)).to_have_text("I don't know this place")
    expect(card.locator(".explain")).to_contain_text("It looks most like")
    expect(card.locator(".candidates h3")).to_contain_text("What it looks most like")
    expect(card.locator(".candidates li")).to_have_count(3)
    expect(card.locator(".map, .certainty, .coordinates")).to_have_count(0)
    expect(card.get_by_role("link", name="those I know")).to_have_attribute("href", "/landmarks")


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
    assert headings == [
        "This photo is damaged",
        "Golden Gate Bridge",
        "This isn't a photo that I can read",
    ]
    expect(page.locator(".no-preview").first).to_be_visible()


def test_a_photo_with_gps_shows_its_own_position_beside_the_landmarks(visit, tmp_path, paint):
    page = visit()
    near = paint(tmp_path / "near.jpg", "red", gps=(38, -122))
    page.set_input_files("#files", near)
    card = answered(page, "landmark")
    expect(card.locator(".coordinates")).to_have_text(
        ["38.0000° N, 122.0000° W", "37.8199° N, 122.4786° W"]
    )
    expect(card.locator("dt")).to_have_text(["The photo's own GPS", "Golden Gate Bridge"])
    expect(card.locator(".apart")).to_have_text("47 km apart: outside of its 3 km")
    expect(card.locator(".mark")).to_have_count(2)
    # Unknown, and yet the photo tells where it is.
    page.set_input_files("#files", paint(tmp_path / "grey.jpg", "grey", gps=(38, -122)))
    card = answered(page, "unknown")
    expect(card.locator(".coordinates")).to_have_text("38.0000° N, 122.0000° W")
    expect(card.locator(".mark")).to_have_count(1)


def test_a_heic_that_the_browser_cannot_show_gets_a_preview(visit):
    page = visit()
    page.set_input_files("#files", HEIC)
    expect(page.locator(".card:not([data-state=waiting]):not([data-state=trouble])")).to_have_count(
        1
    )
    # By its text each time: the page may put another element in the place of the first.
    page.wait_for_function(
        "text => { const image = document.querySelector(`img[alt='${text}']`);"
        " return image?.complete && image.naturalWidth > 0; }",
        arg="Your photo orientation_1.heic",
    )


def test_the_heat_lies_over_the_photo_on_demand(visit, shots):
    page = visit()
    page.set_input_files("#files", shots["red"])
    card = answered(page, "landmark")
    toggle = card.get_by_role("button", name="Show where")
    heat = card.get_by_alt_text("Bright where the photo speaks for Golden Gate Bridge")
    expect(heat).to_have_count(0)
    toggle.click()
    expect(toggle).to_have_attribute("aria-pressed", "true")
    expect(heat).to_be_visible()
    photo, layer = (
        card.get_by_alt_text(words).evaluate("e => e.naturalWidth / e.naturalHeight")
        for words in ("Your photo red.jpg", "Bright where the photo speaks for Golden Gate Bridge")
    )
    assert photo == pytest.approx(layer, rel=0.01)
    toggle.click()
    expect(heat).to_have_count(0)
    expect(toggle).to_have_attribute("aria-pressed", "false")


def test_a_server_that_is_gone_is_said_so_and_asked_again_on_demand(visit, shots):
    page = visit()
    page.route("**/api/recognize", lambda route: route.abort("connectionrefused"))
    page.set_input_files("#files", shots["red"])
    card = answered(page, "trouble")
    expect(heading(card)).to_have_text("whereshot doesn't answer")
    page.unroute("**/api/recognize")
    card.get_by_role("button", name="Try again").click()
    answered(page, "landmark")


def test_a_busy_server_is_asked_again_without_a_word(visit, shots):
    page = visit()
    busy = {"error": {"type": "EngineBusy", "message": "64 photos wait here already."}}
    page.route("**/api/recognize", lambda route: route.fulfill(status=503, json=busy), times=2)
    page.set_input_files("#files", [shots["red"], shots["grey"]])
    answered(page, "landmark")
    answered(page, "unknown")


# -- ways in -------------------------------------------------------------------------------


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


def test_a_phone_may_take_a_photo(visit, shots):
    page = visit(viewport=PHONE, is_mobile=True, has_touch=True)
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Take a photo").click()
    assert chooser.value.element.get_attribute("capture") == "environment"
    chooser.value.set_files(shots["red"])
    answered(page, "landmark")


def test_a_desktop_has_no_button_for_a_camera(visit):
    expect(visit().get_by_role("button", name="Take a photo")).to_be_hidden()


def test_the_keyboard_alone_gets_to_an_answer_and_back(visit, shots):
    page = visit()
    page.on("filechooser", lambda chooser: None)  # Chromium takes a moment to agree to be watched
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.locator("#choose")).to_be_focused()
    assert page.locator("#choose").evaluate("e => getComputedStyle(e).outlineStyle") == "solid"
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Enter")
    chooser.value.set_files(shots["red"])
    answered(page, "landmark")
    names = []
    for _ in range(7):
        page.keyboard.press("Tab")
        names.append(
            page.evaluate("document.activeElement.ariaLabel ?? document.activeElement.innerText")
        )
    assert names == [
        "Put away red.jpg",
        "Show where",
        "That's wrong",
        "Copy coordinates",
        "OpenStreetMap",
        "Zoom in",
        "Zoom out",
    ]
    page.get_by_role("button", name="Put away red.jpg").press("Enter")
    expect(page.locator(".card")).to_have_count(0)
    expect(page.locator("#choose")).to_be_focused()


# -- places --------------------------------------------------------------------------------


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


# -- looks ---------------------------------------------------------------------------------


def test_light_and_dark_follow_the_system_until_a_person_chooses(visit):
    page = visit(color_scheme="light")
    paper = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(paper)
    page.get_by_role("button", name="Dark colors").click()
    dark = page.evaluate(paper)
    assert dark != light
    page.reload()
    assert page.evaluate(paper) == dark, "the choice is kept"
    page.get_by_role("button", name="Light colors").click()
    page.emulate_media(color_scheme="dark")
    expect(page.get_by_role("button", name="Light colors")).to_be_visible()
    assert page.evaluate(paper) == dark, "who chose what the system had follows it again"


@pytest.mark.parametrize(
    ("scheme", "viewport"),
    [("dark", PHONE), ("light", {"width": 360, "height": 640}), ("light", DESKTOP)],
    ids=["dark-phone", "light-small-phone", "light-desktop"],
)
def test_the_page_is_accessible_and_fits_the_screen(visit, shots, tmp_path, scheme, viewport):
    page = visit(color_scheme=scheme, viewport=viewport)
    assert_accessible(page)
    broken = tmp_path / "a-name-that-is-rather-long-for-a-phone-and-goes-on-and-on-and-on.jpg"
    broken.write_bytes(b"broken")
    page.set_input_files("#files", [shots["red"], shots["grey"], broken])
    for state in ("landmark", "unknown", "trouble"):
        answered(page, state)
    expect(page.locator(".map .globe")).to_be_visible()
    page.get_by_role("button", name="Show where").first.click()
    expect(page.locator(".heat")).to_be_visible()
    assert_accessible(page)
    assert fits_the_screen(page)
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (dark == "rgb(16, 21, 26)") == (scheme == "dark")
