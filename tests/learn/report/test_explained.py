"""What a report shows of an explanation: pictures, dots, pairs, and nothing that names break."""

from __future__ import annotations

import base64
import dataclasses
import io
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from whereshot.learn.evaluate import Answered, answer, measure
from whereshot.learn.evaluation import Evaluation
from whereshot.learn.explain import Explanation, explain
from whereshot.learn.explain.explanation import Cluster
from whereshot.learn.report import explained
from whereshot.learn.report.page import render_report, write_report
from whereshot.learn.subject import load_subject

Paint = Callable[..., Path]
NASTY = "<img src=x onerror=alert(1)>\"'&"


@pytest.fixture
def answered(tiny_bundle: Path, tmp_path: Path, paint: Paint) -> Answered:
    """Five answers, of which two are wrong."""
    folder = tmp_path / "photos"
    paint(folder / "Golden_Gate_Bridge" / "a.png", "red", size=(300, 250))
    for number in range(2):
        paint(folder / "Niagara_Falls" / f"{number}.png", "blue")
        paint(folder / "Niagara_Falls" / f"odd{number}.png", "red")
    return answer(load_subject(tiny_bundle), folder, embeddings=True)


@pytest.fixture
def found(answered: Answered) -> Evaluation:
    return measure(answered, resamples=20)


@pytest.fixture
def explanation(answered: Answered) -> Explanation:
    return explain(answered)


def pictures(markup: str, kind: str) -> list[Image.Image]:
    """The pictures of this kind in some markup."""
    sources = re.findall(rf'src="data:image/{kind};base64,([^"]*)"', markup)
    return [Image.open(io.BytesIO(base64.b64decode(each))) for each in sources]


