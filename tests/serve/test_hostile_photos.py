"""Bad photos over HTTP, with the real decoder: a sentence, never a crash, and the server lives."""

from __future__ import annotations

import io
import os
import struct
import zlib
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import httpx2
import psutil
import pytest
from damage import damaged
from PIL import Image
from serving import serving

import whereshot
from whereshot.serve.app import create_app
from whereshot.serve.process_engine import ProcessEngine
from whereshot.serve.settings import Settings
from whereshot.serve.uploads import UploadLimits
from whereshot.serve.worker import WorkerPlan


@pytest.fixture(scope="module")
def recognizer(tiny_bundle):
    return whereshot.load(tiny_bundle, limits=UploadLimits().photo)


def photo(color=(220, 30, 30), kind="JPEG"):
    file = io.BytesIO()
    Image.new("RGB", (64, 48), color).save(file, kind)
    return file.getvalue()


def png_of(width, height):
    """A PNG whose header says width x height, and that has no pixels."""

    def chunk(name, data):
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


BAD = {
    "empty": (b"", 422, "DamagedPhotoError"),
    "text": (b"Dear diary, today I saw the Great Wall. " * 9, 415, "UnsupportedPhotoError"),
    "html": (b"<html><script>alert(1)</script></html>", 415, "UnsupportedPhotoError"),
    "zeros": (bytes(4096), 415, "UnsupportedPhotoError"),
    "truncated": (photo()[:300], 422, "DamagedPhotoError"),
    "bomb": (png_of(100_000, 100_000), 413, "PhotoTooLargeError"),
    "more pixels than a server takes": (png_of(10_000, 5001), 413, "PhotoTooLargeError"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_photo_is_a_4xx_with_a_sentence(client, name):
    content, status, type_ = BAD[name]
    response = client.post("/api/recognize", files={"photos": ("a.jpg", content)})
    assert response.status_code == status
    (answer,) = response.json()
    assert answer["photo"] == "a.jpg"
    assert answer["error"]["type"] == type_
    assert len(answer["error"]["message"]) > 20


def test_a_good_photo_among_bad_ones_is_recognized(client):
    files = [("photos", (f"{name}.jpg", content)) for name, (content, _, _) in BAD.items()]
    response = client.post("/api/recognize", files=[*files, ("photos", ("good.jpg", photo()))])
    assert response.status_code == 200
    *failed, good = response.json()
    assert [answer["error"]["type"] for answer in failed] == [type_ for _, _, type_ in BAD.values()]
    assert good["predictions"][0]["id"] == "golden_gate_bridge"


def test_damaged_photos_of_all_formats_never_make_a_5xx(client):
    for name, content in damaged(count=150, seed=7):
        response = client.post("/api/recognize", files={"photos": (name, content)})
        assert response.status_code in {200, 413, 415, 422}, name
        (answer,) = response.json()
        assert answer["photo"] == name
        assert "verdict" in answer or answer["error"]["message"]


def memory_of(pids):
    """What processes hold in memory, in MB."""
    return sum(psutil.Process(pid).memory_info().rss for pid in pids) / 1e6


@pytest.mark.slow
def test_worker_processes_live_through_damaged_photos_in_bounded_memory(tiny_bundle):
    settings = Settings(workers=2)
    plan = WorkerPlan(partial(whereshot.load, tiny_bundle, limits=settings.limits.photo), 1024)
    engine = ProcessEngine(plan, settings)
    with (
        serving(create_app(engine, settings)) as url,
        httpx2.Client(base_url=url, timeout=60) as http,
        ThreadPoolExecutor(4) as pool,
    ):

        def ask(photo):
            name, content = photo
            response = http.post("/api/recognize", files={"photos": (name, content)})
            (answer,) = response.json()
            assert answer["photo"] == name
            assert "verdict" in answer or len(answer["error"]["message"]) > 20
            return response.status_code

        bad = [(f"{name}.jpg", content) for name, (content, _, _) in BAD.items()]
        assert list(pool.map(ask, bad)) == [status for _, status, _ in BAD.values()]
        assert set(pool.map(ask, damaged(count=150, seed=11))) <= {200, 413, 415, 422}
        everybody = [os.getpid(), *(child.pid for child in psutil.Process().children())]
        before = memory_of(everybody)
        assert set(pool.map(ask, damaged(count=300, seed=12))) <= {200, 413, 415, 422}
        assert memory_of(everybody) < before + 150
        assert engine.state.deaths == 0
        assert ask(("good.jpg", photo())) == 200


def test_concurrent_requests_get_their_own_answers(recognizer):
    colors = {
        "golden_gate_bridge": (220, 30, 30),
        "machu_picchu": (30, 220, 30),
        "niagara_falls": (30, 30, 220),
    }
    photos = [(expected, photo(color)) for expected, color in colors.items()]

    with serving(create_app(recognizer)) as url, httpx2.Client(base_url=url) as http:

        def ask(number):
            picks = [photos[(number + step) % 3] for step in range(1 + number % 3)]
            files = [("photos", (f"{number}-{i}.jpg", data)) for i, (_, data) in enumerate(picks)]
            answers = http.post("/api/recognize", files=files, timeout=60).json()
            return [
                (answer["photo"], answer["predictions"][0]["id"], answer["verdict"])
                for answer in answers
            ] == [(f"{number}-{i}.jpg", id_, "landmark") for i, (id_, _) in enumerate(picks)]

        with ThreadPoolExecutor(12) as pool:
            assert all(pool.map(ask, range(60)))
