"""Speed and memory of a whole library: processes, what the parts allow, and a course app's way.

    python benchmarks/library.py PHOTOS RUN [--count 2000] [--rows 200000] [--workers 2]

PHOTOS is a folder with photos of any size, such as `photos/world`; 12-megapixel JPEGs that weigh
what a phone's weigh are made from them. RUN is the training run that the shipped bundle was
exported from: the course app's way needs its network. Takes 15 GB of disk for 2,000 photos.

The parts are decoding and the network on one core, as a recognizer reports them, measured before
and after the library; they allow as many photos a second as there are workers, divided by their
sum. A course app is granted that its workers don't disturb each other: its milliseconds are of one
photo on one idle core. Memory is what all processes of a run hold together, looked at ten times a
second; what they share counts for each of them. The rows are photos that are as they were: files
of one byte, known to the catalog.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from _phone import grain, phone_jpeg
from _table import ROOT, machine, versions, write_results
from PIL import Image

import whereshot
from whereshot.library.catalog import Catalog
from whereshot.library.census import take_census
from whereshot.library.index import RecognizerFactory, index_library
from whereshot.library.scan import Scan
from whereshot.photo.suffixes import is_photo
from whereshot.recognize import find_bundle, read_bundle

FEW = 200  # photos: memory must not be less than with many
SAMPLE = 24  # photos whose parts are measured
SLOW_SAMPLE = 6  # photos that a course app is shown
PER_FOLDER = 100


def make_library(sources: Sequence[Path], count: int, to: Path) -> None:
    """`count` large JPEGs, all different, in folders of a hundred."""
    chosen = random.Random(0).sample(list(sources), min(count, len(sources)))
    tasks = [(number, chosen[number % len(chosen)], to) for number in range(count)]
    with ProcessPoolExecutor() as pool:
        list(pool.map(_make_photo, tasks, chunksize=16))


def _make_photo(task: tuple[int, Path, Path]) -> None:
    number, source, to = task
    path = to / f"{number // PER_FOLDER:04}" / f"IMG_{number:06}.jpg"
    path.parent.mkdir(parents=True, exist_ok=True)
    with Image.open(source) as picture:
        # A part of the photo, so that one that comes again is another photo.
        width, height = picture.size
        edge = 0.02 * (number % 7)
        part = picture.crop((int(edge * width), int(edge * height), width, height))
        path.write_bytes(phone_jpeg(part, np.roll(_noise(), 977 * number)))


def _noise(kept: list[np.ndarray] = []) -> np.ndarray:  # noqa: B006 - made once a process
    if not kept:
        kept.append(np.rint(grain(np.random.default_rng(0))).astype(np.int16))
    return kept[0]


def part_milliseconds(photos: Iterable[Path]) -> float:
    """Milliseconds of decoding and of the network for one photo, on one core: the median."""
    recognizer = whereshot.load(threads=1)
    times = [sum(recognizer.recognize(path).milliseconds.values()) for path in photos]
    return statistics.median(times[1:])  # the first one warms up


def thread_rate(photos: Sequence[Path], workers: int) -> float:
    """Photos a second of one process that has threads: what the processes are to be better than."""
    recognizer = whereshot.load(threads=1)
    recognizer.recognize(photos[0])
    started = time.perf_counter()
    count = sum(1 for _ in recognizer.recognize_many(photos, workers=workers))
    return count / (time.perf_counter() - started)


class Memory(threading.Thread):
    """The most that a process and those below it hold together, in megabytes."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._root = psutil.Process(pid)
        self.peak = 0.0
        self.start()

    def run(self) -> None:
        """Look until the process is gone."""
        while self._root.is_running() and self._root.status() != psutil.STATUS_ZOMBIE:
            held = 0
            for process in (self._root, *self._root.children(recursive=True)):
                try:
                    held += process.memory_info().rss
                except psutil.NoSuchProcess:
                    continue
            self.peak = max(self.peak, held / 1e6)
            time.sleep(0.1)


def index_apart(
    folders: Sequence[Path], workers: int, catalog: Path
) -> tuple[dict[str, Any], float]:
    """Index folders in a process that has nothing else in it: summary, and peak megabytes."""
    process = subprocess.Popen(
        [sys.executable, __file__, "--index", str(catalog), str(workers), *map(str, folders)],
        stdout=subprocess.PIPE,
        text=True,
    )
    memory = Memory(process.pid)
    output, _ = process.communicate()
    memory.join()
    if process.returncode:
        raise SystemExit(f"indexing failed with status {process.returncode}")
    return json.loads(output), memory.peak


def index_here(catalog: Path, workers: int, folders: Sequence[Path]) -> None:
    """What `index_apart` runs."""
    factory = RecognizerFactory(bundle_title(), partial(whereshot.load, threads=1))
    with Catalog(catalog) as opened:
        summary = asdict(index_library(opened, folders, factory, workers=workers))
    del summary["problems"]
    print(json.dumps(summary))


def bundle_title() -> str:
    """What the shipped bundle calls itself."""
    return read_bundle(find_bundle(None)).title


