"""A small web server on this machine, with byte ranges and with the troubles of the real web.

The fixtures `web` and `direct` of tests/conftest.py run it and keep proxies out of the way.
"""

from __future__ import annotations

import io
import os
import threading
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PROXY_VARIABLES = tuple(
    name
    for scheme in ("http", "https", "all")
    for name in (f"{scheme}_proxy", f"{scheme}_proxy".upper())
)


def course_archive(
    top: str = "landmark_images/", *, train: int = 2, test: int = 1, extra: Iterable[str] = ()
) -> bytes:
    """A zip archive in the course's layout: so many files of noise in each of two landmarks."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as zipped:
        for folder in ("00.Petra", "01.Jerash"):
            for part, count in (("train", train), ("test", test)):
                for number in range(count):
                    zipped.writestr(f"{top}{part}/{folder}/{number}.jpg", os.urandom(5000))
        for name in extra:
            zipped.writestr(name, b"x")
    return buffer.getvalue()


@dataclass
class Hold:
    """Where the server stops sending a file: after `count` bytes, until it is released."""

    count: int
    reached: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)


@dataclass
class Site:
    """Files, one of them at `/set.zip`, and how the server behaves.

    `requests` logs the headers that were asked with, and `path`.
    """

    content: bytes = b""
    files: dict[str, bytes] = field(default_factory=dict)  # by path
    holds: dict[str, Hold] = field(default_factory=dict)  # by path, for one answer
    etag: str = '"v1"'
    last_modified: str = ""
    ranges: bool = True
    tell_length: bool = True
    cuts: list[int] = field(default_factory=list)  # per answer: bytes after which the line drops
    cuts_of: dict[str, list[int]] = field(default_factory=dict)  # the same by path
    statuses: list[int] = field(default_factory=list)  # answered first, one a request
    redirect: str = ""
    range_offset: int = 0  # a broken server answers another range than the one asked for
    extra_headers: dict[str, str] = field(default_factory=dict)
    requests: list[dict[str, str]] = field(default_factory=list)
    url: str = ""

    @property
    def base_url(self) -> str:
        return self.url.removesuffix("/set.zip")

    def asked(self) -> list[str]:
        """The paths that were asked for, in order."""
        return [request["path"] for request in self.requests]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def site(self) -> Site:
        return self.server.site  # type: ignore[attr-defined]

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass

    def do_GET(self) -> None:
        site = self.site
        path = self.path.partition("?")[0]
        headers = {key.lower(): value for key, value in self.headers.items()}
        site.requests.append(headers | {"path": path})
        self.close_connection = True
        if site.statuses:
            self._empty(site.statuses.pop(0))
        elif site.redirect and self.path == "/moved.zip":
            self._empty(302, Location=site.redirect)
        elif path == "/set.zip":
            self._file(path, site.content)
        elif path in site.files:
            self._file(path, site.files[path])
        else:
            self._empty(404)

    def _empty(self, status: int, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _file(self, path: str, content: bytes) -> None:
        site, start, status = self.site, 0, 200
        asked = self.headers.get("Range")
        current = self.headers.get("If-Range") in (
            None,
            site.etag or None,
            site.last_modified or None,
        )
        if asked and site.ranges and current:
            start, status = int(asked.removeprefix("bytes=").partition("-")[0]), 206
            if start >= len(content):
                self._empty(416, **{"Content-Range": f"bytes */{len(content)}"})
                return
            start += site.range_offset
        body = content[start:]
        self.send_response(status)
        if status == 206:
            last = len(content) - 1
            self.send_header("Content-Range", f"bytes {start}-{last}/{len(content)}")
        if site.etag:
            self.send_header("ETag", site.etag)
        if site.last_modified:
            self.send_header("Last-Modified", site.last_modified)
        if site.tell_length:
            self.send_header("Content-Length", str(len(body)))
        for name, value in site.extra_headers.items():
            self.send_header(name, value)
        self.end_headers()
        cuts = site.cuts_of.get(path) or site.cuts
        body = body[: cuts.pop(0)] if cuts else body
        if (hold := site.holds.pop(path, None)) is not None:
            self.wfile.write(body[: hold.count])
            self.wfile.flush()
            hold.reached.set()
            hold.released.wait(60)
            body = body[hold.count :]
        self.wfile.write(body)


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is part of the tests."""


class Web:
    """Runs sites until the test is over."""

    def __init__(self) -> None:
        self._servers: list[tuple[ThreadingHTTPServer, threading.Thread]] = []

    def serve(self, site: Site) -> Site:
        server = _Server(("127.0.0.1", 0), _Handler)
        server.site = site  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        self._servers.append((server, thread))
        site.url = f"http://127.0.0.1:{server.server_address[1]}/set.zip"
        return site

    def close(self) -> None:
        for server, thread in self._servers:
            server.shutdown()
            server.server_close()
            thread.join()
        self._servers.clear()
