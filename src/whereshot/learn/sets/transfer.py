"""One request for a file over HTTP: all of it, or what is missing of it, of the same version.

`ask` says which of the two came; `Tries` decides whether a transfer that stopped is worth another
request. What is done with the bytes belongs to `download` (a file) and to `stream` (nowhere).

A request for the rest carries `Range` and `If-Range` (RFC 9110, sections 13.1.5 and 14.2): a
server whose file has changed since then sends all of it again.
"""

from __future__ import annotations

import errno
import http.client
import logging
import re
import socket
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import IO, Any, NoReturn
from urllib.parse import urljoin, urlsplit

from whereshot.errors import FetchError

logger = logging.getLogger(__name__)

OnProgress = Callable[[int, int | None], object]
"""Called with the bytes that are there and the bytes of the whole file, None if unknown."""

CHUNK_BYTES = 1 << 18
LONGEST_PAUSE_SECONDS = 30.0
_TRY_AGAIN_STATUS = {408, 425, 429, 500, 502, 503, 504}
_UNREACHABLE = {errno.ECONNREFUSED, errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN}


@dataclass(frozen=True, slots=True)
class Version:
    """Which version of which file bytes belong to; an empty validator can't be resumed."""

    url: str
    validator: str
    size: int | None


class Interrupted(Exception):  # noqa: N818 - not an error yet: the next attempt goes on
    """The transfer stopped for a reason that may pass."""


class Outdated(Interrupted):
    """The bytes that are here are not of the file on the server: the next attempt starts anew."""


class Answer:
    """What a server sends: bytes of `version`, from byte `start` of the file on."""

    def __init__(self, response: Any, version: Version, start: int) -> None:
        self.version = version
        self.start = start
        self._response = response

    def chunks(self) -> Iterator[bytes]:
        """The bytes, as they come; raises Interrupted where they end before the file does."""
        position = self.start
        while chunk := self._response.read(CHUNK_BYTES):
            position += len(chunk)
            yield chunk
        size = self.version.size
        if size is not None and position != size:
            raise Interrupted(f"the connection ended after {position:,} of {size:,} bytes")


@dataclass(frozen=True, slots=True)
class Patience:
    """How often to try in a row without success, how long to wait after the first and for bytes."""

    attempts: int = 5
    pause_seconds: float = 1.0
    timeout_seconds: float = 30.0


DEFAULT_PATIENCE = Patience()


class Tries:
    """Counts the attempts in a row that brought nothing; after each, the pause is twice as long.

    `hint` ends the error of the last one.
    """

    def __init__(self, url: str, patience: Patience, hint: str) -> None:
        self._url = url
        self._patience = patience
        self._hint = hint
        self._failed = 0

    def failed(self, reason: Interrupted, *, progressed: bool) -> None:
        """Wait before the next attempt; raises FetchError if there shall be none."""
        self._failed = 1 if progressed else self._failed + 1
        if self._failed >= self._patience.attempts:
            raise FetchError(
                f"The download of {self._url} stopped {self._failed} times in a row: {reason}. "
                f"{self._hint}"
            ) from reason
        pause = min(self._patience.pause_seconds * 2 ** (self._failed - 1), LONGEST_PAUSE_SECONDS)
        logger.info("%s; trying again in %.0f s", reason, pause)
        time.sleep(pause)


def check_url(url: str) -> None:
    """Raise FetchError unless the URL is http or https and names a host."""
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname)
        _ = parts.port  # raises for a port that is no number
    except ValueError:
        good = False
    if not good or any(character <= " " for character in url):
        raise FetchError(f"The URL must start with http:// or https:// and a host, got {url!r}.")


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects to http and https only, and never from https back to http."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: Any,
        newurl: str,
    ) -> urllib.request.Request | None:
        newurl = urljoin(req.full_url, newurl)
        check_url(newurl)
        if req.type == "https" and urlsplit(newurl).scheme != "https":
            raise FetchError(f"{req.full_url} leads to {newurl}, which is not encrypted. Refused.")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


@contextmanager
def ask(
    url: str,
    *,
    version: Version | None = None,
    have: int = 0,
    timeout_seconds: float,
    never_connected: bool,
) -> Generator[Answer]:
    """One request: for the rest if `have` bytes of `version` are here, else for all of the file.

    The answer may begin at byte 0 all the same. Raises Interrupted where another attempt may help,
    FetchError where none will; a host that can't be reached is only given up at once if the caller
    has `never_connected` to it.
    """
    headers = {"User-Agent": "whereshot", "Accept-Encoding": "identity"}
    if version and version.validator and have:
        headers |= {"Range": f"bytes={have}-", "If-Range": version.validator}
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 - check_url did
    opener = urllib.request.build_opener(_Redirects)
    try:
        with opener.open(request, timeout=timeout_seconds) as response:
            yield _judge(response, url, version, have)
    except FetchError:
        raise
    except urllib.error.HTTPError as error:
        with error:
            _refuse(error, url)
    except urllib.error.URLError as error:
        reason = error.reason
        _explain(reason if isinstance(reason, OSError) else error, url, never_connected)
    except http.client.InvalidURL as error:
        raise FetchError(f"Not a URL that can be asked for: {url!r} ({error}).") from error
    except (OSError, http.client.HTTPException) as error:
        _explain(error, url, never_connected)


def _judge(response: Any, url: str, version: Version | None, have: int) -> Answer:
    """What version the answer belongs to, and at which byte of the file it begins."""
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise FetchError(f"{url} came compressed, although it was asked for as it is.")
    tag = response.headers.get("ETag", "")
    # A weak tag says "means the same", not "has the same bytes".
    strong = tag if tag and not tag.startswith("W/") else ""
    validator = strong or response.headers.get("Last-Modified", "")
    if response.status == 206 and version:
        found = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("Content-Range", ""))
        total = int(found[2]) if found and found[2] != "*" else version.size
        changed = validator and validator != version.validator
        resized = version.size is not None and total != version.size
        if found is None or int(found[1]) != have or resized or changed:
            raise Outdated("the server sent another part of the file than it was asked for")
        return Answer(response, replace(version, size=total), have)
    if response.status != 200:
        raise FetchError(f"{url} answered {response.status}, expected 200 and the file.")
    length = response.headers.get("Content-Length", "")
    return Answer(response, Version(url, validator, int(length) if length.isdigit() else None), 0)


def _refuse(error: urllib.error.HTTPError, url: str) -> NoReturn:
    """An answer that is not the file: try again, or give up."""
    if error.code == 416:  # there is nothing after our last byte: it was not this file
        raise Outdated("the file on the server is shorter than the part of it that is here")
    if error.code in _TRY_AGAIN_STATUS:
        raise Interrupted(f"the server answered {error.code} {error.reason}")
    raise FetchError(
        f"{url} answered {error.code} {error.reason}. "
        "Check the URL; if the file has moved, give its new place with --url."
    ) from error


def _explain(error: Exception, url: str, never_connected: bool) -> NoReturn:
    host = urlsplit(url).hostname
    reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    if isinstance(error, ssl.SSLCertVerificationError):
        raise FetchError(f"{host} did not prove that it is {host}: {reason}.") from error
    unreachable = isinstance(error, socket.gaierror) or getattr(error, "errno", 0) in _UNREACHABLE
    if unreachable and never_connected:
        raise FetchError(
            f"Can't reach {host} to download {url}: {reason}. This needs a network connection "
            "(a proxy goes into HTTPS_PROXY); everything else in whereshot works offline."
        ) from error
    raise Interrupted(reason) from error
