"""Make the pictures of the app: the shipped bundle's own answers to the sample photos.

`app.png` is the README's, `app_phone.png` that of the guide. Needs Chromium and the `dev` extra:
`python docs/images/make_app_picture.py [BUNDLE]`.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from playwright.sync_api import Browser, Page, sync_playwright

import whereshot
from whereshot.serve.app import create_app
from whereshot.serve.server import bind, url_of

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "tests" / "samples"  # CC0
PICTURES = Path(__file__).parent
CHROMIUM_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
DESKTOP, PHONE = {"width": 1200, "height": 880}, {"width": 390, "height": 844}


def main() -> None:
    """Serve the bundle, let the page look at the samples, and take its pictures."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        raise SystemExit("Chromium is not installed (Debian: chromium).")
    with served(sys.argv[1] if len(sys.argv) > 1 else None) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGUMENTS)
        page = open_page(browser, url, viewport=DESKTOP, color_scheme="light")
        show(page, SAMPLES / "great_wall_of_china.jpg")
        page.screenshot(path=PICTURES / "app.png", full_page=True)
        options = {"device_scale_factor": 2, "is_mobile": True, "has_touch": True}
        page = open_page(browser, url, viewport=PHONE, color_scheme="dark", **options)
        show(page, SAMPLES / "machu_picchu.jpg")
        page.get_by_role("button", name="Show where").click()
        page.wait_for_selector(".heat")
        page.evaluate("document.activeElement.blur()")
        page.screenshot(path=PICTURES / "app_phone.png")
        browser.close()


@contextmanager
def served(bundle: str | None) -> Generator[str]:
    """A running server that knows nothing of what anybody taught; yields its address."""
    with tempfile.TemporaryDirectory() as home:
        os.environ["WHERESHOT_HOME"] = home
        app = create_app(whereshot.load(bundle))
        listener = bind("127.0.0.1", 0)
        server = uvicorn.Server(uvicorn.Config(app, log_config=None))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield url_of(listener, "127.0.0.1")
        finally:
            server.should_exit = True
            thread.join()


def open_page(browser: Browser, url: str, **device: object) -> Page:
    """The page as some device shows it."""
    page = browser.new_page(reduced_motion="reduce", **device)  # pyright: ignore[reportArgumentType]
    page.goto(url)
    return page


def show(page: Page, photo: Path) -> None:
    """Let the page answer a photo; fails if it is no landmark."""
    page.set_input_files("#files", photo)
    page.wait_for_selector(".card[data-state=landmark] .map .globe")
    page.mouse.move(0, 0)


if __name__ == "__main__":
    main()
