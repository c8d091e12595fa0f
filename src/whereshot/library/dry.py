"""What a run would do to the files: the same steps, and none of them is made."""

from __future__ import annotations

import errno
import os
import time
from dataclasses import replace
from pathlib import Path
from typing import Literal

from whereshot.library.files import FileState, RealFiles, check_protection


class DryFiles(RealFiles):
    """The files as they would be by now: what was written is remembered, and not written.

    A missing folder and a missing permission are errors here too.
    """

    def __init__(self) -> None:
        self._states: dict[Path, FileState | None] = {}
        self._contents: dict[Path, bytes] = {}
        self._number = 0

    def look(self, path: Path) -> FileState | None:
        """See `Files`."""
        return self._states[path] if path in self._states else super().look(path)

    def read(self, path: Path) -> bytes | None:
        """See `Files`."""
        if path in self._states:
            return self._contents.get(path)
        return super().read(path)

    def write(
        self,
        path: Path,
        content: bytes,
        *,
        over: FileState | None = None,
        mode: int | None = None,
        mtime_ns: int | None = None,
    ) -> None:
        """Remember the content."""
        self._check_folder(path)
        self._check_seen(path, over)
        if path not in self._states and over is not None:
            check_protection(path)
        state = self._invented("file", len(content))
        self._states[path] = replace(
            state,
            mode=state.mode if mode is None else mode,
            mtime_ns=state.mtime_ns if mtime_ns is None else mtime_ns,
        )
        self._contents[path] = content

    def replace(self, staged: Path, path: Path, *, over: FileState) -> None:
        """Remember that one took the place of the other."""
        self._check_folder(path)
        self._check_seen(path, over)
        self._states[path], self._states[staged] = self.look(staged), None

    def put_back(self, backup: Path, path: Path, *, over: FileState) -> None:
        """Remember that a backup took the place of its file."""
        self._check_folder(path)
        self._check_seen(path, over)
        self._states[path] = self.look(backup)

    def remove(self, path: Path, *, seen: FileState) -> None:
        """Remember that it is gone."""
        self._check_folder(path)
        self._check_seen(path, seen)
        self._states[path] = None
        self._contents.pop(path, None)

    def make_folder(self, path: Path) -> None:
        """Remember the folder."""
        self._check_folder(path)
        self._states[path] = self._invented("folder")

    def remove_folder(self, path: Path) -> None:
        """Remember that it is gone."""
        self._states[path] = None

    def copy(self, source: Path, target: Path) -> None:
        """Remember the name."""
        self._check_folder(target)
        self._states[target] = self.look(source)

    def link(self, source: Path, target: Path) -> None:
        """Remember the name."""
        self.copy(source, target)

    def move(self, source: Path, target: Path) -> None:
        """Remember both names."""
        self._check_folder(source)
        self.copy(source, target)
        self._states[source] = None

    def sweep(self, folder: Path) -> None:
        """Leave everything."""

    def check_writable(self, folder: Path) -> None:
        """Ask for the permission only."""
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder))

    def _check_folder(self, path: Path) -> None:
        state = self.look(path.parent)
        if state is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path.parent))
        if path.parent not in self._states:
            self.check_writable(path.parent)

    def _invented(self, kind: Literal["file", "folder"], size: int = 0) -> FileState:
        self._number += 1  # in the place of an inode: no two are the same
        now = time.time_ns()
        return FileState(kind, -1, self._number, size, 0o644, now, now)
