"""exiftool, the program, where it is installed: it alone knows how to change every kind of photo.

https://exiftool.org. It gets one photo at a time and writes a new file; to put that in the place
of the photo is the journal's work.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from whereshot.errors import MissingProgramError

_SECONDS = 120


class ExifTool:
    """The program; raises `MissingProgramError` if it is not there."""

    def __init__(self) -> None:
        program = shutil.which("exiftool")
        if program is None:
            raise MissingProgramError(
                "exiftool is not installed, and photos are only changed by it. Install it (Debian: "
                "libimage-exiftool-perl, macOS: brew install exiftool), or leave --in-place out: "
                "sidecars need no other program."
            )
        self._program = program

    def read_xmp(self, photo: Path) -> bytes | None:
        """The XMP packet inside a photo; None if there is none. Raises OSError."""
        return self._run(["-b", "-XMP"], photo) or None

    def write_copy(self, photo: Path, xmp: bytes | None, target: Path) -> None:
        """Write a copy of a photo with this XMP in the place of its own, or without any.

        Permissions and times are the photo's. Raises OSError, and leaves no half of a copy.
        """
        change = ["-XMP:all="] if xmp is None else ["-XMP<=-"]
        try:
            self._run([*change, "-o", os.fsencode(target)], photo, xmp)
            if _inside(self.read_xmp(target)) != _inside(xmp):
                raise OSError(f"exiftool wrote other XMP into '{photo.name}' than it was given")
            shutil.copystat(photo, target)
        except BaseException:
            target.unlink(missing_ok=True)
            raise

    def _run(self, arguments: list[str | bytes], photo: Path, data: bytes | None = None) -> bytes:
        try:
            done = subprocess.run(  # noqa: S603 - a list, no shell, and the path is absolute
                [self._program, "-q", *arguments, os.fsencode(photo.absolute())],
                input=data or b"",
                capture_output=True,
                timeout=_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise OSError(f"exiftool did not end within {_SECONDS} seconds") from None
        if done.returncode:
            said = done.stderr.decode("utf-8", "replace").strip().partition(" - ")[0]
            raise OSError(f"exiftool: {said or f'exit status {done.returncode}'}")
        return done.stdout


def _inside(xmp: bytes | None) -> bytes | None:
    """A packet without what wraps it: marks and padding that belong to the photo's format."""
    if xmp is None:
        return None
    begin, end = xmp.find(b"<x:xmpmeta"), xmp.rfind(b"</x:xmpmeta>")
    return xmp[begin:end] if 0 <= begin < end else xmp.strip()
