"""A machine whose plug can be pulled at every system call and at every commit of the journal."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal
from unittest import mock

from whereshot.library import _rename, files
from whereshot.library.journal import Journal

How = Literal["error", "end"]
"""The call fails and the program goes on, or all ends in its place; a write is half done."""

# fmt: off
_COUNTED = (
    "open", "read", "write", "fsync", "lstat", "stat", "fstat", "listdir", "link", "unlink",
    "replace", "mkdir", "rmdir", "utime", "chmod", "chown",
)
# fmt: on


class Blackout(BaseException):
    """Power is gone: nothing after this happens, no cleaning up either."""


class Machine:
    """Counts what a program does to files, and stops it at number `stop_at`."""

    def __init__(self, stop_at: int | None = None, how: How = "end") -> None:
        self.count = 0
        self._stop_at, self._how = stop_at, how
        self._off = False

    @contextmanager
    def running(self) -> Generator[Machine]:
        """Run what is in the block on this machine."""
        real = Journal.write
        machine = self

        def commit(journal: Journal, statements: list[tuple[str, Any]]) -> int:
            return machine.step("commit", lambda: real(journal, statements))

        with (
            mock.patch.object(files, "os", _Counted(os, self, _COUNTED)),
            mock.patch.object(_rename, "os", _Counted(os, self, _COUNTED)),
            mock.patch.object(files, "shutil", _Counted(shutil, self, ("copystat",))),
            mock.patch.object(files, "rename_new", self.wrap("rename_new", files.rename_new)),
            mock.patch.object(Journal, "write", commit),
        ):
            yield self

    @property
    def stopped(self) -> bool:
        """Whether it came that far."""
        return self._stop_at is not None and self.count > self._stop_at

    def step(
        self, name: str, call: Callable[[], Any], half: Callable[[], None] = lambda: None
    ) -> Any:
        """One thing that may fail or be the last."""
        if self._off:
            raise Blackout
        number, self.count = self.count, self.count + 1
        if number != self._stop_at:
            return call()
        if self._how == "end":
            self._off = True
            half()
            raise Blackout
        # A journal that can't be written ends the run, as it should: it has tests of its own.
        if name == "commit":
            return call()
        half()
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def wrap(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        """A system call that counts as a step."""

        def wrapped(*arguments: Any, **options: Any) -> Any:
            def half() -> None:
                if name == "write":  # the worst: a part of it is on the disk
                    handle, content = arguments
                    call(handle, content[: len(content) // 2])

            return self.step(name, lambda: call(*arguments, **options), half)

        return wrapped


class _Counted:
    def __init__(self, module: Any, machine: Machine, names: tuple[str, ...]) -> None:
        self._module, self._machine, self._names = module, machine, names

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._module, name)
        return self._machine.wrap(name, found) if name in self._names else found


def quick_folder() -> tempfile.TemporaryDirectory[str]:
    """A folder that goes when it is left, in memory where there is such: fsync costs nothing."""
    memory = "/dev/shm"
    return tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None)


def tree_of(root: Path) -> dict[str, tuple[Any, ...]]:
    """All below a folder: content, permissions and time of files; folders; where links lead."""
    found: dict[str, tuple[Any, ...]] = {}
    for path in root.rglob("*"):
        status = path.lstat()
        name = str(path.relative_to(root))
        if path.is_symlink():
            found[name] = ("link", path.readlink())
        elif path.is_dir():
            found[name] = ("folder", status.st_mode)
        else:
            found[name] = ("file", path.read_bytes(), status.st_mode, status.st_mtime_ns)
    return found
