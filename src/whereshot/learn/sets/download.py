"""Download one file over HTTP: it resumes, it retries, and never splices two versions of a file.

While it comes in, `NAME.part` holds the bytes and `NAME.part.json` says which version of which
URL they belong to. A later run asks for the rest with `Range` and `If-Range` (RFC 9110, sections
13.1.5 and 14.2): a server whose file has changed since then sends all of it again.
"""

from __future__ import annotations

import errno
import hashlib
import http.client
import json
import logging
import re
import shutil
import socket
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import IO, Any
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
class _Version:
    """Which version of which file a part belongs to; an empty validator can't be resumed."""

    url: str
    validator: str
    size: int | None


class _Interrupted(Exception):  # noqa: N818 - not an error yet: the next attempt goes on
    """The transfer stopped for a reason that may pass."""


def download(
    url: str,
    target: Path,
    *,
    sha256: str | None = None,
    on_progress: OnProgress | None = None,
    attempts: int = 5,
    pause_seconds: float = 1.0,
    timeout_seconds: float = 30.0,
) -> Path:
    """Download `url` to `target` and return it; a finished target is only verified.

    Goes on where an earlier call stopped. Gives up after `attempts` in a row that brought
    nothing, with pauses of 1, 2, 4 ... seconds between them, and at once where the host can't be
    reached at all. Proxies are taken from the environment. Raises FetchError.
    """
    check_url(url)
    part = target.with_name(target.name + ".part")
    failed = 0
    began_with = _size(part)
    while not target.exists():
        before = _size(part)
        try:
            _receive(url, part, on_progress, timeout_seconds, never_connected=before == began_with)
            _verify(part, sha256)
            part.replace(target)
            _version_file(part).unlink(missing_ok=True)
            return target
        except _Interrupted as reason:
            failed = 1 if _size(part) > before else failed + 1
            if failed >= attempts:
                raise FetchError(
                    f"The download of {url} stopped {failed} times in a row: {reason}. "
                    "Run the same command later: it goes on from the bytes that are here."
                ) from reason
            pause = min(pause_seconds * 2 ** (failed - 1), LONGEST_PAUSE_SECONDS)
            logger.info("%s; trying again in %.0f s", reason, pause)
            time.sleep(pause)
    _verify(target, sha256)
    return target


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


def _receive(
    url: str,
    part: Path,
    on_progress: OnProgress | None,
    timeout_seconds: float,
    *,
    never_connected: bool,
) -> None:
    """One request: all of the file, or what is missing of it. Raises _Interrupted to go on."""
    version = _read_version(part, url)
    have = _size(part) if version else 0
    if version and version.size is not None and have == version.size:
        return
    headers = {"User-Agent": "whereshot", "Accept-Encoding": "identity"}
    if version and have:
        headers |= {"Range": f"bytes={have}-", "If-Range": version.validator}
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 - check_url did
    opener = urllib.request.build_opener(_Redirects)
    try:
        with opener.open(request, timeout=timeout_seconds) as response:
            version, have = _place(response, url, part, version, have)
            _check_space(part, have, version.size)
            _copy(response, part, have, version.size, on_progress)
    except FetchError:
        raise
    except urllib.error.HTTPError as error:
        with error:
            _refuse(error, url, part)
    except urllib.error.URLError as error:
        reason = error.reason
        _explain(reason if isinstance(reason, OSError) else error, url, never_connected)
    except http.client.InvalidURL as error:
        raise FetchError(f"Not a URL that can be asked for: {url!r} ({error}).") from error
    except (OSError, http.client.HTTPException) as error:
        _explain(error, url, never_connected)


def _place(
    response: Any, url: str, part: Path, version: _Version | None, have: int
) -> tuple[_Version, int]:
    """What version the answer belongs to, and at which byte of the part it goes on."""
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
            _discard(part)
            raise _Interrupted("the server sent another part of the file than it was asked for")
        return replace(version, size=total), have
    if response.status != 200:
        raise FetchError(f"{url} answered {response.status}, expected 200 and the file.")
    length = response.headers.get("Content-Length", "")
    version = _Version(url, validator, int(length) if length.isdigit() else None)
    with _writing(part):
        part.write_bytes(b"")  # what was there is of another version, or can't be told to be of it
        _version_file(part).write_text(json.dumps(asdict(version)), encoding="utf-8")
    return version, 0


def _copy(
    response: Any, part: Path, have: int, size: int | None, on_progress: OnProgress | None
) -> None:
    with _writing(part):
        file = part.open("ab")
    with file:
        if on_progress is not None:
            on_progress(have, size)
        while chunk := response.read(CHUNK_BYTES):
            with _writing(part):
                file.write(chunk)
                file.flush()
            have += len(chunk)
            if on_progress is not None:
                on_progress(have, size)
    if size is not None and have != size:
        raise _Interrupted(f"the connection ended after {have:,} of {size:,} bytes")


@contextmanager
def _writing(part: Path) -> Generator[None]:
    """Tells our own disk's errors, which another attempt won't mend, from the network's."""
    try:
        yield
    except OSError as error:
        raise FetchError(
            f"Can't write '{part}': {error.strerror}. Make room, or choose another folder."
        ) from error


def _check_space(part: Path, have: int, size: int | None) -> None:
    free = shutil.disk_usage(part.parent).free
    if size is not None and size - have > free:
        raise FetchError(
            f"'{part.parent}' has {free:,} bytes free, the download needs {size - have:,} more. "
            "Make room, or choose a folder on another disk."
        )


def _refuse(error: urllib.error.HTTPError, url: str, part: Path) -> None:
    """An answer that is not the file: try again, or give up."""
    if error.code == 416:  # there is nothing after our last byte: it was not this file
        _discard(part)
        raise _Interrupted("the file on the server is shorter than the part of it that is here")
    if error.code in _TRY_AGAIN_STATUS:
        raise _Interrupted(f"the server answered {error.code} {error.reason}")
    raise FetchError(
        f"{url} answered {error.code} {error.reason}. "
        "Check the URL; if the file has moved, give its new place with --url."
    ) from error


def _explain(error: Exception, url: str, never_connected: bool) -> None:
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
    raise _Interrupted(reason) from error


def _verify(path: Path, sha256: str | None) -> None:
    if sha256 is None:
        return
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != sha256.lower():
        _discard(path)
        raise FetchError(
            f"The download has the SHA-256 {found}, expected {sha256.lower()}. It was deleted: "
            "check where the URL and the SHA-256 come from, then fetch again."
        )


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _version_file(part: Path) -> Path:
    return part.with_name(part.name + ".json")


def _read_version(part: Path, url: str) -> _Version | None:
    """The version that the part is of; None if it can't be resumed."""
    try:
        version = _Version(**json.loads(_version_file(part).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    return version if version.url == url and version.validator else None


def _discard(part: Path) -> None:
    part.unlink(missing_ok=True)
    _version_file(part).unlink(missing_ok=True)
