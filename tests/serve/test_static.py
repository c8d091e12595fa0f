"""The page's files: no other host, nothing inline, vendored as recorded, and in the package."""

from __future__ import annotations

import hashlib
import re
from urllib.parse import urljoin

import pytest

from whereshot.serve.routes.pages import STATIC

VENDOR = STATIC / "vendor"
OWN = sorted(
    path.relative_to(STATIC).as_posix()
    for path in STATIC.rglob("*")
    if path.suffix in {".html", ".css", ".js", ".svg"} and VENDOR not in path.parents
)
LINKS = {
    "http://www.w3.org/2000/svg",  # a name, not an address
    "https://www.openstreetmap.org/",  # a link that a person may follow
}


def read(name):
    return (STATIC / name).read_text(encoding="utf-8")


def test_there_is_a_page():
    pages = {"recognize/index.html", "landmarks/index.html", "library/index.html"}
    assert {*pages, "shared/header.js", "shared/tokens.css"} <= set(OWN)


@pytest.mark.parametrize("name", OWN)
def test_our_files_know_no_other_host(name):
    found = re.findall(r"(?:https?:)?//[\w.-]+\.\w+[^\s\"'`?<>#]*", read(name))
    assert set(found) <= LINKS


@pytest.mark.parametrize("name", [name for name in OWN if name.endswith(".html")])
def test_pages_have_no_inline_scripts_styles_or_handlers(name):
    page = read(name)
    assert not re.search(r"<script(?![^>]*\bsrc=)", page)
    assert not re.search(r"<style|\sstyle=|\son\w+=", page)


@pytest.mark.parametrize("name", [name for name in OWN if name.endswith(".js")])
def test_our_scripts_make_no_html_from_strings(name):
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", read(name)
    )


def test_every_import_and_reference_is_served(client):
    for name in OWN:
        text = read(name)
        imports = re.findall(r"""(?:from|import) ["'](\.[^"']+)""", text)
        references = [urljoin(f"/static/{name}", found) for found in imports]
        references += re.findall(r"""(?:src|href)="(/static/[^"]+)""", text)
        for reference in references:
            response = client.get(reference)
            assert response.status_code == 200, f"{name} refers to {reference}"
            if reference.endswith(".js"):
                assert response.headers["content-type"].startswith("text/javascript")


def test_vendored_files_are_those_that_the_readme_records():
    recorded = dict(
        reversed(line.split("  "))
        for line in (VENDOR / "README.md").read_text(encoding="utf-8").splitlines()
        if re.match(r"[0-9a-f]{64}  ", line)
    )
    found = {
        path.relative_to(VENDOR).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in VENDOR.rglob("*")
        if path.is_file() and path.name != "README.md"
    }
    assert found == recorded
    folders = {name.split("/")[0] for name in found}
    assert {f"{folder}/LICENSE" for folder in folders} <= set(found)


def test_what_is_vendored_stays_small():
    assert sum(path.stat().st_size for path in VENDOR.rglob("*") if path.is_file()) < 1_000_000


def test_static_files_are_asked_for_again_and_answered_short(client):
    first = client.get("/static/recognize/app.js")
    assert first.headers["cache-control"] == "no-cache"
    again = client.get("/static/recognize/app.js", headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304
    assert client.head("/").status_code == 200