def words(markup: str | None) -> str:
    """What stands between the tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", markup or ""))


def test_looks_are_photos_beside_what_spoke_for_their_landmarks(explanation):
    markup = explained.looks(explanation)

    # A wrong answer with both landmarks' maps, and two right ones with one each.
    shown = pictures(markup, "jpeg")
    assert [each.size for each in shown] == [(240, 240)] * (3 + 2 + 2)
    said = words(markup)
    assert "The 1 surest mistake and 2 right answers drawn by lot" in said
    assert "taken for Golden Gate Bridge" in said
    assert "for Niagara Falls" in said
    assert "recognized" in said
    assert "needs gradients: a bundle has none" in said


def test_looks_that_can_not_be_are_one_sentence(explanation):
    bare = dataclasses.replace(explanation, seen=(), seen_note="Needs onnx.")

    assert words(explained.looks(bare)).split() == ["What", "it", "looked", "at", "Needs", "onnx."]


def test_filters_are_pictures_of_their_own_pixels(explanation):
    some = np.random.default_rng(0).integers(0, 256, (5, 3, 3, 3), dtype=np.uint8)

    markup = explained.filters(dataclasses.replace(explanation, filters=some))

    shown = pictures(markup, "png")
    assert all((np.asarray(each) == some[i]).all() for i, each in enumerate(shown))
    assert len(shown) == 5
    assert "5 filters of 3 x 3 pixels" in words(markup)
    assert "no convolution" in words(explained.filters(explanation))


def test_every_dot_lies_on_the_plane_and_has_its_name(explanation):
    markup = explained.embeddings(explanation)

    dots = re.findall(r'<circle cx="([\d.]+)" cy="([\d.]+)"', markup)
    box = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', markup)
    assert box is not None
    width, height = map(float, box.groups())
    assert len(dots) == 5
    assert all(0 < float(x) < width and 0 < float(y) < height for x, y in dots)
    names = re.findall(r"<circle[^>]*><title>([^<]*)", markup)
    assert sorted(names) == [
        "Golden Gate Bridge",
        *["Niagara Falls"] * 2,
        *["Niagara Falls, taken for Golden Gate Bridge"] * 2,
    ]
    assert markup.count('class="missed"') == 2
    assert "A ring marks a photo under a wrong name (2)." in words(markup)


def test_up_is_up_on_the_plane(explanation):
    points = np.array([[0, 0], [2, 1]], np.float32)
    clusters = (Cluster("Low", points[:1], (None,)), Cluster("High", points[1:], (None,)))

    markup = explained.embeddings(dataclasses.replace(explanation, clusters=clusters))

    (low_x, low_y), (high_x, high_y) = re.findall(r'cx="([\d.]+)" cy="([\d.]+)"', markup)
    assert float(high_x) - float(low_x) == pytest.approx(600)
    assert float(low_y) - float(high_y) == pytest.approx(300)


def test_names_stand_on_the_plane_while_there_is_room_for_them(explanation):
    points = np.zeros((1, 2), np.float32)
    some, many = (
        dataclasses.replace(
            explanation,
            clusters=tuple(Cluster(f"Place {i}", points + i, (None,)) for i in range(count)),
        )
        for count in (24, 25)
    )

    assert explained.embeddings(some).count("<text") == 24
    assert "<text" not in explained.embeddings(many)


def test_a_pair_is_two_photos(explanation):
    markup = explained.pairs(explanation)

    assert markup is not None
    mistaken, like = pictures(markup, "jpeg")
    assert like.size == (288, 240)  # the only photo of the Golden Gate Bridge
    assert mistaken.convert("RGB").getpixel((9, 9))[0] > 200
    assert "2 photos so" in words(markup)
    assert "similarity 1.00" in words(markup)


def test_pairs_whose_photos_are_gone_are_left_out(explanation, tmp_path):
    for photo in (tmp_path / "photos" / "Golden_Gate_Bridge").iterdir():
        photo.unlink()

    assert explained.pairs(explanation) is None


def test_a_report_without_explanation_has_none_of_it(found, explanation):
    plain, whole = render_report(found), render_report(found, explanation)

    for heading in ("What it looked at", "First filters", "Embeddings", "Confused pairs"):
        assert f"<h2>{heading}</h2>" in whole
        assert heading not in words(plain)


def test_without_photos_the_report_has_dots_and_no_picture(answered, found):
    page = render_report(found, explain(answered, photos=False), photos=False)

    assert "data:image" not in page
    assert "The photos were left out of this report." in words(page)
    assert page.count("<circle cx") >= 5


def test_no_name_becomes_markup(explanation):
    nasty = dataclasses.replace(
        explanation,
        seen=tuple(
            dataclasses.replace(each, photo=NASTY, landmark=NASTY, predicted=NASTY + "!")
            for each in explanation.seen
        ),
        seen_note=NASTY,
        filters_note=NASTY,
        clusters=tuple(
            dataclasses.replace(each, landmark=NASTY, taken_for=(NASTY,) * len(each.points))
            for each in explanation.clusters
        ),
        pairs=tuple(
            dataclasses.replace(each, landmark=NASTY, predicted=NASTY) for each in explanation.pairs
        ),
    )

    for part in (explained.looks, explained.filters, explained.embeddings, explained.pairs):
        markup = part(nasty) or ""
        assert "<img src=x" not in markup
        assert "&lt;img src=x onerror=alert(1)&gt;&quot;&#x27;&amp;" in markup


CHROMIUM_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


def test_a_browser_names_the_dot_under_the_pointer_and_fits_a_phone(
    found, explanation, tmp_path, chromium
):
    from playwright.sync_api import sync_playwright

    some = np.random.default_rng(0).integers(0, 256, (32, 3, 3, 3), dtype=np.uint8)
    whole = dataclasses.replace(explanation, filters=some)
    write_report(found, tmp_path / "r.html", whole)
    complaints: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGUMENTS)
        page = browser.new_page(viewport={"width": 360, "height": 700})
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto((tmp_path / "r.html").as_uri())
        fits = page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        loaded = page.evaluate(
            "[...document.images].every((image) => image.complete && image.naturalWidth > 0)"
        )
        before = page.locator(".named").inner_text().strip()
        page.locator(".plane circle.missed").last.hover()
        hovered = page.locator(".named").inner_text()
        page.locator(".plane circle").first.dispatch_event("click")
        tapped = page.locator(".named").inner_text()
        browser.close()

    assert (fits, loaded) == (True, True)
    assert before == ""
    assert hovered == "Niagara Falls, taken for Golden Gate Bridge"
    assert tapped == "Golden Gate Bridge"
    assert complaints == []
