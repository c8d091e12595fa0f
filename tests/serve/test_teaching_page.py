"""A person teaches and corrects, in a real browser with a real server and a real bundle."""

from __future__ import annotations

import shutil

import pytest
from photo_page import answered, assert_accessible, fits_the_screen, hand_over
from PIL import Image
from serving import serving
from watched import PATIENCE_MS, watched

import whereshot
from whereshot.serve.app import create_app

playwright_api = pytest.importorskip("playwright.sync_api")
expect = playwright_api.expect
expect.set_options(timeout=PATIENCE_MS)

PHONE = {"width": 390, "height": 844}


@pytest.fixture
def site(tiny_bundle):
    """A server of its own for each test: what one teaches, no other knows."""
    with serving(create_app(whereshot.load(tiny_bundle))) as url:
        yield url


@pytest.fixture
def visit(browser, site):
    with watched(browser, site) as pages:
        yield pages.open


@pytest.fixture
def purple(tmp_path):
    """Five photos of one place that the bundle takes for none of its own."""
    paths = [tmp_path / f"purple {number}.png" for number in range(5)]
    for number, path in enumerate(paths):
        Image.new("RGB", (64, 48), (150 + 8 * number, 0, 150 + 8 * number)).save(path)
    return paths


def open_lesson(page, photo):
    """The dialog, from the card of a photo that is unknown."""
    page.set_input_files("#files", photo)
    card = answered(page, "unknown")
    card.get_by_role("button", name="Teach me this landmark").click()
    return page.get_by_role("dialog", name="Teach me a landmark")


def add_photos(dialog, *paths):
    dialog.locator("input[type=file]").set_input_files(list(paths))


# -- teaching ------------------------------------------------------------------------------


def test_a_landmark_is_taught_by_a_click_on_the_map_and_recognized_at_once(visit, purple):
    page = visit()
    page.set_input_files("#files", purple[4])  # another photo of it waits on the page
    answered(page, "unknown")
    page.set_input_files("#files", purple[0])
    answered(page, "unknown", 2).get_by_role("button", name="Teach me this landmark").click()
    dialog = page.get_by_role("dialog", name="Teach me a landmark")
    expect(dialog.get_by_label("Name")).to_be_focused()
    page.keyboard.type("Purple Palace")
    expect(dialog.get_by_alt_text("purple 0.png")).to_be_visible()
    expect(dialog.locator("#teach-photos-hint")).to_have_text(
        "2 more, from other sides or on another day."
    )
    add_photos(dialog, *purple[1:4])
    expect(dialog.locator(".teach-photos img")).to_have_count(4)
    dialog.locator(".map-view").click(position={"x": 200, "y": 90})
    expect(dialog.locator("#teach-place-hint")).to_contain_text("Marked at")
    latitude = float(dialog.get_by_label("Latitude").input_value())
    assert 0 < latitude < 85
    dialog.get_by_role("button", name="Teach me", exact=True).click()
    learned = page.get_by_role("dialog", name="I learned Purple Palace")
    expect(learned.get_by_role("status")).to_contain_text("From 4 photos")
    learned.get_by_role("button", name="Done").click()
    answered(page, "landmark", 2)
    names = page.locator(".card h2").all_text_contents()
    assert names == ["Purple Palace"] * 2, "the other photo was asked again too"
    expect(page.locator("#about")).to_contain_text("4 landmarks")


def test_what_is_missing_is_said_at_its_field(visit, purple):
    page = visit()
    dialog = open_lesson(page, purple[0])
    send = dialog.get_by_role("button", name="Teach me", exact=True)
    send.click()
    expect(dialog.get_by_label("Name")).to_be_focused()
    expect(dialog.get_by_label("Name")).to_have_accessible_description("What is it called?")
    page.keyboard.type("Purple Palace")
    send.click()
    expect(dialog.get_by_label("Latitude")).to_be_focused()
    page.keyboard.type("51.929, -8.571")  # as other maps copy it
    page.keyboard.press("Tab")
    expect(dialog.get_by_label("Longitude")).to_have_value("-8.571")
    send.click()
    expect(dialog.get_by_role("button", name="Add photos")).to_be_focused()
    expect(dialog.locator("#teach-photos-hint")).to_have_class("field-hint field-error")
    dialog.get_by_label("Latitude").fill("north")
    send.click()
    expect(dialog.get_by_label("Latitude")).to_have_attribute("aria-invalid", "true")


