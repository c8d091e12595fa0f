"""The page of landmarks in a real browser: list, map, filters, what was taught."""

from __future__ import annotations

import io

import pytest
from photo_page import assert_accessible, fits_the_screen
from PIL import Image
from serving import serving
from watched import PATIENCE_MS, watched

import whereshot
from whereshot.gazetteer import load_gazetteer
from whereshot.serve.app import create_app

playwright_api = pytest.importorskip("playwright.sync_api")
expect = playwright_api.expect
expect.set_options(timeout=PATIENCE_MS)

PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1280, "height": 900}


@pytest.fixture
def recognizer(tiny_bundle):
    return whereshot.load(tiny_bundle)


@pytest.fixture
def visit(browser, recognizer):
    with serving(create_app(recognizer)) as site, watched(browser, site) as pages:
        yield lambda **options: pages.open("/landmarks", **options)


@pytest.fixture
def palace(recognizer):
    """A landmark that the bundle was taught."""

    def picture(shade):
        file = io.BytesIO()
        Image.new("RGB", (64, 48), (shade, 0, shade)).save(file, "PNG")
        return file.getvalue()

    photos = [picture(shade) for shade in (150, 160, 170)]
    return recognizer.enroll("Purple Palace", photos, 51.929, -8.571).landmark


def rows(page):
    return page.locator(".landmark-row")


def test_all_landmarks_are_listed_and_those_of_the_bundle_marked(visit):
    page = visit()
    expect(page).to_have_title("Landmarks · whereshot")
    expect(rows(page)).to_have_count(len(load_gazetteer()))  # the bundle's three are among them
    expect(page.locator("#count")).to_contain_text("I recognize 3 of them")
    expect(rows(page).filter(has_text="Machu Picchu").locator(".dot-known")).to_have_count(1)
    expect(rows(page).filter(has_text="Eiffel Tower").locator(".dot-listed")).to_have_count(1)


def test_words_and_filters_leave_what_fits(visit):
    page = visit()
    page.get_by_role("searchbox").fill("macchu pichu")
    expect(rows(page)).to_have_count(1)
    expect(rows(page)).to_contain_text("Machu Picchu")
    page.get_by_role("searchbox").fill("")
    page.get_by_label("Which").select_option("I recognize")
    expect(rows(page)).to_have_count(3)
    page.get_by_label("Kind").select_option("Natural")
    expect(rows(page)).to_have_count(1)
    page.get_by_label("Kind").select_option("Any kind")
    page.get_by_label("Country").select_option("Peru")
    expect(rows(page)).to_have_count(1)
    page.get_by_label("Which").select_option("You taught me")
    expect(rows(page)).to_have_count(0)
    expect(page.locator("#count")).to_have_text("None of them. I may learn it: teach me.")


def test_a_landmark_is_shown_in_full_from_the_list_by_keyboard(visit):
    page = visit()
    rows(page).filter(has_text="Machu Picchu").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    card = page.locator("#place")
    expect(card.get_by_role("heading", level=2)).to_have_text("Machu Picchu")
    expect(card.get_by_role("heading", level=2)).to_be_focused()
    expect(card).to_contain_text("13.1631° S, 72.5450° W within 2 km")
    expect(card.get_by_role("link", name="OpenStreetMap")).to_be_visible()
    expect(page.get_by_role("button", name="Machu Picchu", pressed=True)).to_have_count(1)
    card.get_by_role("button", name="Close").click()
    expect(card).to_be_hidden()


def test_a_click_on_a_dot_of_the_map_shows_its_landmark(visit):
    page = visit()
    page.get_by_label("Which").select_option("I recognize")
    expect(rows(page)).to_have_count(3)
    rows(page).filter(has_text="Niagara").click()  # comes to the middle of the map
    page.locator("#place").get_by_role("button", name="Close").click()
    pane = page.locator("#map .map-view")
    box = pane.bounding_box()
    pane.click(position={"x": box["width"] / 2, "y": box["height"] / 2})
    expect(page.locator("#place h2")).to_have_text("Niagara Falls")


def test_what_was_taught_is_shown_with_its_photos_and_forgotten_on_demand(visit, palace):
    page = visit()
    page.get_by_label("Which").select_option("You taught me")
    expect(rows(page)).to_have_count(1)
    rows(page).click()
    card = page.locator("#place")
    expect(card).to_contain_text("You taught me")
    photo = card.get_by_alt_text("Purple Palace, photo 2")
    page.wait_for_function("image => image.naturalWidth === 64", arg=photo.element_handle())
    card.get_by_role("button", name="Forget it").click()
    dialog = page.get_by_role("dialog", name="Forget Purple Palace?")
    expect(dialog.get_by_role("button", name="Keep it")).to_be_focused()
    page.keyboard.press("Enter")
    expect(dialog).to_have_count(0)
    card.get_by_role("button", name="Forget it").click()
    dialog.get_by_role("button", name="Forget it").click()
    expect(page.locator("#count")).to_contain_text("Purple Palace is forgotten.")
    expect(rows(page)).to_have_count(0)


def test_a_landmark_of_the_list_is_taught_from_here(visit, tmp_path):
    paths = [tmp_path / f"{number}.png" for number in range(3)]
    for number, path in enumerate(paths):
        Image.new("RGB", (64, 48), (150 + 8 * number, 0, 150 + 8 * number)).save(path)
    page = visit()
    rows(page).filter(has_text="Eiffel Tower").click()
    page.locator("#place").get_by_role("button", name="Teach me").click()
    dialog = page.get_by_role("dialog", name="Teach me a landmark")
    expect(dialog.get_by_label("Name")).to_have_value("Eiffel Tower")
    dialog.locator("input[type=file]").set_input_files(paths)
    dialog.get_by_role("button", name="Teach me", exact=True).click()
    page.get_by_role("button", name="Done").click()
    expect(page.locator("#count")).to_contain_text("I recognize 4 of them")
    expect(rows(page).filter(has_text="Eiffel Tower").locator(".dot-taught")).to_have_count(1)


@pytest.mark.parametrize(
    ("scheme", "viewport"), [("dark", PHONE), ("light", DESKTOP)], ids=["dark-phone", "light"]
)
def test_the_page_is_accessible_and_fits_the_screen(visit, palace, scheme, viewport):
    page = visit(color_scheme=scheme, viewport=viewport)
    rows(page).filter(has_text="Purple Palace").click()
    expect(page.locator("#place h2")).to_be_visible()
    assert_accessible(page)
    assert fits_the_screen(page)
