"""How fast does the library's API answer with 100,000 photos? Asked over loopback.

    python benchmarks/library_api.py [--photos 100000]

A catalog is made up: trips around the gazetteer's landmarks, two thirds of the photos with a
position within a few km of it, a fifth with a landmark. A server of its own process begins; what
it works out first (places, trips) is timed, then each list for the first time and again, pages of
200 photos all over the library, and lists after a decision, which is a change to the catalog.
"""

from __future__ import annotations

import argparse
import contextlib
import multiprocessing
import os
import random
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import httpx2
from _table import ROOT, machine, versions, write_results

import whereshot
from whereshot.gazetteer import load_gazetteer
from whereshot.library.catalog import Catalog, CatalogPhoto
from whereshot.records import Location, Prediction, Recognition
from whereshot.serve.app import create_app
from whereshot.serve.settings import Settings

sys.path.insert(0, str(ROOT / "tests" / "support"))
from serving import serving

PAGE = 200
ARRANGEMENTS = ("place", "trip", "landmark", "day")
PATIENCE_SECONDS = 600


def main() -> None:
    """Make up a library, ask for it, and write down how long it took."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=int, default=100_000)
    count: int = parser.parse_args().photos
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve() / "photos"
        root.mkdir()
        os.environ["WHERESHOT_HOME"] = str(root.parent / "home")
        with Catalog() as catalog:
            catalog.put(made_photos(root, count))
        rows = measure(root, count)
    for row in rows:
        print("  ".join(f"{name} {value}" for name, value in row.items()))
    about = {**machine(), "versions": versions("fastapi", "uvicorn", "numpy")}
    print(write_results("library_api", rows, about))


def made_photos(root: Path, count: int) -> Iterator[CatalogPhoto]:
    """Photos of a person who travels from landmark to landmark."""
    dice = random.Random(3)
    landmarks = list(load_gazetteer())
    at = datetime.fromisoformat("2012-01-01T08:00")
    made = 0
    while made < count:
        at += timedelta(days=20 * dice.random())
        goal = dice.choice(landmarks)
        latitude, longitude = (point + dice.gauss(0, 0.1) for point in point_of(goal))
        for _ in range(min(dice.randint(20, 300), count - made)):
            at += timedelta(minutes=30 * dice.random())
            where = Location(
                max(-90.0, min(90.0, latitude + dice.gauss(0, 0.01))),
                max(-180.0, min(180.0, longitude + dice.gauss(0, 0.01))),
                0.02,
                "exif",
            )
            own = where if dice.random() < 2 / 3 else None
            ranked = (goal, *dice.sample(landmarks, 4))
            chances = (0.6, 0.2, 0.1, 0.06, 0.04)
            shown = dice.random() < 0.2
            yield CatalogPhoto(
                path=root / f"{at.year}" / f"{at.month:02}" / f"IMG_{made:06}.jpg",
                size=3_000_000,
                mtime_ns=1_700_000_000_000_000_000 + made,
                content_hash=f"{made:032x}",
                taken_at=at.replace(microsecond=0),
                camera="Canon EOS R6",
                own_location=own,
                recognition=Recognition(
                    "landmark" if shown else "unknown",
                    tuple(map(Prediction, ranked, chances)),
                    None,
                    "world@2",
                    certainty=0.9 if shown else 0.5 * dice.random(),
                ),
            )
            made += 1


def point_of(landmark: Any) -> tuple[float, float]:
    """A landmark's latitude and longitude."""
    return landmark.latitude, landmark.longitude


def measure(root: Path, count: int) -> list[dict[str, object]]:
    """A row for each question: milliseconds the first time, and in the middle of several."""
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(root, theirs))
    process.start()
    address, started = ours.recv()
    rows: list[dict[str, object]] = []

    def note(question: str, milliseconds: list[float], size: int) -> None:
        ordered = sorted(milliseconds)
        rows.append(
            {
                "photos": count,
                "question": question,
                "first_ms": round(milliseconds[0], 1),
                "median_ms": round(statistics.median(ordered), 1),
                "p99_ms": round(ordered[int(0.99 * (len(ordered) - 1))], 1),
                "kilobytes": round(size / 1000, 1),
            }
        )

    with httpx2.Client(base_url=address, timeout=PATIENCE_SECONDS) as http:

        def ask(path: str, **query: object) -> tuple[float, Any]:
            begun = time.perf_counter()
            answer = http.get(f"/api/library{path}", params=query)
            milliseconds = 1e3 * (time.perf_counter() - begun)
            answer.raise_for_status()
            return milliseconds, answer

        def several(question: str, times: int, once: Callable[[int], tuple[float, Any]]) -> None:
            answers = [once(number) for number in range(times)]
            note(question, [each for each, _ in answers], len(answers[-1][1].content))

        ask("")
        note("what the server works out at its start", [1e3 * (time.time() - started)], 0)
        for by in ARRANGEMENTS:
            several(f"groups by {by}", 9, lambda _, by=by: ask("/groups", by=by))
        dice = random.Random(5)
        several(
            f"a page of {PAGE}",
            200,
            lambda _: ask("/photos", by="place", offset=dice.randrange(count), limit=PAGE),
        )
        several("map", 5, lambda _: ask("/map"))
        several("review queue", 9, lambda _: ask("/review", queue="suggested"))
        photos = ask("/photos", by="day", limit=9)[1].json()["photos"]

        def decide(number: int) -> tuple[float, Any]:
            body = {"ids": [photos[number]["id"]], "decision": "reject"}
            begun = time.perf_counter()
            answer = http.post("/api/library/review", json=body)
            return 1e3 * (time.perf_counter() - begun), answer

        several("a decision", 5, decide)
        several("groups by place after a decision", 1, lambda _: ask("/groups", by="place"))
    ours.send("end")
    megabytes = ours.recv()
    process.join()
    return [{**row, "server_megabytes": megabytes} for row in rows]


def serve(root: Path, connection: Connection[Any, Any]) -> None:
    """The server's process: says where it is and since when, and at its end how large it was."""
    with contextlib.suppress(EOFError):
        started = time.time()
        app = create_app(whereshot.load(), Settings(library=(root,)))
        with serving(app) as url:
            connection.send((url, started))
            connection.recv()
            kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            connection.send(round(kilobytes / 1024))


if __name__ == "__main__":
    main()
