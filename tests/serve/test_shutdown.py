"""A server that is asked to stop: running requests end, and no process is left."""

from __future__ import annotations

import io
import os
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import httpx2
import psutil
import pytest
from PIL import Image

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name != "posix", reason="signals of POSIX"),
    pytest.mark.usefixtures("ctrl_c"),
]
PATIENCE = 60


@contextmanager
def served(bundle, *options):
    """A running `whereshot serve`, as (process, address)."""
    command = ["-m", "whereshot", "serve", "--port", "0", "--bundle", str(bundle), *options]
    process = subprocess.Popen([sys.executable, *command], stderr=subprocess.PIPE, text=True)
    try:
        ready = process.stderr.readline()
        yield process, re.search(r"http://\S+", ready)[0]
    finally:
        process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def slow_photo():
    """A photo that takes a while: a PNG of 12 megapixels."""
    file = io.BytesIO()
    Image.effect_noise((800, 600), 60).resize((4000, 3000)).save(file, "PNG", compress_level=1)
    return file.getvalue()


def family(process):
    return psutil.Process(process.pid).children(recursive=True)


def wait_until(condition):
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_running_request_is_answered_and_all_processes_end(tiny_bundle, slow_photo, number):
    with served(tiny_bundle, "--workers", "1") as (process, url), ThreadPoolExecutor() as pool:
        started = family(process)
        asked = pool.submit(
            httpx2.post,
            f"{url}/api/recognize",
            files=[("photos", ("a.png", slow_photo))] * 2,
            timeout=PATIENCE,
        )
        wait_until(lambda: "whereshot_workers_busy 1" in httpx2.get(f"{url}/metrics").text)
        process.send_signal(number)
        assert asked.result().status_code == 200
        assert [answer["photo"] for answer in asked.result().json()] == ["a.png"] * 2
        assert process.wait(PATIENCE) == 0
        assert started
        wait_until(lambda: not any(child.is_running() for child in started))


def test_a_signal_to_the_whole_group_lets_running_requests_end_too(tiny_bundle, slow_photo):
    """What a terminal does at Ctrl-C, and some process managers do with SIGTERM."""
    with served(tiny_bundle, "--workers", "1") as (process, url), ThreadPoolExecutor() as pool:
        asked = pool.submit(
            httpx2.post,
            f"{url}/api/recognize",
            files={"photos": ("a.png", slow_photo)},
            timeout=PATIENCE,
        )
        wait_until(lambda: "whereshot_workers_busy 1" in httpx2.get(f"{url}/metrics").text)
        for each in (psutil.Process(process.pid), *family(process)):
            each.send_signal(signal.SIGTERM)
        assert asked.result().status_code == 200
        assert process.wait(PATIENCE) == 0


def test_a_second_ctrl_c_ends_at_once_and_leaves_no_process(tiny_bundle, slow_photo):
    with served(tiny_bundle, "--workers", "1") as (process, url), ThreadPoolExecutor() as pool:
        started = family(process)
        asked = pool.submit(
            httpx2.post,
            f"{url}/api/recognize",
            files=[("photos", ("a.png", slow_photo))] * 20,
            timeout=PATIENCE,
        )
        wait_until(lambda: "whereshot_workers_busy 1" in httpx2.get(f"{url}/metrics").text)
        process.send_signal(signal.SIGINT)
        wait_until(lambda: process.poll() is not None or not answers(url))
        process.send_signal(signal.SIGINT)
        process.wait(PATIENCE)
        assert asked.exception() is not None or asked.result().status_code != 200
        wait_until(lambda: not any(child.is_running() for child in started))


def answers(url):
    try:
        httpx2.get(f"{url}/healthz", timeout=1)
    except httpx2.HTTPError:
        return False
    return True


def test_an_idle_connection_does_not_hold_up_the_end(tiny_bundle):
    with served(tiny_bundle) as (process, url), httpx2.Client(base_url=url) as client:
        assert client.get("/healthz").status_code == 200  # and the connection stays
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 0
