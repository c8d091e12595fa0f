"""The report: whole, safe with any name, and independent of everything around it."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import io
import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from whereshot.learn.evaluate import evaluate
from whereshot.learn.evaluation import Evaluation
from whereshot.learn.report.markup import element, join
from whereshot.learn.report.page import render_report, write_report
from whereshot.learn.subject import Subject, load_subject

Paint = Callable[..., Path]

VOID = {"br", "hr", "img", "meta", "link"}


@pytest.fixture
def subject(tiny_bundle: Path) -> Subject:
    return load_subject(tiny_bundle)


@pytest.fixture
def found(subject: Subject, tmp_path: Path, paint: Paint) -> Evaluation:
    """An evaluation with everything in it: mistakes, photos left out, false landmarks."""
    photos, unknown = tmp_path / "photos", tmp_path / "unknown"
    for number in range(3):
        paint(photos / "Golden_Gate_Bridge" / f"{number}.png", "red", size=(640, 480))
    paint(photos / "Niagara_Falls" / "right.png", "blue")
    paint(photos / "Niagara_Falls" / "odd.png", "green", size=(640, 480))
    paint(photos / "My_Garden" / "a.png")
    (photos / "Niagara_Falls" / "damaged.png").write_bytes(b"")
    paint(unknown / "grey.png", "grey")
    paint(unknown / "red.png", "red")
    return evaluate(subject, photos, unknown=unknown, command="whereshot evaluate tiny photos")


class Page(HTMLParser):
    """A page taken apart: that it is well-formed is checked on the way."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(page)
        self.close()
        assert not self.open, f"not closed: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({name for name, _ in attrs}) == len(attrs), f"twice in <{tag}>: {attrs}"
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not {"style", "script"} & set(self.open):
            self.words.append(data)

    def images(self) -> list[Image.Image]:
        """The photos in the page."""
        sources = [attributes["src"] or "" for tag, attributes in self.tags if tag == "img"]
        prefix = "data:image/jpeg;base64,"
        assert all(source.startswith(prefix) for source in sources)
        data = (base64.b64decode(source.removeprefix(prefix)) for source in sources)
        return [Image.open(io.BytesIO(each)) for each in data]


def test_the_page_is_well_formed_and_has_the_figures(found):
    words = " ".join(Page(render_report(found)).words)

    for expected in (
        "tiny@1",
        "80.0 %",  # top-1
        "Golden Gate Bridge",
        "taken for Machu Picchu",
        "1 photo of 1 landmark that the network does not know",
        "1 photo that can't be read",
        "AUROC",
        "The confusion matrix",
        found.data.fingerprint,
        "whereshot evaluate tiny photos",
    ):
        assert expected in words


def test_mistakes_and_false_landmarks_are_shown_as_small_photos(found):
    mistake, false_landmark = Page(render_report(found)).images()

    assert max(mistake.size) <= 480
    assert min(mistake.size) == 240
    red, green, blue = mistake.convert("RGB").getpixel((100, 100))
    assert green > 200 > 100 > max(red, blue)
    assert false_landmark.convert("RGB").getpixel((10, 10))[0] > 200


def test_without_photos_the_report_has_none_but_still_names_the_mistakes(found):
    page = Page(render_report(found, photos=False))

    assert page.images() == []
    assert "Niagara_Falls/odd.png" in page.words


def test_a_photo_that_is_gone_by_now_is_no_error(found, tmp_path):
    (tmp_path / "photos" / "Niagara_Falls" / "odd.png").unlink()

    page = Page(render_report(found))

    assert len(page.images()) == 1
    assert "This photo can't be read any more." in page.words


NASTY = "<img src=x onerror=alert(1)>\"'&$title{}"


def _with_names(record: Any) -> Any:
    """The record with a nasty name in the place of every text."""
    if dataclasses.is_dataclass(record) and not isinstance(record, type):
        values = {
            field.name: _with_names(getattr(record, field.name))
            for field in dataclasses.fields(record)
        }
        return dataclasses.replace(record, **values)
    if isinstance(record, dict):
        return {key: _with_names(value) for key, value in record.items()}
    if isinstance(record, tuple):
        return tuple(_with_names(value) for value in record)
    return NASTY if isinstance(record, str) else record


def test_no_name_becomes_markup(found):
    plain, nasty = Page(render_report(found, photos=False)), _with_names(found)

    page = Page(render_report(nasty, photos=False))

    assert [tag for tag, _ in page.tags] == [tag for tag, _ in plain.tags]
    assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)
    assert NASTY in page.words


