"""The folders that somebody allowed a program to look into, and nothing else."""

from __future__ import annotations

import os
from collections.abc import Iterable

from whereshot.library.paths import folder_prefix, to_path


class Bounds:
    """Folders, themselves resolved; a path is inside if what it leads to is."""

    def __init__(self, folders: Iterable[str | os.PathLike[str]]) -> None:
        keys = dict.fromkeys(os.path.realpath(os.fsencode(folder)) for folder in folders)
        self.folders = tuple(to_path(key) for key in keys)
        self._prefixes = tuple(folder_prefix(key) for key in keys)

    def holds(self, path: str | bytes | os.PathLike[str]) -> bool:
        """Whether a path, whatever links it goes through, ends inside of one of the folders."""
        real = folder_prefix(os.path.realpath(os.fsencode(path)))
        return real.startswith(self._prefixes)
