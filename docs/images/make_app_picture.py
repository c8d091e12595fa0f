"""Make `app.png`, the README's picture: the shipped bundle's own answer to the sample photo.

Needs Chromium and the `dev` extra: `python docs/images/make_app_picture.py [BUNDLE]`.
"""

from __future__ import annotations

import shutil
import sys
import threading
from pathlib import Path

import uvicorn
from playwright.sync_api import Browser, sync_playwright

import whereshot
from whereshot.serve.app import create_app
from whereshot.serve.server import bind, url_of

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "tests" / "samples" / "great_wall_of_china.jpg"  # CC0
PICTURE = Path(__file__).with_name("app.png")
CHROMIUM_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
VIEWPORT = {"width": 1200, "height": 880}


def main() -> None:
    """Serve the bundle, let the page look at the sample, and take its picture."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        raise SystemExit("Chromium is not installed (Debian: chromium).")
    recognizer = whereshot.load(sys.argv[1] if len(sys.argv) > 1 else None)
    listener = bind("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn.Config(create_app(recognizer), log_config=None))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGUMENTS)
            take_picture(browser, url_of(listener, "127.0.0.1"))
            browser.close()
    finally:
        server.should_exit = True
        thread.join()


def take_picture(browser: Browser, url: str) -> None:
    """Save the page with the sample's answer as `app.png`; fails if it is no landmark."""
    page = browser.new_page(viewport=VIEWPORT, color_scheme="light", reduced_motion="reduce")
    page.goto(url)
    page.set_input_files("#files", SAMPLE)
    page.wait_for_selector(".card[data-state=landmark] .map .globe")
    page.mouse.move(0, 0)
    page.screenshot(path=PICTURE, full_page=True)


if __name__ == "__main__":
    main()
