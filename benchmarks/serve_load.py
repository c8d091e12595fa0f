"""The server under load: what HTTP costs, what is lost (nothing), and whether memory stays flat.

    python benchmarks/serve_load.py [--photos DIR] [--clients 100] [--requests 20000]

`whereshot serve` runs as people start it, with one worker per core; its clients are a third process
on the same machine. Parts, each a row of the table:

- throughput: the same photos through the server and through `recognize_many` with as many workers,
  in turns; the ratio is the median over rounds.
- overload: a queue that is far too short for the clients, who are told to come again (503).
- rate: more requests than one address may send in a minute (429).
- killed: workers are killed with SIGKILL in the middle of it.
- memory: `--requests` small photos; memory of all processes after a tenth of them, and at the end.

Every answer is compared with what `recognize_many` says of that photo: ids and probabilities. The
photos are made from the CC0 samples, in the sizes of phones, of web pages and of thumbnails; DIR
takes real ones.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import multiprocessing
import os
import random
import re
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import psutil
from _load_client import Report, Shot, drive, ranking_of
from _phone import grain, phone_jpeg
from _table import ROOT, machine, versions, write_results
from PIL import Image

from whereshot import load
from whereshot.cores import available_cores
from whereshot.recognize import recognition_to_dict
from whereshot.recognize.recognizer import OnnxRecognizer

SIDES = (480, 1280, 1280, 2048)  # px of the longer side of what is no phone's photo


def made_photos(count: int) -> list[bytes]:
    """Different photos in mixed sizes: a quarter of them as a phone makes them."""
    chance, rng = random.Random(0), np.random.default_rng(0)
    samples = [Image.open(path) for path in sorted((ROOT / "tests" / "samples").glob("*.jpg"))]
    noise = grain(rng)
    photos: list[bytes] = []
    for number in range(count):
        picture = _crop(samples[number % len(samples)], chance)
        if number % 4 == 3:
            photos.append(phone_jpeg(picture, noise))
        else:
            side = SIDES[number % len(SIDES)]
            photos.append(_jpeg(picture, side))
    return photos


def _crop(picture: Image.Image, chance: random.Random) -> Image.Image:
    share = chance.uniform(0.6, 0.95)
    width, height = int(share * picture.width), int(share * picture.height)
    left, top = chance.randint(0, picture.width - width), chance.randint(0, picture.height - height)
    return picture.crop((left, top, left + width, top + height))


def _jpeg(picture: Image.Image, side: int, quality: int = 88) -> bytes:
    factor = side / max(picture.size)
    size = (max(1, int(factor * picture.width)), max(1, int(factor * picture.height)))
    buffer = io.BytesIO()
    picture.convert("RGB").resize(size, Image.Resampling.LANCZOS).save(
        buffer, "JPEG", quality=quality
    )
    return buffer.getvalue()


def shots_of(recognizer: OnnxRecognizer, photos: Sequence[bytes]) -> list[Shot]:
    """Photos with the answers that they must get."""
    return [
        Shot(f"{number}.jpg", photo, ranking_of(recognition_to_dict(recognizer.recognize(photo))))
        for number, photo in enumerate(photos)
    ]


class Server:
    """A running `whereshot serve`."""

    def __init__(self, *options: str) -> None:
        command = [sys.executable, "-m", "whereshot", "serve", "--port", "0", *options]
        self._process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        assert self._process.stderr is not None
        ready = self._process.stderr.readline()
        found = re.search(r"http://[^:]+:(\d+)", ready)
        if found is None:
            raise RuntimeError(f"The server did not start: {ready}")
        self.port = int(found[1])
        self._ours = psutil.Process(self._process.pid)

    def workers(self) -> list[psutil.Process]:
        """Its worker processes."""
        return [each for each in self._ours.children() if "spawn_main" in " ".join(each.cmdline())]

    def megabytes(self) -> float:
        """What all of its processes hold in memory."""
        everybody = [self._ours, *self._ours.children(recursive=True)]
        return sum(each.memory_info().rss for each in everybody) / 1e6

    def stop(self) -> None:
        """Stop it as a service manager does."""
        self._process.send_signal(signal.SIGTERM)
        self._process.communicate()


@contextlib.contextmanager
def serving(*options: str) -> Iterator[Server]:
    """A server as long as the block takes."""
    server = Server(*options)
    try:
        yield server
    finally:
        server.stop()


class Clients:
    """The process that the clients live in."""

    def __init__(self) -> None:
        self._pool = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"))

    def drive(self, server: Server, shots: list[Shot], count: int, clients: int) -> Report:
        """Send `count` photos, the shots over and over, in an order that is always the same."""
        order = [number % len(shots) for number in range(count)]
        random.Random(1).shuffle(order)
        return self._pool.submit(drive, server.port, shots, order, clients).result()

    def close(self) -> None:
        """End the process."""
        self._pool.shutdown()


def row_of(part: str, report: Report, options: argparse.Namespace, **more: object) -> dict:
    """A row of the table; what a part does not measure stays empty."""
    times = sorted(report.milliseconds)
    row = {
        "part": part,
        "requests": report.right + report.wrong + report.lost + sum(report.errors.values()),
        "clients": options.clients,
        "photos_a_second": round(len(times) / report.seconds, 1),
        "times_recognize_many": "",
        "p50_ms": round(statistics.median(times)),
        "p99_ms": round(times[int(0.99 * (len(times) - 1))]),
        "wrong": report.wrong,
        "lost": report.lost,
        "errors_500": sum(report.errors.values()),
        "busy_503": report.busy[503],
        "busy_429": report.busy[429],
        "killed": "",
        "megabytes_early": "",
        "megabytes_late": "",
    }
    return {**row, **more}


def throughput(clients: Clients, recognizer: OnnxRecognizer, shots: list[Shot], options) -> dict:
    """The server and `recognize_many`, in turns."""
    photos = [shot.content for shot in shots] * (options.photos_a_round // len(shots) + 1)
    photos = photos[: options.photos_a_round]
    ratios: list[float] = []
    whole = Report()
    with serving("--queue", str(2 * options.clients)) as server:
        clients.drive(server, shots, len(shots), options.clients)  # warm
        for _ in range(options.rounds):
            began = time.perf_counter()
            for _ in recognizer.recognize_many(photos, workers=options.workers):
                pass
            alone = time.perf_counter() - began
            report = clients.drive(server, shots, len(photos), options.clients)
            ratios.append(alone / report.seconds)
            _add(whole, report)
    ratio = round(statistics.median(ratios), 2)
    return row_of("throughput", whole, options, times_recognize_many=ratio)


def _add(whole: Report, part: Report) -> None:
    whole.seconds += part.seconds
    whole.right += part.right
    whole.wrong += part.wrong
    whole.lost += part.lost
    whole.errors.update(part.errors)
    whole.busy.update(part.busy)
    whole.milliseconds += part.milliseconds


def overload(clients: Clients, shots: list[Shot], options) -> dict:
    """A queue of 8 for all clients."""
    with serving("--queue", "8") as server:
        report = clients.drive(server, shots, options.photos_a_round, options.clients)
    return row_of("overload", report, options)


def rate(clients: Clients, shots: list[Shot], options) -> dict:
    """Half a minute's worth of requests too many."""
    allowed = 60
    with serving("--rate", str(allowed)) as server:
        return row_of("rate", clients.drive(server, shots, allowed + 30, 5), options, clients=5)


