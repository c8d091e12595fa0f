"""The page of a data set: whole, safe with any name, and about what was found."""

from __future__ import annotations

import base64
import io
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from made_photos import saved, scene
from PIL import Image
from tinted_photos import WRONG, tinted_set

from whereshot.gazetteer import load_gazetteer
from whereshot.learn.sets.features import load_embedder
from whereshot.learn.sets.figures import describe_photos
from whereshot.learn.sets.findings import TITLES, find_problems, identify
from whereshot.learn.sets.labels import check_labels
from whereshot.learn.sets.page import Checked, render_page, write_page
from whereshot.learn.sets.survey import survey_folder

NASTY = '<b>&".png'


class Page(HTMLParser):
    """A page taken apart."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.section = ""
        self.in_section: dict[str, str] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "section":
            self.section = dict(attrs)["id"] or ""

    def handle_data(self, data: str) -> None:
        self.words += data
        self.in_section[self.section] = self.in_section.get(self.section, "") + data


def checked(root: Path, bundle: Path | None = None) -> Checked:
    survey, gazetteer = survey_folder(root), load_gazetteer()
    labels = None
    if bundle is not None:
        labels = check_labels(survey, identify(survey, gazetteer), load_embedder(bundle))
    findings = find_problems(survey, gazetteer, labels=labels)
    return Checked(survey, describe_photos(survey), findings, labels, "whereshot data check x")


@pytest.fixture
def troubled(tmp_path: Path) -> Path:
    """A data set with something of nearly every kind."""
    root = tinted_set(tmp_path / "set")
    (root / "Petra" / NASTY).write_bytes(b"bad")
    shutil.copy(root / "Petra" / "00.png", root / "Petra" / "copy.png")
    shutil.copy(root / "Petra" / "01.png", root / "Machu_Picchu" / "copy.png")
    saved(scene(50, (320, 240)).resize((60, 45)), root / "Petra" / "small.png")
    for number in range(4):
        saved(scene(60 + number), root / "My_Garden" / f"{number}.png")
    return root


def test_the_page_shows_what_was_found_with_photos(troubled: Path, tiny_bundle: Path) -> None:
    found = checked(troubled, tiny_bundle)
    page = Page(render_page(found))
    kinds = {each.kind for each in found.findings}
    assert kinds >= {"unreadable", "wrong_label", "duplicate", "unknown_landmark", "small"}
    for kind in kinds - {"suspect"}:
        assert TITLES[kind][1:] in page.in_section[f"found-{kind}"]
        for finding in found.findings:
            if finding.kind == kind:
                assert finding.message in page.in_section[f"found-{kind}"]
    suspects = page.in_section["suspects"]
    assert WRONG in suspects
    assert "looks like Niagara_Falls" in suspects
    assert "Too few photos to be judged: My_Garden (4)." in suspects
    assert "whereshot data check x" in page.in_section["provenance"]
    assert "60 x 45 px" in page.words


def test_every_landmark_has_a_row_and_a_mean_photo(troubled: Path) -> None:
    found = checked(troubled)
    page = Page(render_page(found))
    names = [row.name for row in found.figures.landmarks]
    assert len(names) == 4
    for name in names:
        assert name in page.in_section["landmarks"]
    means = [
        attributes["src"] or ""
        for tag, attributes in page.tags
        if tag == "img" and (attributes["alt"] or "").startswith("The mean of")
    ]
    assert len(means) == 1 + len(names)
    greens = Image.open(io.BytesIO(base64.b64decode(means[1].partition(",")[2])))
    red, green, blue = np.asarray(greens, np.float64).mean(axis=(0, 1))
    assert names[0] == "Machu_Picchu"
    assert green > 40 + max(red, blue)


def test_without_judged_labels_nothing_is_said_of_them(troubled: Path) -> None:
    page = Page(render_page(checked(troubled)))
    assert "suspects" not in page.in_section
    assert "Suspect labels" not in page.words


def test_the_page_loads_nothing_and_runs_no_name(troubled: Path, tiny_bundle: Path) -> None:
    text = render_page(checked(troubled, tiny_bundle))
    page = Page(text)
    assert NASTY in page.words
    assert NASTY not in text
    for tag, attributes in page.tags:
        assert tag not in {"b"} or not attributes
        for key in ("src", "href"):
            value = attributes.get(key)
            assert value is None or value.startswith("data:image/"), (tag, value)
    assert not re.findall(r"url\((?!data:)", text)


def test_a_photo_that_went_away_meanwhile_is_told(troubled: Path, tmp_path: Path) -> None:
    found = checked(troubled)
    shutil.rmtree(troubled)
    target = tmp_path / "page.html"
    write_page(found, target)
    assert "This photo can't be read." in Page(target.read_text(encoding="utf-8")).words


def test_an_empty_data_set_has_a_page_too(tmp_path: Path) -> None:
    (tmp_path / "Petra").mkdir()
    page = Page(render_page(checked(tmp_path)))
    assert "without photos" in page.words
