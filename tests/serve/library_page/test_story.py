"""A folder of 300 photos, from the first look to sidecars and back, as a person does it."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from photo_folders import folder_of_photos
from plug import tree_of

playwright_api = pytest.importorskip("playwright.sync_api")
expect = playwright_api.expect


def chip(page: Any, name: str) -> Any:
    return page.locator("#filters .chip", has_text=re.compile(f"^{name}"))


def number_of(locator: Any) -> int:
    return int(re.sub(r"\D", "", locator.inner_text()))


@pytest.mark.slow
def test_300_photos_are_indexed_reviewed_written_and_taken_back(
    visit, library_at, tmp_path, exiftool
):
    folder = folder_of_photos(tmp_path / "Pictures")
    before = tree_of(folder)
    page = visit(library_at(folder))

    index_the_folder(page)
    filter_and_group(page)
    accepted = review_by_keyboard(page)
    write_what_is_accepted(page, accepted)

    sidecars = sorted(folder.rglob("*.xmp"))
    assert len(sidecars) == accepted
    assert {path: tree for path, tree in tree_of(folder).items() if path in before} == before
    tags = read_back(exiftool, sidecars)
    assert {each["LocationShownCountryName"] for each in tags} <= {
        "United States",
        "Peru",
        "Canada",
    }
    assert all(each["Subject"] for each in tags)

    take_it_back(page, accepted)
    assert tree_of(folder) == before


def index_the_folder(page: Any) -> None:
    expect(page.get_by_role("heading", name="Find the places of your photos")).to_be_visible()
    page.get_by_role("button", name="Index Pictures").click()
    expect(page.locator("#ended")).to_contain_text("302 photos found: 300 recognized")
    expect(page.locator("#ended")).to_contain_text("2 that can't be read")
    expect(page.locator("#summary")).to_contain_text("302 photos")
    expect(page.locator(".tile img[data-state=there]").first).to_be_visible()
    page.locator("#ended").get_by_role("button", name="Close").click()


def filter_and_group(page: Any) -> None:
    for name in ("Certain", "Unknown", "No GPS", "Contradiction", "Unreadable"):
        wanted = number_of(chip(page, name))
        chip(page, name).locator("input").check()
        expect(page.locator("#status")).to_have_text(re.compile(rf"^{wanted} photos? in "))
    assert number_of(chip(page, "Contradiction")) == 1
    chip(page, "All").locator("input").check()
    page.get_by_label("Group by").select_option("landmark")
    expect(page.get_by_role("heading", name="Golden Gate Bridge", level=2)).to_be_visible()
    box = page.get_by_role("combobox", name="Only one landmark")
    box.fill("machu")
    page.get_by_role("option", name=re.compile("Machu Picchu")).wait_for()
    box.press("Enter")
    expect(page.locator(".chosen-one")).to_have_text("Machu Picchu")
    page.locator(".chosen-one").click()
    expect(page.locator(".chosen-one")).to_have_count(0)


def review_by_keyboard(page: Any) -> int:
    """Decide about some suggestions, one by one and many at once; gives how many are accepted."""
    page.get_by_role("link", name=re.compile("^Review")).click()
    waiting = page.locator("#queue-suggested")
    heading = page.locator(".review-words h2")
    expect(heading).to_be_visible()
    total = number_of(waiting)
    page.keyboard.press("a")
    expect(waiting).to_have_text(str(total - 1))
    page.keyboard.press("r")
    expect(waiting).to_have_text(str(total - 2))
    expect(page.locator(".neighbour.accepted, .neighbour.rejected")).to_have_count(2)
    page.keyboard.press("z")  # what was rejected waits again
    expect(waiting).to_have_text(str(total - 1))
    page.keyboard.press("s")
    page.keyboard.press("c")
    page.keyboard.type("niag")
    page.get_by_role("option", name=re.compile("Niagara Falls")).wait_for()
    page.keyboard.press("Enter")
    expect(waiting).to_have_text(str(total - 2))
    expect(page.locator("#status")).to_have_text("Accepted: Niagara Falls.")
    page.keyboard.press("Backspace")
    expect(waiting).to_have_text(str(total - 3))

    page.get_by_role("button", name="Accept many…").click()
    page.get_by_label(re.compile("^Certainty, at least")).fill("60")
    accept = page.get_by_role("button", name=re.compile(r"^Accept \d+ photos$"))
    many = number_of(accept)
    assert many > 20
    accept.click()
    expect(waiting).to_have_text(str(total - 3 - many))
    return 2 + many


def write_what_is_accepted(page: Any, accepted: int) -> None:
    page.get_by_role("button", name=f"Write {accepted} sidecars…").click()
    dialog = page.get_by_role("dialog", name="What would be written")
    expect(dialog.locator("#write-words")).to_have_text(
        f"{accepted} new sidecars, 1 photo left alone"  # the rejected one
    )
    dialog.locator(".change summary").first.click()
    expect(dialog.locator(".difference").first).to_contain_text("LocationShown")
    dialog.get_by_role("button", name=f"Write {accepted} sidecars").click()
    expect(page.locator("#write-words")).to_have_text(
        f"{accepted} sidecars written. Your photos themselves are as they were."
    )
    page.keyboard.press("Escape")
    expect(page.locator("#write-open")).to_be_hidden()
    expect(chip_number(page, "written")).to_have_text(str(accepted))


def take_it_back(page: Any, accepted: int) -> None:
    page.get_by_role("link", name="History").click()
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#status")).to_have_text(
        f"{accepted} files taken back. Everything is as it was."
    )
    expect(page.locator(".run")).to_contain_text("Taken back")


def chip_number(page: Any, kind: str) -> Any:
    return page.locator(f"#filters .chip:has([value={kind}]) .number")


def read_back(exiftool: str, sidecars: list[Path]) -> list[dict[str, Any]]:
    names = ["-Subject", "-LocationShownCountryName"]
    command = [exiftool, "-json", *names, *map(str, sidecars)]
    done = subprocess.run(command, capture_output=True, check=True)
    return json.loads(done.stdout)
