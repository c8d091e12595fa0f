"""The bytes of a photo: read once, within limits, and only from a regular file."""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from whereshot.errors import (
    DamagedPhotoError,
    PhotoAccessError,
    PhotoError,
    PhotoNotFoundError,
    PhotoTooLargeError,
)
from whereshot.records import Photo

# Never wait for a FIFO's other end; on Windows, never translate line ends.
_OPEN_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)


@dataclass(frozen=True, slots=True)
class Limits:
    """The largest photo that is decoded, checked before any pixel is.

    The default number of pixels just holds the largest phone sensor (16,320 x 12,240); a third of
    it is the limit for WebP, whose decoder takes more memory. A server wants less.
    """

    max_bytes: int = 200_000_000
    max_pixels: int = 200_000_000

    def __post_init__(self) -> None:
        if self.max_bytes < 1 or self.max_pixels < 1:
            raise ValueError(
                "max_bytes and max_pixels must be 1 or more, "
                f"got {self.max_bytes} and {self.max_pixels}"
            )


DEFAULT_LIMITS = Limits()


def check_size(width: int, height: int, limits: Limits) -> None:
    """Raise for an image without pixels, or with more of them than the limit."""
    if width < 1 or height < 1:
        raise DamagedPhotoError(f"claims a size of {width} x {height} pixels. Copy it again.")
    if width * height > limits.max_pixels:
        raise PhotoTooLargeError(
            f"has {width:,} x {height:,} pixels, the limit is {limits.max_pixels:,}. "
            "Make it smaller, or raise Limits(max_pixels=...)."
        )


def describe(source: Photo) -> str:
    """How messages call a photo: its path, or the number of its bytes."""
    if isinstance(source, bytes):
        return f"The photo ({len(source):,} bytes)"
    return f"The photo {os.fsdecode(source)!r}"


def read_photo(source: Photo, limits: Limits = DEFAULT_LIMITS) -> bytes:
    """The encoded bytes of a photo, for `decode` and `read_exif` to share; bytes pass through.

    Raises PhotoNotFoundError, PhotoAccessError (a folder, a pipe, a device, no permission),
    PhotoTooLargeError or DamagedPhotoError (empty).
    """
    with open_photo(source, limits) as stream:
        data = source if isinstance(source, bytes) else stream.read(limits.max_bytes + 1)
    if len(data) > limits.max_bytes:  # a file that grows, or that lies about its size as in /proc
        raise _too_large(source, len(data), limits)
    if not data:
        raise DamagedPhotoError(f"{describe(source)} is empty. Copy it again from where it came.")
    return data


@contextmanager
def open_photo(source: Photo, limits: Limits = DEFAULT_LIMITS) -> Generator[BinaryIO]:
    """Open the encoded bytes of a photo as a seekable stream.

    Raises as `read_photo`; an I/O error while the stream is used is a PhotoAccessError too.
    """
    if isinstance(source, bytes):
        if len(source) > limits.max_bytes:
            raise _too_large(source, len(source), limits)
        yield io.BytesIO(source)
        return
    try:
        # Looked at before it is opened: opening some devices does something.
        _check_regular(source, Path(source).stat())
        with os.fdopen(os.open(source, _OPEN_FLAGS), "rb") as file:
            status = os.fstat(file.fileno())
            _check_regular(source, status)  # it may have been swapped since
            if status.st_size > limits.max_bytes:
                raise _too_large(source, status.st_size, limits)
            yield file
    except PhotoError:
        raise
    except FileNotFoundError:
        raise PhotoNotFoundError(
            f"{describe(source)} does not exist. Check the path and its spelling."
        ) from None
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the path
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise PhotoAccessError(
            f"{describe(source)} can't be read: {reason}. Check its permissions and its disk."
        ) from error


def _check_regular(path: str | os.PathLike[str], status: os.stat_result) -> None:
    if stat.S_ISREG(status.st_mode):
        return
    kind = "a folder" if stat.S_ISDIR(status.st_mode) else "a pipe, socket or device"
    raise PhotoAccessError(f"{describe(path)} is {kind}, not a file. Give the path of a photo.")


def _too_large(source: Photo, size: int, limits: Limits) -> PhotoTooLargeError:
    return PhotoTooLargeError(
        f"{describe(source)} has {size:,} bytes, the limit is {limits.max_bytes:,}. "
        "Make it smaller, or raise Limits(max_bytes=...)."
    )
