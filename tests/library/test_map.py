"""The map as a file: what is in it, what can't get into it, and what it never replaces."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes, urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from library_photos import catalog_photo
from PIL import Image

from whereshot.errors import ConflictError
from whereshot.library.catalog import CatalogPhoto
from whereshot.library.map.data import THUMBNAIL_HEIGHT, map_data, relative_url
from whereshot.library.map.modules import join_modules
from whereshot.library.map.page import check_map_target, render_map
from whereshot.library.places import PlaceFinder

HOSTILE = "</script><img src=x onerror=alert(1)>\"'<!--&\n.jpg"


def data_of(photos: list[CatalogPhoto], thumbnails: int = 0) -> dict[str, Any]:
    places = PlaceFinder().places(photos)
    return map_data(photos, places, Path("/maps"), thumbnails=thumbnails)


class Page(HTMLParser):
    """The elements of a page with their attributes and texts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, str] = {}
        self._open = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._open = f"{tag}#{dict(attrs).get('id', '')}"

    def handle_endtag(self, tag: str) -> None:
        self._open = ""

    def handle_data(self, data: str) -> None:
        self.texts[self._open] = self.texts.get(self._open, "") + data

    def attribute(self, tag: str, name: str) -> list[str]:
        return [value for kind, each in self.elements if kind == tag and (value := each.get(name))]


def test_the_data_has_a_column_for_each_fact_and_an_entry_for_each_photo() -> None:
    data = data_of(
        [
            catalog_photo("/photos/a.jpg", landmark="taj_mahal", taken="1970-01-01T01:01:59"),
            catalog_photo("/photos/b.jpg", gps=(48.8606, 2.3376)),
            catalog_photo("/photos/c.jpg"),
        ]
    )

    assert data["without"] == 1
    assert data["labels"] == [
        {"landmark": "Taj Mahal", "city": "Agra", "country": "India"},
        {"landmark": "", "city": "Paris", "country": "France"},
    ]
    assert data["photos"] == {
        "name": ["a.jpg", "b.jpg"],
        "href": ["./../photos/a.jpg", "./../photos/b.jpg"],
        "latitude": [27.1751, 48.8606],
        "longitude": [78.0421, 2.3376],
        "minute": [61, None],
        "label": [0, 1],
        "source": ["landmark", "gps"],
        "certainty": [97.0, None],
        "thumbnail": [None, None],
    }