def scan_rate(rows: int, folder: Path) -> tuple[float, float]:
    """Photos a second of a run over photos that are as they were: the best of three, and MB."""
    for number in range(rows):
        path = folder / f"{number // PER_FOLDER:05}" / f"IMG_{number:07}.jpg"
        if number % PER_FOLDER == 0:
            path.parent.mkdir()
        path.write_bytes(b"1")
    recognizer = whereshot.load(threads=1)
    with Catalog(folder / "catalog.sqlite") as catalog:
        take_census(catalog, Scan([folder]), recognizer.name)
        with catalog.transaction():
            number = catalog.answers.bundle_number(recognizer.name)
            answer = "verdict = 'unknown', predictions = '[[1,0.5]]'"
            catalog.connection.execute(
                f"UPDATE photos SET pending = 0, bundle = ?, {answer}", (number,)
            )
        before = psutil.Process().memory_info().rss
        rates: list[float] = []
        for _ in range(3):
            summary = index_library(catalog, [folder], recognizer)
            assert summary.settled == summary.found == rows, summary
            rates.append(rows / summary.seconds)
        return max(rates), (psutil.Process().memory_info().rss - before) / 1e6


def course_milliseconds(run: Path, photos: Sequence[Path]) -> dict[str, float]:
    """Milliseconds a photo of a course app with the same network and with a ResNet-50."""
    # Only here: torch is not to be in the processes whose memory is measured.
    import speed
    import torch
    from torchvision.models import resnet50

    from whereshot.learn.run import load_run

    torch.set_num_threads(1)
    trained = load_run(run)
    backbone = trained.network.backbone
    ways: dict[str, Callable[[Path], object]] = {
        "same network": speed.course_way(
            speed.Classifier(trained.network), list(backbone.mean), list(backbone.std)
        ),
        "ResNet-50": speed.course_way(
            resnet50(num_classes=len(trained.classes)), [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
        ),
    }
    found: dict[str, float] = {}
    for name, way in ways.items():
        way(photos[0])
        times: list[float] = []
        for path in photos:
            started = time.perf_counter()
            way(path)
            times.append(1e3 * (time.perf_counter() - started))
        found[name] = statistics.median(times)
    return found


def main() -> None:
    """Measure, print, and write `results/library.csv`."""
    if sys.argv[1:2] == ["--index"]:
        index_here(Path(sys.argv[2]), int(sys.argv[3]), [Path(each) for each in sys.argv[4:]])
        return
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photos", type=Path)
    parser.add_argument("run", type=Path)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    workers = options.workers
    sources = sorted(path for path in options.photos.rglob("*") if is_photo(path.name))
    with tempfile.TemporaryDirectory(prefix="whereshot-library-") as folder:
        library = Path(folder) / "library"
        make_library(sources, options.count, library)
        photos = sorted(library.rglob("*.jpg"))
        megabytes = statistics.mean(path.stat().st_size for path in photos) / 1e6
        sample = photos[:: max(1, len(photos) // SAMPLE)]

        first = sorted(library.iterdir())[: FEW // PER_FOLDER]
        small, peak_few = index_apart(first, workers, Path(folder) / "few.sqlite")
        parts = [part_milliseconds(sample)]
        whole, peak_many = index_apart([library], workers, Path(folder) / "many.sqlite")
        parts.append(part_milliseconds(sample))
        threads = thread_rate(photos[:FEW], workers)
        course = course_milliseconds(options.run, sample[:SLOW_SAMPLE])
        rows_folder = Path(folder) / "rows"
        rows_folder.mkdir()
        scanned, scan_megabytes = scan_rate(options.rows, rows_folder)

    milliseconds = statistics.mean(parts)
    rate = whole["recognized"] / whole["seconds"]
    allowed = 1000 * workers / milliseconds
    rows: list[dict[str, object]] = [
        {"what": what, "value": round(value, 3), "unit": unit}
        for what, value, unit in (
            ("decode and network, one core", milliseconds, "ms"),
            ("what the parts allow", allowed, "photos/s"),
            ("library", rate, "photos/s"),
            ("library / what the parts allow", rate / allowed, ""),
            ("recognize_many, as many threads", threads, "photos/s"),
            *(
                row
                for name, each in course.items()
                for row in (
                    (f"course app, {name}, one core", each, "ms"),
                    (f"library / course app, {name}", rate * each / 1000 / workers, ""),
                )
            ),
            (f"peak memory, {small['found']:,} photos", peak_few, "MB"),
            (f"peak memory, {whole['found']:,} photos", peak_many, "MB"),
            (f"photos that are as they were, {options.rows:,}", scanned, "photos/s"),
            ("memory that this adds", scan_megabytes, "MB"),
        )
    ]
    print(f"{whole['found']:,} JPEGs of 12 megapixels, {megabytes:.1f} MB each; {workers} workers")
    for row in rows:
        print(f"{row['what']:46} {row['value']:>12,} {row['unit']}")
    assert whole["recognized"] + whole["near_duplicates"] == whole["found"], whole
    about = {
        **machine(),
        "bundle": bundle_title(),
        "versions": versions("onnxruntime", "simplejpeg", "Pillow", "numpy"),
    }
    print(f"written: {write_results('library', rows, about).relative_to(ROOT)}")


if __name__ == "__main__":
    main()
