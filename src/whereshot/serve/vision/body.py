"""A JSON body with photos in it, read as a stream: memory holds each photo once, decoded.

A full batch is hundreds of megabytes of base64. As text, as JSON and as bytes it would be held
three times, and much of that while nobody knows yet whether the request is a sound one. So each
string under the key `content` is taken out of the text while it passes and its number is left in
its place; what remains is small and is parsed at the end.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from fastapi import Request

from whereshot.serve.problems import RequestError
from whereshot.serve.uploads import UploadLimits
from whereshot.serve.vision.base64_stream import Base64Stream
from whereshot.serve.vision.errors import refused

MAX_DOCUMENT_BYTES = 256 * 1024
_MEGABYTE = 1024 * 1024
_ESCAPE_BYTES = 6  # of the longest, \u0041
# The inside of a string, up to its end, to an escape that is cut off, or to a wrong one.
_INSIDE = re.compile(rb'[^"\\]*+(?:\\(?:u[0-9a-fA-F]{4}|[^u])[^"\\]*+)*+')


@dataclass(frozen=True, slots=True)
class Content:
    """One photo out of a body: its bytes, or why there are none."""

    data: bytes
    is_too_large: bool = False
    is_base64: bool = True


@dataclass(frozen=True, slots=True)
class Body:
    """The JSON of a request, each string under a key `content` replaced by its number in contents.

    The number stands there as a string: anything else under `content` is what the client sent.
    """

    document: Any
    contents: tuple[Content, ...]


async def read_body(request: Request, limits: UploadLimits) -> Body:
    """Read a JSON request; raises RequestError: 400 malformed or too large, 415 no JSON."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if kind != "application/json" or encoding != "identity":
        got = kind or "missing" if encoding == "identity" else f"{kind}, {encoding}"
        raise refused(
            f"The content type is {got[:80]!r}, expected application/json, not compressed. "
            "For example: curl -H 'Content-Type: application/json' -d @request.json URL",
            status=415,
            close=True,
        )
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > limits.request_bytes:
        raise _too_much(limits)
    reader, received = BodyReader(limits.file_bytes), 0
    async for chunk in request.stream():
        received += len(chunk)
        if received > limits.request_bytes:
            raise _too_much(limits)
        reader.feed(chunk)
    return reader.finish()


def _too_much(limits: UploadLimits) -> RequestError:
    megabytes = limits.request_bytes / _MEGABYTE
    return refused(
        f"The request is larger than {megabytes:g} MB. Send fewer or smaller photos at once.",
        close=True,
    )


class BodyReader:
    """Takes JSON in pieces, cut anywhere; keeps the photos decoded and the rest as it is."""

    def __init__(self, photo_bytes: int, document_bytes: int = MAX_DOCUMENT_BYTES) -> None:
        self._photo_bytes = photo_bytes
        self._document_bytes = document_bytes
        self._document = bytearray()
        self._contents: list[Content] = []
        self._photo: Base64Stream | None = None  # the string that we are in, if it is a photo
        self._is_inside = False  # of a string
        self._start = 0  # of the last string in the document
        self._end = 0
        self._held = b""  # an escape that may be cut off

    def feed(self, chunk: bytes) -> None:
        """Take the next piece; raises RequestError 400."""
        data, self._held = self._held + chunk, b""
        at = 0
        while at < len(data):
            at = self._string(data, at) if self._is_inside else self._between(data, at)

    def finish(self) -> Body:
        """Parse what is left; raises RequestError 400."""
        if self._is_inside or self._held:
            raise _malformed("it ends inside of a string")
        try:
            text = self._document.decode("utf-8")
            document = json.loads(text, parse_constant=_refuse_constant)
        except (ValueError, RecursionError) as error:
            raise _malformed(str(error)) from error
        return Body(document, tuple(self._contents))

    def _between(self, data: bytes, at: int) -> int:
        """Pass what is outside of strings; the position after it."""
        quote = data.find(b'"', at)
        end = len(data) if quote < 0 else quote
        self._keep(data[at:end])
        if quote < 0:
            return end
        self._is_inside = True
        if self._is_photo_next():
            self._photo = Base64Stream(self._photo_bytes)
        else:
            self._start = len(self._document)
            self._keep(b'"')
        return quote + 1

    def _string(self, data: bytes, at: int) -> int:
        """Pass the inside of a string, and its end if that is here; the position after it."""
        end = _inside(data, at)
        if self._photo is None:
            self._keep(data[at:end])
        else:
            self._photo.feed(_unescaped(data[at:end]))
        if data[end : end + 1] == b'"':
            self._close()
            return end + 1
        if len(data) - end >= _ESCAPE_BYTES:
            raise _malformed(f"{data[end : end + 2].decode('latin-1')!a} is no escape")
        self._held = data[end:]
        return len(data)

    def _close(self) -> None:
        self._is_inside = False
        if self._photo is None:
            self._keep(b'"')
            self._end = len(self._document)
            return
        data = self._photo.finish()
        content = Content(data, self._photo.is_too_large, self._photo.is_valid)
        self._keep(b'"%d"' % len(self._contents))
        self._contents.append(content)
        self._photo = None

    def _is_photo_next(self) -> bool:
        """Whether a string that begins here is the value of a key `content`."""
        if bytes(self._document[self._end :]).strip() != b":":
            return False
        key = bytes(self._document[self._start : self._end])
        try:
            return json.loads(key) == "content"
        except ValueError:
            return False

    def _keep(self, piece: bytes) -> None:
        self._document += piece
        if len(self._document) > self._document_bytes:
            kilobytes = self._document_bytes // 1024
            raise refused(
                f"The request has more than {kilobytes} kB besides its photos. "
                "Send each photo as base64 in image.content.",
                close=True,
            )


def _inside(data: bytes, at: int) -> int:
    """Where the inside of a string ends that begins at a place: at its quote, or at `_INSIDE`'s."""
    quote = data.find(b'"', at)
    end = len(data) if quote < 0 else quote
    if data.find(b"\\", at, end) < 0:  # most photos: several times as fast as the pattern
        return end
    match = _INSIDE.match(data, at)
    assert match is not None, "the pattern also matches nothing"
    return match.end()


def _unescaped(piece: bytes) -> bytes:
    """Base64 as some programs write it into JSON: with an escape for each slash or plus sign."""
    if b"\\" not in piece:
        return piece
    try:
        text: str = json.loads(f'"{piece.decode("latin-1")}"', strict=False)
    except ValueError as error:
        raise _malformed(str(error)) from error
    return text.encode("ascii", "replace")


def _malformed(why: str) -> RequestError:
    message = f"The request is not valid JSON: {why}. Send an object with a list of requests."
    return refused(message, close=True)


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no number")
