"""`whereshot serve` as a person meets it: started, asked, stopped, and when it can't start."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest


@contextmanager
def started(command: Callable[..., list[str | bytes]], *arguments: object) -> Iterator[tuple]:
    """Run `whereshot serve` on a free port; yields the process and what it said when ready."""
    process = subprocess.Popen(
        command("serve", "--port", "0", *map(str, arguments)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process, process.stderr.readline()
        finally:
            process.kill()


def test_it_says_where_it_is_ready_answers_and_stops_in_order(
    command, tiny_bundle, paint, tmp_path
):
    with started(command, "--bundle", tiny_bundle) as (process, ready):
        url = re.search(r"^whereshot is ready at (http://127\.0\.0\.1:\d+) ", ready)[1]
        with urllib.request.urlopen(f"{url}/healthz", timeout=30) as answer:
            assert json.load(answer)["bundle"] == "tiny@1"
        photo = paint(tmp_path / "blue.jpg", "blue").read_bytes()
        body = (
            b'--b\r\nContent-Disposition: form-data; name="photos"; filename="blue.jpg"\r\n\r\n'
            + photo
            + b"\r\n--b--\r\n"
        )
        headers = {"Content-Type": "multipart/form-data; boundary=b"}
        request = urllib.request.Request(f"{url}/api/recognize", body, headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            assert json.load(answer)[0]["predictions"][0]["id"] == "niagara_falls"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (0, "", "")


def test_it_takes_smaller_photos_than_the_command_line_does(command, tiny_bundle, tmp_path):
    from PIL import Image

    large = tmp_path / "large.png"
    Image.new("1", (10_000, 5001)).save(large)  # 8 kB, and just above 50 megapixels
    body = (
        b'--b\r\nContent-Disposition: form-data; name="photos"; filename="large.png"\r\n\r\n'
        + large.read_bytes()
        + b"\r\n--b--\r\n"
    )
    with started(command, "--bundle", tiny_bundle) as (_, ready):
        url = re.search(r"^whereshot is ready at (http://127\.0\.0\.1:\d+) ", ready)[1]
        headers = {"Content-Type": "multipart/form-data; boundary=b"}
        request = urllib.request.Request(f"{url}/api/recognize", body, headers)
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request, timeout=30)
        with refused.value as answer:
            assert answer.code == 413
            assert "the limit is 50,000,000" in json.load(answer)[0]["error"]["message"]


def test_on_all_addresses_it_warns_that_the_network_can_use_it(command, tiny_bundle):
    with started(command, "--bundle", tiny_bundle, "--host", "0.0.0.0") as (process, ready):
        assert "http://127.0.0.1:" in ready
        assert "everybody on your network" in process.stderr.readline()


def test_open_shows_the_page_in_the_browser(command, tiny_bundle, tmp_path):
    if os.name != "posix":
        pytest.skip("the stand-in for a browser is a shell script")
    seen = tmp_path / "seen.txt"
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > "{seen}.part" && mv "{seen}.part" "{seen}"\n')
    browser.chmod(0o755)
    environment = {**os.environ, "BROWSER": str(browser)}
    process = subprocess.Popen(
        command("serve", "--port", "0", "--bundle", str(tiny_bundle), "--open"),
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )
    with process:
        try:
            url = re.search(r"http://\S+", process.stderr.readline())[0]
            patience = time.monotonic() + 30
            while not seen.exists() and time.monotonic() < patience:
                time.sleep(0.02)
        finally:
            process.kill()
    assert seen.read_text().strip() == url


def test_a_port_in_use_is_one_clear_line(run, tiny_bundle):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        ran = run("serve", "--port", port, "--bundle", tiny_bundle)
    assert ran.status == 1
    assert ran.out == ""
    assert ran.err.startswith(f"whereshot: Port {port} on 127.0.0.1 is in use")
    assert ran.err.count("\n") == 1


def test_a_missing_bundle_is_one_clear_line_and_frees_the_port(run, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
    ran = run("serve", "--port", port, "--bundle", tmp_path / "nowhere")
    assert ran.status == 1
    assert "nowhere" in ran.err
    assert ran.err.count("\n") == 1
    socket.create_server(("127.0.0.1", port)).close()


@pytest.mark.parametrize("port", ["-1", "65536", "web"])
def test_a_port_that_is_none_is_wrong_usage(run, port):
    assert run("serve", "--port", port).status == 2


def test_help_loads_no_server():
    code = (
        "import sys; from whereshot.cli import main; main(['serve', '--help']); "
        "print(sorted({'fastapi', 'uvicorn', 'numpy', 'onnxruntime'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    assert "--no-open" in re.sub(r"\x1b\[[0-9;]*m", "", done.stdout)


FIRST, SECOND, THIRD = (f"the-key-of-the-{which}-client" for which in ("one", "two", "three"))


def ask(url: str, path: str, **headers: str) -> int:
    request = urllib.request.Request(f"{url}{path}", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code


def test_settings_come_from_options_the_environment_and_a_file(
    command, tiny_bundle, tmp_path, monkeypatch
):
    keys = tmp_path / "keys.txt"
    keys.write_text(f"# of the first client\n{FIRST}\n\n")
    monkeypatch.setenv("WHERESHOT_API_KEYS", f"{SECOND} {THIRD}")
    monkeypatch.setenv("WHERESHOT_BUNDLE", str(tiny_bundle))
    monkeypatch.setenv("WHERESHOT_METRICS", "0")
    options = ("--api-key-file", keys, "--log-format", "json", "--allowed-host", "photos.example")
    with started(command, *options, "--workers", 1) as (process, ready):
        url = re.search(r"http://\S+", ready)[0]
        assert ask(url, "/healthz") == 200
        assert ask(url, "/healthz", Host="photos.example") == 200
        assert ask(url, "/api/landmarks") == 401
        for key in (FIRST, SECOND, THIRD):
            assert ask(url, "/api/landmarks", **{"X-API-Key": key}) == 200
        assert ask(url, "/metrics", **{"X-API-Key": SECOND}) == 404
        process.send_signal(signal.SIGTERM)
        lines = process.communicate(timeout=60)[1].splitlines()
    assert process.returncode == 0
    assert [json.loads(line)["status"] for line in lines] == [200, 200, 401, 200, 200, 200, 404]


@pytest.mark.parametrize(
    ("option", "value", "says"),
    [
        ("--api-key", "short", "expected 16 or more"),
        ("--api-key-file", "nowhere.txt", "No such file"),
        ("--library", "nowhere", "does not exist"),
        ("--rate", "0", "equal to 1"),
        ("--log-format", "xml", "xml"),
        ("--worker-megabytes", "1", "256"),
    ],
)
def test_a_setting_that_can_not_be_is_wrong_usage(run, tiny_bundle, option, value, says):
    ran = run("serve", "--port", "0", "--bundle", tiny_bundle, option, value)
    assert ran.status == 2
    assert says in " ".join(ran.err.replace("│", " ").split())  # it stands in a box