def test_thumbnails_are_small_upright_and_tell_nothing_of_their_exif(
    tmp_path: Path, paint: Any
) -> None:
    photo = paint(tmp_path / "a.jpg", "red", (1200, 800), gps=(12, 34))
    data = data_of([catalog_photo(photo, gps=(12.0, 34.0))], thumbnails=5)
    [url] = data["thumbnails"]
    content = base64.b64decode(url.removeprefix("data:image/jpeg;base64,"))

    with Image.open(io.BytesIO(content)) as image:
        assert image.size == (THUMBNAIL_HEIGHT * 3 // 2, THUMBNAIL_HEIGHT)
        assert not image.getexif()
    assert data["photos"]["thumbnail"] == [0]


def test_thumbnails_go_round_the_places_and_one_that_cannot_be_made_is_left_out(
    tmp_path: Path, paint: Any
) -> None:
    def shot(name: str, landmark: str, probability: float) -> CatalogPhoto:
        path = paint(tmp_path / name)
        return catalog_photo(path, landmark=landmark, probability=probability)

    photos = [
        shot("1.jpg", "taj_mahal", 0.9),
        shot("2.jpg", "taj_mahal", 0.99),
        shot("3.jpg", "taj_mahal", 0.95),
        shot("4.jpg", "petra", 0.8),
        shot("5.jpg", "machu_picchu", 0.8),
    ]
    (tmp_path / "5.jpg").write_bytes(b"broken")
    said: list[tuple[int, int]] = []
    data = map_data(
        photos,
        PlaceFinder().places(photos),
        tmp_path,
        thumbnails=4,
        progress=lambda done, total: said.append((done, total)),
    )

    assert data["photos"]["thumbnail"] == [None, 0, 2, 1, None]
    assert said == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_nothing_that_a_file_or_a_landmark_is_called_becomes_markup() -> None:
    name = HOSTILE.replace("/", "")
    photo = catalog_photo(f"/p/{name}", landmark="taj_mahal")
    place = PlaceFinder().place(photo)
    assert place is not None
    places = {photo.path: replace(place, landmark=HOSTILE)}
    data = map_data([photo], places, Path("/maps"), thumbnails=0)
    page = Page(render_map(f"Photos of {HOSTILE}", data))

    tags = {tag for tag, _ in page.elements}
    assert "img" not in tags
    assert [attributes for tag, attributes in page.elements if tag == "script"] == [
        {"id": "theme"},
        {"type": "application/json", "id": "atlas-data"},
        {"type": "application/json", "id": "photo-data"},
        {},
    ]
    carried = json.loads(page.texts["script#photo-data"])
    assert carried["photos"]["name"] == [name]
    assert carried["labels"][0]["landmark"] == HOSTILE
    assert page.texts["title#"] == f"Photos of {HOSTILE}"


def test_the_policy_lets_the_page_run_its_own_scripts_and_style_and_load_nothing() -> None:
    text = render_map("Photos", data_of([]))
    page = Page(text)
    [policy] = [each["content"] for _, each in page.elements if each.get("http-equiv") is not None]

    def digest(content: str) -> str:
        return base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()

    assert policy == (
        "default-src 'none'; img-src data:; "
        f"style-src 'sha256-{digest(page.texts['style#'])}'; "
        f"script-src 'sha256-{digest(page.texts['script#theme'])}' "
        f"'sha256-{digest(page.texts['script#'])}'; "
        "base-uri 'none'; form-action 'none'"
    )
    assert not any({"src", "href", "style"} & set(each) for _, each in page.elements)
    assert "@import" not in page.texts["style#"]
    assert "url(" not in page.texts["style#"]


@given(st.text(min_size=1, max_size=40).filter(lambda name: not set(name) & {"/", "\0"}))
def test_a_link_leads_to_the_file_and_nowhere_else(name: str) -> None:
    if name in (".", "..") or "\ud800" <= max(name) <= "\udfff":
        return
    url = relative_url(Path("/photos") / name, Path("/maps/deep"))
    led = urlsplit(urljoin("file:///maps/deep/map.html", url))

    assert url.startswith("./")
    assert (led.scheme, led.netloc, led.query, led.fragment) == ("file", "", "", "")
    assert unquote_to_bytes(led.path) == os.fsencode(f"/photos/{name}")


def test_a_link_to_a_name_that_is_no_text_keeps_its_bytes() -> None:
    path = Path(os.fsdecode(b"/photos/javascript:\xff.jpg"))

    assert relative_url(path, Path("/photos")) == "./javascript%3A%FF.jpg"
    data = data_of([catalog_photo(path, landmark="petra")])
    assert data["photos"]["name"] == ["javascript:?.jpg"]
    render_map("Photos", data).encode()


def test_a_map_replaces_a_map_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "map.html"
    check_map_target(target)
    target.write_text(render_map("Photos", data_of([])), encoding="utf-8")
    check_map_target(target)
    target.write_text("<!doctype html><title>My own page</title>")

    with pytest.raises(ConflictError, match="is no map of whereshot's"):
        check_map_target(target)


def test_modules_are_joined_in_the_order_of_their_imports(tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    (tmp_path / "main.js").write_text(
        'import { one } from "./x.js";\n'
        'import double from "./inner/main.js";\nexport async function go() {}\ngo(double(one));\n'
    )
    (tmp_path / "x.js").write_text("const a=1;function go(){}export{a as one,go};\n")
    (inner / "main.js").write_text(
        'import { one } from "../x.js";\nexport default function (n) { return 2 * n * one; }\n'
    )
    script = join_modules(tmp_path / "main.js")

    assert re.findall(r"^const (\$\w+) =", script, re.MULTILINE) == [
        "$x",
        "$main",
        "$default",
        "$main1",
    ]
    assert "return { one: a,go };" in script
    assert "const { default: double } = $main;" in script
    assert "import" not in script
    assert "export" not in script


@pytest.mark.parametrize(
    "text",
    [
        'import * as all from "./x.js";',
        'export * from "./x.js";',
        "export let changing = 1;",
        "const a = 1; export { a }; a;",
        'import "./x.js";',
    ],
)
def test_a_form_that_is_not_understood_is_an_error_and_no_guess(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.js").write_text("")
    (tmp_path / "main.js").write_text(text)

    with pytest.raises(ValueError, match="not understood"):
        join_modules(tmp_path / "main.js")


def test_a_circle_of_imports_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text('import { b } from "./b.js";\nexport const a = 1;')
    (tmp_path / "b.js").write_text('import { a } from "./a.js";\nexport const b = 1;')

    with pytest.raises(ValueError, match="imports itself"):
        join_modules(tmp_path / "a.js")