def test_a_landmark_is_taught_by_keyboard_alone(visit, purple):
    page = visit()
    dialog = open_lesson(page, purple[0])
    add_photos(dialog, *purple[1:4])  # the file chooser is the system's
    page.keyboard.type("Purple Palace")
    focused = "document.activeElement.id || document.activeElement.className"
    while page.evaluate(focused) != "map-view":
        page.keyboard.press("Tab")
    page.keyboard.press("+")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")  # the middle of the map
    expect(dialog.locator("#teach-place-hint")).to_contain_text("Marked at")
    page.keyboard.press("Tab")
    while page.evaluate(focused) != "teach-longitude":
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # sends the form
    expect(page.get_by_role("dialog", name="I learned Purple Palace")).to_be_visible()
    page.keyboard.press("Escape")
    answered(page, "landmark")


def test_the_gazetteer_fills_in_what_it_knows_of_a_name(visit, purple):
    page = visit()
    dialog = open_lesson(page, purple[0])
    page.keyboard.type("eifel")
    dialog.get_by_role("option", name="Eiffel Tower Paris, France").click()
    expect(dialog.get_by_label("Name")).to_have_value("Eiffel Tower")
    expect(dialog.get_by_label("Latitude")).to_have_value("48.8584")
    expect(dialog.get_by_label("How large")).to_have_value("0.3")


def test_a_landmark_that_is_known_cannot_be_taught(visit, purple):
    page = visit()
    dialog = open_lesson(page, purple[0])
    page.keyboard.type("machu")
    expect(dialog.get_by_role("option", name="Machu Picchu")).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(dialog.locator("[role=option][aria-selected=true]")).to_contain_text("Machu Picchu")
    page.keyboard.press("Enter")
    expect(dialog.get_by_label("Name")).to_have_accessible_description(
        "I know Machu Picchu already. Correct my answer instead."
    )
    add_photos(dialog, *purple[1:4])
    dialog.get_by_role("button", name="Teach me", exact=True).click()
    expect(dialog.get_by_label("Name")).to_be_focused()


def test_odd_photos_are_shown_with_what_is_odd(visit, purple, tmp_path, paint):
    page = visit()
    dialog = open_lesson(page, purple[0])
    page.keyboard.type("Purple Palace")
    dialog.get_by_label("Latitude").fill("1")
    dialog.get_by_label("Longitude").fill("1")
    text = tmp_path / "list.png"
    text.write_text("no photo at all, but a list of things to buy")
    hand_over(page, "drop", *purple[1:3], paint(tmp_path / "red.jpg"), text, target=".teach-photos")
    expect(dialog.locator(".teach-photos img")).to_have_count(5)
    dialog.get_by_role("button", name="Teach me", exact=True).click()
    learned = page.get_by_role("dialog", name="I learned Purple Palace")
    notes = learned.locator(".notes li")
    expect(notes.filter(has_text="list.png")).to_contain_text("isn't a photo that I can read")
    expect(notes.filter(has_text="red.jpg")).to_contain_text(
        "looks like Golden Gate Bridge, which I know already"
    )
    assert_accessible(page)
    learned.get_by_role("button", name="Forget it again").click()
    expect(page.get_by_role("dialog", name="Purple Palace is forgotten")).to_be_visible()
    page.keyboard.press("Escape")
    answered(page, "unknown")
    expect(page.locator(".card")).to_have_count(1)  # the dropped photos went to the lesson only


def test_a_lesson_that_fails_says_why_and_keeps_what_was_given(visit, purple):
    page = visit()
    dialog = open_lesson(page, purple[0])
    page.keyboard.type("紫宮")
    dialog.get_by_label("Latitude").fill("1")
    dialog.get_by_label("Longitude").fill("1")
    add_photos(dialog, *purple[1:4])
    dialog.get_by_role("button", name="Teach me", exact=True).click()
    expect(dialog.get_by_role("alert")).to_contain_text("expected one in Latin letters")
    expect(dialog.locator(".teach-photos img")).to_have_count(4)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_dialogs_are_accessible_on_a_phone(visit, purple, scheme):
    page = visit(viewport=PHONE, color_scheme=scheme)
    open_lesson(page, purple[0])
    page.keyboard.type("tower")
    expect(page.get_by_role("option").first).to_be_visible()
    assert_accessible(page)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Close").click()
    page.get_by_role("button", name="It's on your list").click()
    page.keyboard.type("peru")
    expect(page.get_by_role("option", name="Machu Picchu")).to_be_visible()
    assert_accessible(page)
    assert fits_the_screen(page)


@pytest.mark.slow
def test_the_shipped_bundle_learns_a_landmark_of_three_photos(browser, photos, tmp_path):
    folder = photos / "udacity50_sample/landmark_images/test/30.Brooklyn_Bridge"
    shots = [shutil.copy(path, tmp_path) for path in sorted(folder.glob("*.jpg"))[:3]]
    if len(shots) < 3:
        pytest.skip(f"no photos of the Brooklyn Bridge in {folder}")
    with serving(create_app(whereshot.load())) as url, watched(browser, url) as pages:
        page = pages.open()
        dialog = open_lesson(page, shots[0])
        page.keyboard.type("brooklyn")
        dialog.get_by_role("option", name="Brooklyn Bridge").click()
        add_photos(dialog, *shots[1:])
        expect(dialog.locator(".teach-photos img")).to_have_count(3)
        dialog.get_by_role("button", name="Teach me", exact=True).click()
        page.get_by_role("dialog", name="I learned Brooklyn Bridge").wait_for()
        page.keyboard.press("Escape")
        card = answered(page, "landmark")
        expect(card.get_by_role("heading", level=2)).to_have_text("Brooklyn Bridge")