def test_names_that_are_not_utf_8_can_be_written(found, tmp_path):
    odd = dataclasses.replace(found.mistakes[0], photo="caf\udce9.jpg")

    write_report(dataclasses.replace(found, mistakes=(odd,)), tmp_path / "r.html", photos=False)

    assert "caf?.jpg" in (tmp_path / "r.html").read_text(encoding="utf-8")


def test_the_page_forbids_itself_the_network_and_foreign_scripts(found):
    page = render_report(found)

    script = re.search(r"<script>(.*)</script>", page, re.DOTALL)
    assert script is not None
    digest = base64.b64encode(hashlib.sha256(script[1].encode()).digest()).decode()
    policy = next(
        attributes["content"] or ""
        for tag, attributes in Page(page).tags
        if attributes.get("http-equiv") == "Content-Security-Policy"
    )
    assert "default-src 'none'" in policy
    assert f"script-src 'sha256-{digest}'" in policy
    assert not re.search(r"(src|href)=\"(?!data:)", page)
    assert "http" not in page.replace("http-equiv", "")


def test_an_evaluation_without_a_mistake_has_a_report(subject, tmp_path, paint):
    paint(tmp_path / "Machu_Picchu" / "a.png", "green")

    words = Page(render_report(evaluate(subject, tmp_path))).words

    assert "The surest mistakes" not in words
    assert "100.0 %" in words


def test_landmarks_without_a_place_have_a_report(subject, tmp_path, paint):
    paint(tmp_path / "Machu_Picchu" / "a.png", "red")
    lost = dataclasses.replace(subject, places=(None, None, None))

    words = Page(render_report(evaluate(lost, tmp_path))).words

    assert "How far off" not in words
    assert "the place is unknown" in words


def test_the_map_joins_what_was_confused(found):
    tags = Page(render_report(found)).tags

    [line] = [each for _, each in tags if each.get("class") == "confusion"]
    pins = [each for _, each in tags if each.get("class") == "pin"]
    assert len(pins) == 2
    # From Niagara Falls (43.1 N, 79.1 W) to Machu Picchu (13.2 S, 72.5 W).
    start, end = re.findall(r"(-?\d+) (-?\d+)(?:Q|$)", line["d"] or "")
    assert [int(number) for number in start] == [280, 103]
    assert [int(number) for number in end] == [298, 259]


def test_the_land_fills_the_map_on_both_sides_of_the_date_line():
    from whereshot.learn.report import worldmap

    paths = worldmap._land().split("z")

    def points(path: str) -> Iterator[tuple[float, float]]:
        x = y = 0
        for kind, dx, dy in re.findall(r"([Ml])(-?\d+) (-?\d+)", path):
            x, y = (int(dx), int(dy)) if kind == "M" else (x + int(dx), y + int(dy))
            yield x, y

    steps = [
        abs(b[0] - a[0])
        for path in paths
        for a, b in zip(list(points(path)), list(points(path))[1:], strict=False)
    ]
    assert 20 < len(paths) < 1000
    assert max(steps) < 100  # no ring jumps across the map
    xs = [x for path in paths for x, _ in points(path)]
    assert min(xs) < 20
    assert max(xs) > 980


def test_markup_escapes_what_is_not_markup():
    inner = element("b", "<i>")

    assert element("p", "a & b", inner, title='"', hidden=None, data_value=0.123456) == (
        '<p title="&quot;" data-value="0.12">a &amp; b<b>&lt;i&gt;</b></p>'
    )
    assert join("<", inner) == "&lt;<b>&lt;i&gt;</b>"


CHROMIUM_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


def test_a_browser_shows_it_without_complaint_and_sorts_the_table(found, tmp_path, chromium):
    from playwright.sync_api import sync_playwright

    write_report(found, tmp_path / "r.html")
    complaints: list[str] = []
    requests: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGUMENTS)
        page = browser.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: requests.append(request.url))
        page.goto((tmp_path / "r.html").as_uri())
        names = page.locator("table.sortable tbody th")
        before = names.all_text_contents()
        page.get_by_role("button", name="Landmark").click()
        by_name = names.all_text_contents()
        page.get_by_role("button", name="Photos").click()
        page.get_by_role("button", name="Photos").click()
        by_photos = names.all_text_contents()
        wide = page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.set_viewport_size({"width": 360, "height": 700})
        narrow = page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        browser.close()

    assert before == ["Niagara Falls", "Golden Gate Bridge"]  # the worst first
    assert by_name == ["Golden Gate Bridge", "Niagara Falls"]
    assert by_photos == ["Golden Gate Bridge", "Niagara Falls"]
    assert (wide, narrow) == (True, True)
    assert complaints == []
    assert {url.partition(":")[0] for url in requests} <= {"file", "data"}
