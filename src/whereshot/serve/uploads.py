"""Photos out of a multipart request: read as a stream, under limits, in memory only.

The framework's own form parser writes files above 1 MB to disk and checks no file size; photos
of other people must do neither.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from whereshot.photo import Limits
from whereshot.serve.problems import RequestError

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

_MEGABYTE = 1024 * 1024
_MAX_FIELD_BYTES = 1024
_MAX_FIELDS = 8
_MAX_NAME_CHARACTERS = 200
# What a browser escapes in a file name (WHATWG HTML, multipart/form-data).
_ESCAPES = {"%22": '"', "%0D": "\r", "%0A": "\n"}


@dataclass(frozen=True, slots=True)
class UploadLimits:
    """How much one request may carry, and how many pixels a photo in it may have.

    `photo` is what a recognizer behind the app should take: `whereshot.load(limits=limits.photo)`.
    """

    file_bytes: int = 20 * _MEGABYTE
    pixels: int = 50_000_000  # 150 MB once decoded
    files: int = 32
    request_bytes: int = 256 * _MEGABYTE

    @property
    def photo(self) -> Limits:
        """The limits on one photo, for whoever decodes it."""
        return Limits(self.file_bytes, self.pixels)


@dataclass(frozen=True, slots=True)
class Upload:
    """One uploaded photo: its sanitized base name, and its bytes or None if it was too large."""

    name: str
    content: bytes | None


@dataclass(frozen=True, slots=True)
class Form:
    """What a request carried: photos in their order, and its text fields."""

    photos: tuple[Upload, ...]
    fields: dict[str, str]


async def read_form(request: Request, limits: UploadLimits) -> Form:
    """Read the files of the field `photos` and the text fields of a multipart request.

    A file above `limits.file_bytes` is dropped while it comes in and stays as an `Upload` without
    content: the other photos go on. Raises RequestError: 415 not multipart, 413 too many files or
    bytes in all, 400 malformed or cut off, 422 no photos.
    """
    kind, options = parse_options_header(request.headers.get("content-type"))
    if kind != b"multipart/form-data" or not options.get(b"boundary"):
        raise RequestError(
            415,
            "NotMultipart",
            f"The content type is {kind.decode('latin-1') or 'missing'}, expected "
            "multipart/form-data. For example: curl -F photos=@photo.jpg URL",
            close=True,
        )
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > limits.request_bytes:
        raise _too_much(limits)
    reader = _FormReader(limits)
    try:
        parser = MultipartParser(options[b"boundary"], reader.callbacks())
        async for chunk in _limited(request, limits):
            parser.write(chunk)
    except FormParserError as error:
        raise RequestError(
            400,
            "MalformedUpload",
            f"The upload is not valid multipart/form-data: {error}.",
            close=True,
        ) from error
    if not reader.ended:
        raise RequestError(
            400,
            "TruncatedUpload",
            "The upload ended before its last part was complete. Send it again.",
        )
    if not reader.photos:
        raise RequestError(
            422,
            "NoPhotos",
            "The upload has no photo: send one or more files in the field 'photos'.",
        )
    return Form(tuple(reader.photos), reader.fields)


async def _limited(request: Request, limits: UploadLimits) -> AsyncIterator[bytes]:
    received = 0
    async for chunk in request.stream():
        received += len(chunk)
        if received > limits.request_bytes:
            raise _too_much(limits)
        yield chunk


def _too_much(limits: UploadLimits) -> RequestError:
    megabytes = limits.request_bytes / _MEGABYTE
    message = f"The request is larger than {megabytes:g} MB. Send fewer or smaller photos at once."
    return RequestError(413, "RequestTooLarge", message, close=True)


def safe_name(filename: str) -> str:
    r"""The base name of an uploaded file, fit to be shown and logged; never used as a path.

    >>> safe_name("../../etc/passwd"), safe_name("C:\\photos\\a.jpg"), safe_name("a\x1b[2J.jpg")
    ('passwd', 'a.jpg', 'a[2J.jpg')
    >>> safe_name("..")
    'photo'
    """
    for escape, character in _ESCAPES.items():
        filename = filename.replace(escape, character)
    base = re.split(r"[/\\]", filename)[-1]
    # Cc, Cf: control characters, and those that reverse the direction of text around them.
    shown = "".join(c for c in base if unicodedata.category(c) not in {"Cc", "Cf", "Cs"}).strip()
    if len(shown) > _MAX_NAME_CHARACTERS:
        shown = shown[: _MAX_NAME_CHARACTERS - 1] + "…"
    return shown if shown.strip(".") else "photo"


@dataclass(slots=True)
class _FormReader:
    """The parser's callbacks: collects the parts and checks each against the limits."""

    limits: UploadLimits
    photos: list[Upload] = field(default_factory=list[Upload])
    fields: dict[str, str] = field(default_factory=dict[str, str])
    ended: bool = False
    _header_name: bytes = b""
    _header_value: bytes = b""
    _disposition: bytes = b""
    _field: str = ""
    _filename: str | None = None
    _pieces: list[bytes] = field(default_factory=list[bytes])  # joined once: photos are large
    _size: int = 0
    _too_large: bool = False

    def callbacks(self) -> MultipartCallbacks:
        return {
            "on_part_begin": self._on_part_begin,
            "on_header_field": self._on_header_field,
            "on_header_value": self._on_header_value,
            "on_header_end": self._on_header_end,
            "on_headers_finished": self._on_headers_finished,
            "on_part_data": self._on_part_data,
            "on_part_end": self._on_part_end,
            "on_end": self._on_end,
        }

    def _on_part_begin(self) -> None:
        self._disposition = b""
        self._filename = None
        self._pieces, self._size = [], 0
        self._too_large = False

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header_name += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]

    def _on_header_end(self) -> None:
        if self._header_name.lower() == b"content-disposition":
            self._disposition = self._header_value
        self._header_name = self._header_value = b""

    def _on_headers_finished(self) -> None:
        _, options = parse_options_header(self._disposition)
        self._field = options.get(b"name", b"").decode("utf-8", "replace")
        if b"filename" in options:
            self._filename = safe_name(options[b"filename"].decode("utf-8", "replace"))
            if self._field != "photos":
                raise RequestError(
                    422,
                    "UnknownField",
                    f"A file came in the field {self._field!r}: send photos in the field 'photos'.",
                    close=True,
                )
            if len(self.photos) == self.limits.files:
                raise RequestError(
                    413,
                    "TooManyPhotos",
                    f"The request has more than {self.limits.files} photos. Send fewer at once.",
                    close=True,
                )
        elif len(self.fields) == _MAX_FIELDS:
            message = f"The request has more than {_MAX_FIELDS} text fields."
            raise RequestError(413, "TooManyFields", message, close=True)

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        limit = _MAX_FIELD_BYTES if self._filename is None else self.limits.file_bytes
        self._size += end - start
        if self._size > limit:
            self._too_large = True
            self._pieces = []
        else:
            self._pieces.append(data[start:end])

    def _on_part_end(self) -> None:
        content, self._pieces = b"".join(self._pieces), []
        if self._filename is not None:
            self.photos.append(Upload(self._filename, None if self._too_large else content))
        elif self._too_large:
            message = f"The field {self._field!r} is longer than {_MAX_FIELD_BYTES} bytes."
            raise RequestError(413, "FieldTooLarge", message, close=True)
        else:
            self.fields[self._field] = content.decode("utf-8", "replace")

    def _on_end(self) -> None:
        self.ended = True
