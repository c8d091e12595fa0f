"""Is the library page smooth with 100,000 photos? Scrolled by a program in a real Chromium.

    python benchmarks/library_page.py [--photos 100000]

A library is made up: one catalog row per photo, each with a file (hard links to a few painted
ones), 40 photos a day. The page is scrolled in three ways: by 30 and by 300 pixels a frame through
the first part, as a hand does, and in 120 jumps through all of it, as somebody who drags the scroll
bar. Measured are the processor time that the page's main thread takes for a frame, which does not
depend on what else the machine does; the times between frames, which do, and the tasks that held
the page up for more than 50 ms, with the machine's load; and how many elements there were at most.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from _table import ROOT, machine, versions, write_results
from PIL import Image, ImageDraw
from playwright.sync_api import CDPSession, Page, sync_playwright

import whereshot
from whereshot.library.catalog import Catalog, CatalogPhoto
from whereshot.records import Prediction, Recognition
from whereshot.serve.app import create_app
from whereshot.serve.settings import Settings

sys.path.insert(0, str(ROOT / "tests" / "support"))
from serving import serving

PAINTED = 64
A_DAY = 40
START = datetime.fromisoformat("2015-01-01T08:00")
WAYS = {"30 px a frame": 30, "300 px a frame": 300, "jumps through all of it": None}
FRAMES = 120
SCROLL = """async ([step, frames]) => {
  const tasks = [];
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) tasks.push(entry.duration);
  });
  observer.observe({ type: "longtask" });
  const height = document.documentElement.scrollHeight;
  const times = [];
  let elements = 0;
  let before = performance.now();
  for (let frame = 1; frame <= frames; frame += 1) {
    scrollTo(0, step ? step * frame : (height * frame) / frames);
    await new Promise(requestAnimationFrame);
    const now = performance.now();
    times.push(now - before);
    before = now;
    elements = Math.max(elements, document.querySelectorAll("*").length);
  }
  observer.disconnect();
  times.sort((a, b) => a - b);
  return { times, tasks, elements };
}"""


def main() -> None:
    """Make a library, serve it, scroll it, and write what was measured."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=int, default=100_000)
    count = parser.parse_args().photos
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        os.environ["WHERESHOT_HOME"] = str(root / "home")
        fill(root, count)
        settings = Settings(library=(root / "Pictures",), catalog=root / "catalog.sqlite")
        with serving(create_app(whereshot.load(), settings)) as url:
            rows = measure(f"{url}/library", count)
    about = {**machine(), "versions": versions("playwright", "fastapi")}
    print(f"written to {write_results('library_page', rows, about)}")


def fill(root: Path, count: int) -> None:
    """Files and catalog rows of a library under a folder."""
    painted = [paint(root / "painted" / f"{number}.jpg", number) for number in range(PAINTED)]
    pictures = root / "Pictures"
    for number in range(count):
        path = path_of(pictures, number)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.hardlink_to(painted[number % PAINTED])
    with Catalog(root / "catalog.sqlite") as catalog:
        catalog.put(rows_of(pictures, count))


def path_of(pictures: Path, number: int) -> Path:
    """The file of a photo, in folders of 1,000."""
    return pictures / f"{number // 1000:03}" / f"{number:06}.jpg"


def paint(path: Path, number: int) -> Path:
    """A photo of 1,600 x 1,200 pixels: some blocks before a sky."""
    picture = Image.new("RGB", (1600, 1200), (140 + number, 180, 220))
    draw = ImageDraw.Draw(picture)
    for block in range(12):
        x, y = (number * 37 + block * 211) % 1500, (number * 59 + block * 149) % 1100
        draw.rectangle((x, y, x + 260, y + 190), (block * 20, (number * 4) % 256, 120))
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path, quality=88)
    return path


def rows_of(pictures: Path, count: int) -> Iterator[CatalogPhoto]:
    """What the catalog knows of each photo: every fourth shows a landmark."""
    landmarks = whereshot.load().landmarks
    for number in range(count):
        path = path_of(pictures, number)
        status = path.stat()
        landmark = landmarks[number % len(landmarks)]
        shown = number % 4 == 0
        yield CatalogPhoto(
            path=path,
            size=status.st_size,
            mtime_ns=status.st_mtime_ns,
            content_hash=f"{number:032x}",
            taken_at=START + timedelta(days=number // A_DAY, minutes=number % A_DAY),
            recognition=Recognition(
                verdict="landmark" if shown else "unknown",
                predictions=(Prediction(landmark, 0.97 if shown else 0.2),),
                location=landmark.location if shown else None,
                bundle="world@2",
                photo=str(path),
            ),
        )


def measure(address: str, count: int) -> list[dict[str, object]]:
    """Scroll the page in each way; a row for each."""
    executable = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable, args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 1280, "height": 850})
        started = time.perf_counter()
        page.goto(address)
        page.locator(".tile img[data-state=there]").first.wait_for(timeout=300_000)
        first_picture = time.perf_counter() - started
        thread = page.context.new_cdp_session(page)
        thread.send("Performance.enable", {"timeDomain": "threadTicks"})
        rows = [row_of(page, thread, way, count) for way in WAYS]
        for row in rows:
            row["first_picture_s"] = round(first_picture, 2)
        browser.close()
    return rows


def row_of(page: Page, thread: CDPSession, way: str, count: int) -> dict[str, object]:
    """Scroll in one way, and sum up."""
    page.evaluate("scrollTo(0, 0)")
    before = thread_seconds(thread)
    found: dict[str, Any] = page.evaluate(SCROLL, [WAYS[way], FRAMES])
    busy_seconds = thread_seconds(thread) - before
    times, tasks = found["times"], found["tasks"]
    started = time.perf_counter()
    page.locator(".tile img[data-state=there]").first.wait_for(timeout=60_000)
    row: dict[str, object] = {
        "photos": count,
        "scrolled": way,
        "main_thread_ms_a_frame": round(1000 * busy_seconds / FRAMES, 1),
        "frame_ms_median": round(times[len(times) // 2], 1),
        "frame_ms_p95": round(times[int(0.95 * len(times))], 1),
        "long_tasks": len(tasks),
        "longest_task_ms": round(max(tasks, default=0.0)),
        "elements_at_most": found["elements"],
        "pictures_after_s": round(time.perf_counter() - started, 2),
        "load": round(os.getloadavg()[0], 1),
    }
    print("  ".join(f"{name} {value}" for name, value in row.items()))
    return row


def thread_seconds(thread: CDPSession) -> float:
    """Seconds of processor time that the page's main thread has taken for its tasks."""
    metrics = thread.send("Performance.getMetrics")["metrics"]
    return next(each["value"] for each in metrics if each["name"] == "TaskDuration")


if __name__ == "__main__":
    main()
