"""The grid of photos: keys, screen readers, and any number of photos."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from catalog_rows import answer
from made_photos import saved, scene

from whereshot.library.catalog import Catalog, CatalogPhoto
from whereshot.records import Location

playwright_api = pytest.importorskip("playwright.sync_api")
expect = playwright_api.expect

START = datetime.fromisoformat("2015-01-01T08:00")
MANY = 100_000
SCROLL = """async () => {
  const long = [];
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) long.push(Math.round(entry.duration));
  }).observe({ type: "longtask" });
  const height = document.documentElement.scrollHeight;
  let [elements, tiles] = [0, 0];
  for (let step = 0; step <= 120; step += 1) {
    scrollTo(0, step < 60 ? step * 400 : (height * (step - 60)) / 60);
    await new Promise(requestAnimationFrame);
    elements = Math.max(elements, document.querySelectorAll("*").length);
    tiles = Math.max(tiles, document.querySelectorAll(".tile").length);
  }
  return { height, elements, tiles, long };
}"""


@pytest.fixture
def made_library(tmp_path: Path) -> Callable[[int], tuple[Path, Path]]:
    """A folder and a catalog that knows so many photos of it, 40 a day; one has a file."""

    def make(count: int) -> tuple[Path, Path]:
        folder, catalog = tmp_path / "Pictures", tmp_path / "many.sqlite"
        saved(scene(1), folder / "000000.jpg")
        with Catalog(catalog) as rows:
            rows.put(photos(folder, count))
        return folder, catalog

    return make


def photos(folder: Path, count: int) -> Iterator[CatalogPhoto]:
    gps = Location(-13.16, -72.54, 0.02, "exif")
    known, unknown = answer("machu_picchu"), answer("machu_picchu", 0.2, verdict="unknown")
    for number in range(count):
        yield CatalogPhoto(
            path=folder / f"{number:06}.jpg",
            size=1000,
            mtime_ns=1_700_000_000_000_000_000,
            content_hash=f"{number:032x}",
            taken_at=START + timedelta(days=number // 40, minutes=number % 40),
            own_location=gps if number % 3 == 0 else None,
            recognition=unknown if number % 4 else known,
        )


def focused(page: Any) -> int:
    return page.evaluate("Number(document.activeElement.dataset.number)")


def test_keys_go_from_photo_to_photo_and_open_one(visit, library_at, made_library):
    folder, catalog = made_library(1000)
    page = visit(library_at(folder, catalog=catalog))
    grid = page.get_by_role("grid", name="Photos")
    page.locator('.tile[data-number="0"]').focus()
    columns = int(grid.get_attribute("aria-colcount"))

    for key, number in [
        ("ArrowRight", 1),
        ("ArrowDown", 1 + columns),
        ("ArrowLeft", columns),
        ("ArrowUp", 0),
        ("ArrowLeft", 0),
        ("End", 999),
        ("ArrowRight", 999),
        ("Home", 0),
    ]:
        page.keyboard.press(key)
        expect(page.locator(":focus")).to_have_attribute("data-number", str(number))
    page.keyboard.press("PageDown")
    assert focused(page) >= 2 * columns
    expect(page.locator(":focus")).to_be_in_viewport()
    page.keyboard.press("PageUp")
    assert focused(page) == 0
    assert page.locator('.tile[tabindex="0"]').count() == 1

    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_have_attribute("aria-label", re.compile(r"\d{6}\.jpg"))
    first = dialog.get_attribute("aria-label")
    page.keyboard.press("ArrowRight")
    expect(dialog).not_to_have_attribute("aria-label", first)
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    assert focused(page) == 1


def test_a_screen_reader_hears_what_is_in_a_photo_and_how_long_the_grid_is(
    visit, library_at, made_library
):
    folder, catalog = made_library(1000)
    page = visit(library_at(folder, catalog=catalog))
    page.get_by_label("Group by").select_option("day")
    cell = page.get_by_role("gridcell", name=re.compile("^000960.jpg, Machu Picchu, .*sure"))
    expect(cell).to_have_count(1)
    grid = page.get_by_role("grid")
    columns = int(grid.get_attribute("aria-colcount"))
    days, rows_a_day = 25, -(-40 // columns)
    assert int(grid.get_attribute("aria-rowcount")) == days * (1 + rows_a_day)
    expect(page.get_by_role("rowheader").first).to_contain_text("40 photos")


def test_the_focus_survives_a_scroll_to_where_its_photo_is_not_seen(
    visit, library_at, made_library
):
    folder, catalog = made_library(1000)
    page = visit(library_at(folder, catalog=catalog))
    page.locator('.tile[data-number="0"]').focus()
    page.evaluate("scrollTo(0, 4000)")
    expect(page.locator('.tile[data-number="150"]')).to_have_count(1)
    assert focused(page) == 0
    page.keyboard.press("ArrowRight")
    expect(page.locator(":focus")).to_be_in_viewport()
    assert focused(page) == 1


@pytest.mark.slow
def test_100_000_photos_scroll_with_a_bounded_number_of_elements(
    visit, library_at, made_library, capsys
):
    folder, catalog = made_library(MANY)
    page = visit(library_at(folder, catalog=catalog))
    expect(page.locator("#summary")).to_contain_text("100,000 photos")
    expect(page.locator(".tile .tile-name").first).to_be_attached()
    found = page.evaluate(SCROLL)
    with capsys.disabled():
        print(  # noqa: T201 - figures to look at, not to fail on
            f"\n{found['elements']} elements at most, long tasks of {found['long']} ms"
        )
    assert found["height"] > 1_000_000
    assert 10 < found["tiles"] < 200
    assert found["elements"] < 2000
    expect(page.get_by_role("heading", name=re.compile("1 January 2015"), level=2)).to_be_visible()
    expect(page.get_by_role("gridcell", name=re.compile(r"^00000\d\.jpg")).first).to_be_visible()
