"""The map in a real browser: what a person sees and does, and that nobody else is asked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from library_photos import catalog_photo

from whereshot.library.catalog import CatalogPhoto
from whereshot.library.map.data import map_data
from whereshot.library.map.page import render_map
from whereshot.library.places import PlaceFinder

playwright_api = pytest.importorskip("playwright.sync_api")
expect = playwright_api.expect
PATIENCE_MS = 120_000  # a busy machine is no failure
expect.set_options(timeout=PATIENCE_MS)

LAND_SHARE = """() => {
  const canvas = document.getElementById("land");
  const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  let land = 0;
  for (let at = 0; at < pixels.length; at += 4) {  // #f7f4ea
    if (pixels[at] === 0xf7 && pixels[at + 1] === 0xf4 && pixels[at + 2] === 0xea) land += 4;
  }
  return land / pixels.length;
}"""
PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1280, "height": 900}


@pytest.fixture
def photos(tmp_path: Path, paint: Callable[..., Path]) -> list[CatalogPhoto]:
    """Six photos of the Taj Mahal in one March, three of Paris in years, and one of nowhere."""
    agra = [
        catalog_photo(
            paint(tmp_path / f"photos/taj {n}.jpg", "red"),
            landmark="taj_mahal",
            probability=0.7 + 0.05 * n,
            taken=f"2024-03-0{n + 1}T10:00",
        )
        for n in range(6)
    ]
    paris = [
        catalog_photo(
            paint(tmp_path / f"photos/paris {n}.jpg", "blue"),
            gps=(48.85 + n / 100, 2.33),
            taken=f"201{n}-06-01T12:00",
        )
        for n in range(3)
    ]
    nowhere = catalog_photo(paint(tmp_path / "photos/nowhere.jpg", "grey"))
    hostile = catalog_photo(
        paint(tmp_path / "photos/<img src=x onerror=alert(1)>#?%2e.jpg", "green"),
        gps=(-33.857, 151.215),
    )
    return [*agra, *paris, nowhere, hostile]


@pytest.fixture
def visit(browser: Any, tmp_path: Path, photos: list[CatalogPhoto]) -> Any:
    """Open the map as some device; afterwards, check that it was quiet and asked nobody."""
    page_file = tmp_path / "map.html"
    places = PlaceFinder().places(photos)
    data = map_data(photos, places, tmp_path, thumbnails=20)
    page_file.write_text(render_map("My <photos>", data), encoding="utf-8")
    contexts: list[Any] = []
    asked: list[str] = []
    complaints: list[str] = []

    def open_page(**options: Any) -> Any:
        context = browser.new_context(locale="en", reduced_motion="reduce", **options)
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "request",
            lambda request: (
                asked.append(request.url)
                if not request.url.startswith(("data:", page_file.as_uri()))
                else None
            ),
        )
        page.goto(page_file.as_uri())
        expect(page.locator(".marker").first).to_be_visible(timeout=PATIENCE_MS)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert asked == []
    assert complaints == []


def marker(page: Any, name: str) -> Any:
    return page.get_by_role("button", name=name, exact=True)


def test_groups_stand_where_their_photos_were_taken(visit: Any) -> None:
    page = visit(viewport=DESKTOP)

    expect(page).to_have_title("My <photos>")
    expect(page.get_by_role("heading", level=1)).to_have_text("My <photos>")
    expect(page.get_by_role("status")).to_have_text("10 photos · 1 more have no place")
    boxes = {
        name: marker(page, name).bounding_box()
        for name in ("6 photos, Taj Mahal", "3 photos, Paris", "1 photo, Sydney Opera House")
    }
    assert boxes["3 photos, Paris"]["x"] < boxes["6 photos, Taj Mahal"]["x"]
    assert boxes["6 photos, Taj Mahal"]["x"] < boxes["1 photo, Sydney Opera House"]["x"]
    assert boxes["3 photos, Paris"]["y"] < boxes["6 photos, Taj Mahal"]["y"]
    # The land is drawn: the canvas has more than water on it.
    colors = page.evaluate(
        """() => {
          const canvas = document.getElementById("land");
          const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          return new Set(new Uint32Array(pixels.data.buffer)).size;
        }"""
    )
    assert colors > 10


def test_a_click_shows_the_photos_of_a_group_with_what_is_known_of_them(visit: Any) -> None:
    page = visit(viewport=DESKTOP)
    marker(page, "6 photos, Taj Mahal").click()
    panel = page.locator("#panel")

    expect(panel.get_by_role("heading")).to_have_text("Taj Mahal")
    expect(panel.locator(".panel-head p")).to_have_text("6 photos · Agra, India")
    expect(panel.locator("li")).to_have_count(6)
    first = panel.locator("li").first
    expect(first.locator("img")).to_be_visible()
    assert first.locator("img").evaluate("image => image.decode().then(() => image.naturalWidth)")
    expect(first).to_contain_text("1 Mar 2024, 10:00")
    expect(first).to_contain_text("Recognized, 70% sure")
    expect(first).to_contain_text("27.1751° N, 78.0421° E")
    expect(first.get_by_role("link")).to_have_attribute("href", "./photos/taj%200.jpg")
    expect(first.get_by_role("link")).to_have_attribute("rel", "noopener noreferrer")
    page.get_by_role("button", name="Close").click()
    expect(panel).to_be_hidden()


def test_a_hostile_file_name_is_text_and_its_link_leads_to_the_file(visit: Any) -> None:
    page = visit(viewport=DESKTOP)
    marker(page, "1 photo, Sydney Opera House").click()
    link = page.locator("#panel li a")

    expect(link).to_contain_text("<img src=x onerror=alert(1)>#?%2e.jpg")
    assert link.evaluate("link => decodeURIComponent(new URL(link.href).pathname)").endswith(
        "/photos/<img src=x onerror=alert(1)>#?%2e.jpg"
    )


def test_filters_leave_what_they_say(visit: Any) -> None:
    page = visit(viewport=DESKTOP)
    status = page.get_by_role("status")
    page.locator("#place").select_option("Taj Mahal (6)")
    expect(status).to_have_text("6 of 10 photos · 1 more have no place")
    expect(page.locator(".marker")).to_have_count(1)
    page.get_by_label("Certainty").fill("85")
    expect(status).to_have_text("3 of 10 photos · 1 more have no place")
    page.locator("#place").select_option("Everywhere")
    expect(status).to_have_text("7 of 10 photos · 1 more have no place")  # GPS is always certain
    page.get_by_label("The photo's own GPS (4)").uncheck()
    expect(status).to_have_text("3 of 10 photos · 1 more have no place")


def test_the_timeline_chooses_a_span_by_slider_and_by_drag(visit: Any) -> None:
    page = visit(viewport=DESKTOP)
    status = page.get_by_role("status")
    words = page.locator(".timeline-words")
    expect(words).to_have_text("Apr 2010 \N{EN DASH} Mar 2024")
    first = page.get_by_label("First date")
    first.focus()
    for _ in range(3):
        page.keyboard.press("End")  # no further than one step before the last date
    expect(status).to_have_text("6 of 10 photos · 1 more have no place")
    expect(words).to_have_text("Jan 2024 \N{EN DASH} Mar 2024")
    expect(first).to_have_attribute("aria-valuetext", "Jan 2024")
    page.get_by_role("button", name="All dates").click()
    expect(status).to_have_text("10 photos · 1 more have no place")

    bars = page.locator(".bars").bounding_box()
    y = bars["y"] + bars["height"] / 2
    page.mouse.move(bars["x"] + 2, y)
    page.mouse.down()
    page.mouse.move(bars["x"] + bars["width"] * 0.3, y, steps=4)
    page.mouse.up()
    expect(status).to_have_text("3 of 10 photos · 1 more have no place")


def test_the_keyboard_alone_moves_zooms_opens_and_closes(visit: Any) -> None:
    page = visit(viewport=DESKTOP)
    page.keyboard.press("Tab")
    expect(page.locator("#map")).to_be_focused()
    scale = page.locator("#scale span")
    before = scale.text_content()
    for _ in range(4):
        page.keyboard.press("+")
    expect(scale).not_to_have_text(str(before))
    page.keyboard.press("0")
    expect(scale).to_have_text(str(before))
    x = marker(page, "3 photos, Paris").bounding_box()["x"]
    page.keyboard.press("ArrowLeft")
    page.wait_for_function(
        "x => document.querySelector('[aria-label=\"3 photos, Paris\"]')"
        ".getBoundingClientRect().x > x + 100",
        arg=x,
    )
    page.keyboard.press("0")
    page.keyboard.press("Tab")  # the largest group first
    expect(marker(page, "6 photos, Taj Mahal")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#panel-title")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#panel")).to_be_hidden()
    expect(marker(page, "6 photos, Taj Mahal")).to_be_focused()


def test_a_drag_moves_the_map_and_is_no_click(visit: Any) -> None:
    page = visit(viewport=DESKTOP)
    paris = marker(page, "3 photos, Paris")
    box = paris.bounding_box()
    page.mouse.move(box["x"] + 28, box["y"] + 28)
    page.mouse.down()
    page.mouse.move(box["x"] + 128, box["y"] + 58, steps=5)
    page.mouse.up()
    expect(page.locator("#panel")).to_be_hidden()
    moved = paris.bounding_box()
    assert abs(moved["x"] - box["x"] - 100) < 3
    assert abs(moved["y"] - box["y"] - 30) < 3


def test_the_wheel_zooms_around_the_pointer_and_a_button_to_a_group(visit: Any) -> None:
    page = visit(viewport=DESKTOP)
    paris = marker(page, "3 photos, Paris")
    before = paris.bounding_box()
    scale = page.locator("#scale span").text_content()
    page.mouse.move(before["x"] + 28, before["y"] + 28)
    page.mouse.wheel(0, -240)
    expect(page.locator("#scale span")).not_to_have_text(str(scale))
    after = paris.bounding_box()
    assert abs(after["x"] - before["x"]) < 4
    assert abs(after["y"] - before["y"]) < 4

    paris.press("Enter")
    page.get_by_role("button", name="Zoom to these").click()
    expect(marker(page, "1 photo, Paris")).to_have_count(3)


@pytest.mark.parametrize(
    ("scheme", "viewport"),
    [("dark", PHONE), ("light", DESKTOP)],
    ids=["dark-phone", "light-desktop"],
)
def test_the_map_is_accessible_and_fits_the_screen(
    visit: Any, scheme: str, viewport: dict[str, int]
) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    page = visit(color_scheme=scheme, viewport=viewport)

    def check() -> None:
        found = axe.run(page).response["violations"]
        assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found] == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    if viewport is PHONE:
        page.get_by_text("Filter", exact=True).click()
    check()
    if viewport is PHONE:
        page.get_by_text("Filter", exact=True).click()
    page.locator(".marker").first.press("Enter")
    expect(page.locator("#panel li").first).to_be_visible()
    check()
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (dark == "rgb(16, 21, 26)") == (scheme == "dark")


def test_photos_on_both_sides_of_the_date_line_are_seen_together(
    browser: Any, tmp_path: Path
) -> None:
    photos = [
        catalog_photo(f"/p/{n}.jpg", gps=(-17.0, longitude))
        for n, longitude in enumerate((178.0, -178.0))
    ]
    places = PlaceFinder().places(photos)
    target = tmp_path / "map.html"
    data = map_data(photos, places, tmp_path, thumbnails=0)
    target.write_text(render_map("Fiji", data), encoding="utf-8")
    page = browser.new_page(viewport=DESKTOP)
    page.set_default_timeout(PATIENCE_MS)
    page.goto(target.as_uri())
    expect(page.locator(".marker")).to_have_count(2, timeout=PATIENCE_MS)
    xs = [page.locator(".marker").nth(n).bounding_box()["x"] for n in range(2)]
    page.close()

    assert 100 < abs(xs[0] - xs[1]) < 1280


def test_an_outline_that_crosses_the_date_line_draws_no_band_around_the_world(
    browser: Any, tmp_path: Path
) -> None:
    # The open Atlantic, at the latitude of Fiji.
    photos = [catalog_photo(f"/p/{x}.jpg", gps=(-17.0, x)) for x in (-25.0, -15.0)]
    places = PlaceFinder().places(photos)
    target = tmp_path / "map.html"
    data = map_data(photos, places, tmp_path, thumbnails=0)
    target.write_text(render_map("Sea", data), encoding="utf-8")
    page = browser.new_page(viewport=DESKTOP, color_scheme="light")
    page.set_default_timeout(PATIENCE_MS)
    page.goto(target.as_uri())
    expect(page.locator(".marker")).to_have_count(2)
    land = page.evaluate(LAND_SHARE)
    page.close()

    assert land == 0


def test_a_map_of_no_photos_says_so(browser: Any, tmp_path: Path) -> None:
    target = tmp_path / "map.html"
    data = map_data([catalog_photo("/p/a.jpg")], {}, tmp_path, thumbnails=0)
    target.write_text(render_map("Nothing", data), encoding="utf-8")
    page = browser.new_page(viewport=DESKTOP)
    page.set_default_timeout(PATIENCE_MS)
    page.goto(target.as_uri())

    expect(page.get_by_role("status")).to_have_text("0 photos · 1 more have no place")
    page.close()
