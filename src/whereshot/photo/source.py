"""The bytes of a photo: read once, within limits, and only from a regular file."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass

from whereshot.errors import (
    DamagedPhotoError,
    PhotoAccessError,
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

    The default number of pixels just holds the largest phone sensor (16,320 x 12,240). Decoding at
    the limit takes about 1 GB; a server may want less.
    """

    max_bytes: int = 200_000_000
    max_pixels: int = 200_000_000

    def __post_init__(self) -> None:
        if self.max_bytes < 1 or self.max_pixels < 1:
            raise ValueError(
                "max_bytes and max_pixels must be 1 or more, "
                f"got {self.max_bytes} and {self.max_pixels}"
            )


def describe(source: Photo) -> str:
    """How messages call a photo: its path, or the number of its bytes."""
    if isinstance(source, bytes):
        return f"The photo ({len(source):,} bytes)"
    return f"The photo {os.fsdecode(source)!r}"


def read_photo(source: Photo, limits: Limits | None = None) -> bytes:
    """The encoded bytes of a photo; bytes pass through.

    Raises PhotoNotFoundError, PhotoAccessError (a folder, a pipe, a device, no permission),
    PhotoTooLargeError or DamagedPhotoError (empty).
    """
    limits = limits or Limits()
    data = source if isinstance(source, bytes) else _read_file(source, limits)
    if len(data) > limits.max_bytes:
        raise _too_large(source, len(data), limits)
    if not data:
        raise DamagedPhotoError(f"{describe(source)} is empty. Copy it again from where it came.")
    return data


def _read_file(path: str | os.PathLike[str], limits: Limits) -> bytes:
    try:
        _check_regular(path, os.stat(path).st_mode)
        with open(os.open(path, _OPEN_FLAGS), "rb") as file:
            status = os.fstat(file.fileno())
            _check_regular(path, status.st_mode)  # it may have been swapped since
            if status.st_size > limits.max_bytes:
                raise _too_large(path, status.st_size, limits)
            return file.read(limits.max_bytes + 1)  # and it may be growing
    except FileNotFoundError:
        raise PhotoNotFoundError(
            f"{describe(path)} does not exist. Check the path and its spelling."
        ) from None
    except PhotoAccessError:
        raise
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the path
        if isinstance(error, PhotoTooLargeError):
            raise
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise PhotoAccessError(
            f"{describe(path)} can't be read: {reason}. Check its permissions and its disk."
        ) from error


def _check_regular(path: str | os.PathLike[str], mode: int) -> None:
    if stat.S_ISREG(mode):
        return
    kind = "a folder" if stat.S_ISDIR(mode) else "a pipe, socket or device"
    raise PhotoAccessError(f"{describe(path)} is {kind}, not a file. Give the path of a photo.")


def _too_large(source: Photo, size: int, limits: Limits) -> PhotoTooLargeError:
    return PhotoTooLargeError(
        f"{describe(source)} has {size:,} bytes, the limit is {limits.max_bytes:,}. "
        "Make it smaller, or raise Limits(max_bytes=...)."
    )