def killed(clients: Clients, shots: list[Shot], options) -> dict:
    """Workers are killed while they work."""
    kills = 3
    with serving("--queue", str(2 * options.clients)) as server:
        stop = threading.Event()

        def kill() -> None:
            for _ in range(kills):
                stop.wait(options.photos_a_round / 100)
                os.kill(random.choice(server.workers()).pid, signal.SIGKILL)

        killer = threading.Thread(target=kill)
        killer.start()
        report = clients.drive(server, shots, options.photos_a_round, options.clients)
        stop.set()
        killer.join()
    return row_of("killed", report, options, killed=kills)


def memory(clients: Clients, shots: list[Shot], options) -> dict:
    """Many small photos; the last of them must find the memory as the first ones left it."""
    with serving("--queue", str(2 * options.clients)) as server:
        first = options.requests // 10
        report = clients.drive(server, shots, first, options.clients)
        early = server.megabytes()
        _add(report, clients.drive(server, shots, options.requests - first, options.clients))
        late = server.megabytes()
    return row_of(
        "memory", report, options, megabytes_early=round(early), megabytes_late=round(late)
    )


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--photos", type=Path, help="a folder of JPEGs instead of made ones")
    parser.add_argument("--clients", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--photos-a-round", type=int, default=400)
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--parts", default="throughput,overload,rate,killed,memory")
    parser.add_argument("--dry", action="store_true", help="print the table and write no file")
    options = parser.parse_args()
    options.workers = available_cores()
    return options


def main() -> None:
    options = parse()
    recognizer = load()
    if options.photos is None:
        photos = made_photos(24)
    else:
        photos = [path.read_bytes() for path in sorted(options.photos.rglob("*.jpg"))[:200]]
    shots = shots_of(recognizer, photos)
    small = shots_of(recognizer, [_jpeg(Image.open(io.BytesIO(each)), 96) for each in photos[:24]])
    print(
        f"{len(photos)} photos, {sum(map(len, photos)) / len(photos) / 1e6:.2f} MB each on average"
    )
    clients = Clients()
    parts = {
        "throughput": lambda: throughput(clients, recognizer, shots, options),
        "overload": lambda: overload(clients, shots, options),
        "rate": lambda: rate(clients, small, options),
        "killed": lambda: killed(clients, shots, options),
        "memory": lambda: memory(clients, small, options),
    }
    rows: list[dict] = []
    for part in options.parts.split(","):
        rows.append(parts[part]())
        print(
            "  ".join(f"{key}={value}" for key, value in rows[-1].items() if value != ""),
            flush=True,
        )
    clients.close()
    if not options.dry:
        about = {
            **machine(),
            "workers": str(options.workers),
            "bundle": recognizer.name,
            "versions": versions("onnxruntime", "uvicorn", "starlette", "python-multipart"),
        }
        print(f"written: {write_results('serve_load', rows, about)}")


if __name__ == "__main__":
    main()
