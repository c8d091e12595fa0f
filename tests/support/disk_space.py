"""A disk that is too small: files that can't grow beyond a size, or a real file system of one."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

try:
    import resource
except ImportError:  # Windows
    resource = None


@contextmanager
def no_file_above(size: int) -> Iterator[None]:
    """Let this process write no file of more than `size` bytes: "File too large"."""
    if resource is None:
        pytest.skip("this system has no limit on the size of files")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


class SmallDisk:
    """A file system in memory, mounted at `folder`."""

    def __init__(self, folder: Path, size: str) -> None:
        self.folder = folder
        folder.mkdir()
        _mount("-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder))

    def grow(self, size: str) -> None:
        """Make it larger; what is on it stays."""
        _mount("-o", f"remount,size={size}", str(self.folder))

    def close(self) -> None:
        """Take it away."""
        subprocess.run(["umount", self.folder], check=True)


def _mount(*arguments: str) -> None:
    try:
        subprocess.run(["mount", *arguments], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"a file system can't be mounted here: {error}")
