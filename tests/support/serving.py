"""A recognizer without a network, and a real server around an app, for the tests of `serve`."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

from whereshot.errors import (
    DamagedPhotoError,
    PhotoError,
    PhotoTooLargeError,
    UnsupportedPhotoError,
)
from whereshot.records import Failure, Landmark, Location, Photo, Prediction, Recognition
from whereshot.serve.server import bind, url_of

HILL = Landmark("hill", "Hill", 10.0, 20.0, 1.0, "Hillia", "HI", "Hilltop", aliases=("Höhe",))
LAKE = Landmark("lake", "Lake", -10.0, 30.0, 2.5, "Lakia", "LA", kind="natural")
BRIDGE = Landmark("bridge", "Bridge", 50.0, -120.0, 0.3, "Bridgia", "BR")
LANDMARKS = (HILL, LAKE, BRIDGE)
REGION = ((-0.2, 1.4), (40.6, 1.4), (40.6, 30.0), (-0.2, 30.0))

TROUBLES: dict[bytes, PhotoError] = {
    b"": DamagedPhotoError("The photo (0 bytes) is empty."),
    b"text": UnsupportedPhotoError("The photo (4 bytes) is no photo."),
    b"wide": PhotoTooLargeError("The photo (4 bytes) has too many pixels."),
}


class FakeRecognizer:
    """Takes a "photo" at its word: `b"lake"` shows the lake, `b"lake gps"` has a position too,
    `b"nothing"` is unknown, `b"bug"` is a bug of ours, and TROUBLES can't be read.
    """

    name = "fake@1"
    landmarks = LANDMARKS

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds
        self.now = 0  # calls that are running
        self.most = 0
        self.threads: set[int] = set()
        self._lock = threading.Lock()

    def recognize(self, photo: Photo, *, k: int = 5, region: bool = False) -> Recognition:
        assert isinstance(photo, bytes), "the app must hand over bytes, never a path"
        with self._lock:
            self.now += 1
            self.most = max(self.most, self.now)
            self.threads.add(threading.get_ident())
        try:
            time.sleep(self.seconds)
            return self._answer(photo, k, region)
        finally:
            with self._lock:
                self.now -= 1

    def _answer(self, photo: bytes, k: int, region: bool) -> Recognition:
        if photo == b"bug":
            raise RuntimeError("secret detail of a bug")
        if photo in TROUBLES:
            raise TROUBLES[photo]
        word, *rest = photo.decode().split()
        ranked = sorted(LANDMARKS, key=lambda landmark: landmark.id != word)
        chances = (0.9, 0.0600004, 0.04) if word == ranked[0].id else (0.4, 0.35, 0.25)
        verdict = "landmark" if word == ranked[0].id else "unknown"
        location = ranked[0].location if verdict == "landmark" else None
        return Recognition(
            verdict=verdict,
            predictions=tuple(map(Prediction, ranked, chances))[:k],
            location=Location(1.5, 2.5, 0.02, "exif") if "gps" in rest else location,
            bundle=self.name,
            milliseconds={"decode": 1.26, "model": 2.0},
            region=REGION if region and verdict == "landmark" else None,
            certainty=0.97 if verdict == "landmark" else 0.12,
        )

    def recognize_many(
        self, photos: Iterable[Photo], *, k: int = 5
    ) -> Iterator[Recognition | Failure]:
        raise NotImplementedError


@contextmanager
def serving(app: FastAPI) -> Iterator[str]:
    """Serve an app on a free port of this machine; yields its address."""
    listener = bind("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield url_of(listener, "127.0.0.1")
    finally:
        server.should_exit = True
        thread.join(timeout=20)
        assert not thread.is_alive(), "the server did not stop"
