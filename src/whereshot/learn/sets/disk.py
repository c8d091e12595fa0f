"""Our own disk while a set is fetched: its errors told from the network's, its space checked."""

from __future__ import annotations

import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from whereshot.errors import FetchError


class DiskError(FetchError):
    """Files can't be written to the place that was asked for: another attempt won't mend it."""


@contextmanager
def writing(path: Path) -> Generator[None]:
    """Turn the errors of what is written to `path`, or into it, into DiskError."""
    try:
        yield
    except OSError as error:
        raise DiskError(
            f"Can't write '{path}': {error.strerror or error}. Make room, or choose another folder."
        ) from error


def check_space(folder: Path, needed: int, what: str) -> None:
    """Raise DiskError if `folder` has less than the `needed` bytes free; `what` needs them."""
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise DiskError(
            f"'{folder}' has {free:,} bytes free, {what} needs {needed:,}. "
            "Make room, or choose a folder on another disk."
        )