# -- correcting ----------------------------------------------------------------------------


def test_a_wrong_answer_is_corrected_kept_and_taken_back(visit, tmp_path, paint):
    red = paint(tmp_path / "red.jpg", "red", (320, 240))
    page = visit()
    page.set_input_files("#files", red)
    answered(page, "landmark").get_by_role("button", name="That's wrong").click()
    dialog = page.get_by_role("dialog", name="What does it show?")
    page.keyboard.type("pikchu")
    dialog.get_by_role("option", name="Machu Picchu").wait_for()
    page.keyboard.press("Enter")
    card = answered(page, "corrected")
    expect(card.get_by_role("heading", level=2)).to_have_text("Machu Picchu")
    expect(card.get_by_role("heading", level=2)).to_be_focused()
    expect(card.locator(".tag-warm")).to_have_text("You said")
    expect(card.locator(".explain")).to_contain_text("I would have said Golden Gate Bridge")
    expect(card.locator(".map-name-home")).to_have_text("Peru")
    assert_accessible(page)

    page.reload()
    page.set_input_files("#files", red)
    card = answered(page, "corrected")
    card.get_by_role("button", name="Take it back").click()
    card = answered(page, "landmark")
    expect(card.get_by_role("heading", level=2)).to_have_text("Golden Gate Bridge")

    page.reload()
    page.set_input_files("#files", red)
    answered(page, "landmark")


def test_a_person_may_say_that_no_landmark_is_in_the_photo(visit, tmp_path, paint):
    page = visit()
    page.set_input_files("#files", paint(tmp_path / "red.jpg", "red", (320, 240)))
    answered(page, "landmark").get_by_role("button", name="That's wrong").click()
    page.get_by_role("button", name="No landmark is in it").click()
    card = answered(page, "corrected")
    expect(card.get_by_role("heading", level=2)).to_have_text("No landmark")
    expect(card.locator(".map")).to_have_count(0)


def test_one_of_the_next_best_is_chosen_with_one_click(visit, tmp_path, paint):
    page = visit()
    page.set_input_files("#files", paint(tmp_path / "red.jpg", "red", (320, 240)))
    answered(page, "landmark").get_by_role("button", name="That's wrong").click()
    page.get_by_role("dialog").get_by_role("button", name="Niagara Falls").click()
    expect(answered(page, "corrected").get_by_role("heading", level=2)).to_have_text(
        "Niagara Falls"
    )


def test_a_correction_leads_to_teaching_where_the_landmark_is_not_known(visit, purple):
    page = visit()
    page.set_input_files("#files", purple[0])
    answered(page, "unknown").get_by_role("button", name="It's on your list").click()
    page.keyboard.type("eiffel tower")
    page.get_by_role("option", name="Eiffel Tower").click()
    card = answered(page, "corrected")
    expect(card.locator(".offer")).to_contain_text("I can't recognize this landmark yet")
    card.get_by_role("button", name="Teach me this landmark").click()
    dialog = page.get_by_role("dialog", name="Teach me a landmark")
    expect(dialog.get_by_label("Name")).to_have_value("Eiffel Tower")
    expect(dialog.get_by_label("Longitude")).to_have_value("2.2945")


def test_a_corrected_photo_becomes_an_example_of_what_was_taught(visit, purple, tmp_path, paint):
    page = visit()
    dialog = open_lesson(page, purple[0])
    page.keyboard.type("Purple Palace")
    dialog.get_by_label("Latitude").fill("1")
    dialog.get_by_label("Longitude").fill("1")
    add_photos(dialog, *purple[1:4])
    dialog.get_by_role("button", name="Teach me", exact=True).click()
    page.get_by_role("button", name="Done").click()
    answered(page, "landmark")
    page.set_input_files("#files", paint(tmp_path / "red.jpg", "red", (320, 240)))
    answered(page, "landmark", 2).get_by_role("button", name="That's wrong").click()
    page.keyboard.type("purple pal")
    page.get_by_role("option", name="Purple Palace").click()
    card = answered(page, "corrected")
    expect(card.locator(".offer")).to_contain_text("Shall I learn from this photo too?")
    with page.expect_response("**/api/enrolled") as response:
        card.get_by_role("button", name="Add it as an example").click()
    assert response.value.json()["photos"] == 5
    answered(page, "corrected")
