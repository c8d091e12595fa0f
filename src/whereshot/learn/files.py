"""Files of a run, written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from whereshot.errors import RunError


def write_whole(path: Path, content: bytes) -> None:
    """Write a file beside its place, then put it there: a reader never sees half of it.

    Whatever happens meanwhile, a full disk or a power cut included, the file that was there before
    stays. Raises RunError where it can't be written.
    """
    temporary = path.with_name(path.name + ".part")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            # Else the new name may reach the disk before what it names.
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)  # half a file would only fill the disk further
        raise RunError(
            f"'{path}' can't be written: {error.strerror or error}. What was there before is "
            "whole: make room for it, or get the right to write, and go on with --resume."
        ) from error
