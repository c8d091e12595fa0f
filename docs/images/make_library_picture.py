"""Make `library.png`, the picture of the review: the shipped bundle on crops of the sample photos.

Needs Chromium and the `dev` extra: `python docs/images/make_library_picture.py`.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
from datetime import datetime, timedelta
from pathlib import Path

import uvicorn
from PIL import Image
from playwright.sync_api import Browser, sync_playwright

import whereshot
from whereshot.library.catalog import Catalog
from whereshot.library.index import index_library
from whereshot.serve.app import create_app
from whereshot.serve.server import bind, url_of
from whereshot.serve.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "tests" / "samples"  # CC0
PICTURE = Path(__file__).with_name("library.png")
CHROMIUM_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
VIEWPORT = {"width": 1200, "height": 820}

TRIPS = {
    "great_wall_of_china": datetime.fromisoformat("2025-09-14T09:20"),
    "machu_picchu": datetime.fromisoformat("2026-05-03T07:45"),
}
CUTS = [(0, 0, 1, 1), (0.1, 0, 1, 0.9), (0, 0.1, 0.9, 1), (0.15, 0.1, 0.95, 0.9), (0, 0, 0.8, 0.85)]


def main() -> None:
    """Index a small library, serve it, decide about one photo, and take the picture."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        raise SystemExit("Chromium is not installed (Debian: chromium).")
    recognizer = whereshot.load()
    with tempfile.TemporaryDirectory() as folder:
        pictures, catalog = Path(folder, "Pictures"), Path(folder, "catalog.sqlite")
        os.environ["WHERESHOT_HOME"] = folder
        cut_photos(pictures)
        with Catalog(catalog) as rows:
            index_library(rows, [pictures], recognizer)
        app = create_app(recognizer, Settings(library=(pictures,), catalog=catalog))
        listener = bind("127.0.0.1", 0)
        server = uvicorn.Server(uvicorn.Config(app, log_config=None))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(
                    executable_path=chromium, args=CHROMIUM_ARGUMENTS
                )
                take_picture(browser, url_of(listener, "127.0.0.1"))
                browser.close()
        finally:
            server.should_exit = True
            thread.join()


def cut_photos(pictures: Path) -> None:
    """Several photos of each sample, minutes apart."""
    pictures.mkdir()
    number = 417
    for name, start in TRIPS.items():
        with Image.open(SAMPLES / f"{name}.jpg") as whole:
            sample = whole.convert("RGB")
        for turn, (left, top, right, bottom) in enumerate(CUTS):
            width, height = sample.size
            box = tuple(
                round(edge) for edge in (left * width, top * height, right * width, bottom * height)
            )
            exif = Image.Exif()
            exif[0x8769] = {0x9003: f"{start + timedelta(minutes=4 * turn):%Y:%m:%d %H:%M:%S}"}
            sample.crop(box).save(pictures / f"IMG_{number:04}.jpg", quality=92, exif=exif)
            number += 1


def take_picture(browser: Browser, url: str) -> None:
    """Save the review with some decisions as `library.png`."""
    page = browser.new_page(viewport=VIEWPORT, color_scheme="light", reduced_motion="reduce")
    page.goto(f"{url}/library#review")
    for decided in (1, 2):
        page.locator(".review-words h2").wait_for()
        page.keyboard.press("a")
        page.locator(".neighbour.accepted").nth(decided - 1).wait_for()
    page.wait_for_function(
        "[...document.querySelectorAll('#view-review img')].every((image) => image.naturalWidth)"
    )
    page.mouse.move(0, 0)
    page.screenshot(path=PICTURE)


if __name__ == "__main__":
    main()
