"""Every operation on a user's files, behind one small object.

A run, a dry run and a test that pulls the plug in the midst differ in this object and in nothing
else. What is written becomes visible whole or not at all, reaches the disk before the next step
begins, and never takes the place of a file that the caller has not seen.
"""

# System calls by their own names: the tests let each of them fail in its turn.
# ruff: noqa: PTH101, PTH102, PTH105, PTH106, PTH108, PTH114, PTH116, PTH123, PTH208

from __future__ import annotations

import errno
import os
import secrets
import shutil
import stat
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, Protocol

from whereshot.errors import ConflictError
from whereshot.library._rename import rename_new

if sys.platform == "linux":
    import fcntl

TEMPORARY = ".whereshot-"
"""How the names of unfinished files begin: hidden from scans, and swept up after a crash."""
LARGEST_READ = 64 << 20
"""Bytes. No sidecar is larger; a file that is goes unread."""

_FICLONE = 0x40049409  # linux/fs.h
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class FileState:
    """What the file system says of one name; equal states mean that nobody wrote since.

    `ctime_ns` is the system's own mark of the last change: it can't be set, as `mtime_ns` can.
    """

    kind: Literal["file", "folder", "link", "other"]
    device: int
    inode: int
    size: int
    mode: int  # permissions alone
    mtime_ns: int
    ctime_ns: int

    def same_file(self, other: FileState | None) -> bool:
        """The same file with the same content, though maybe under another name by now."""
        return other is not None and replace(other, mode=self.mode, ctime_ns=self.ctime_ns) == self


class Files(Protocol):
    """What whereshot does to files; all raise OSError, `ConflictError` among them."""

    def look(self, path: Path) -> FileState | None:
        """What is at a path, a link itself rather than what it leads to; None for nothing."""
        ...

    def follow(self, path: Path) -> Path:
        """The path itself, or where it leads if it is a symbolic link."""
        ...

    def read(self, path: Path) -> bytes | None:
        """The content of a regular file of up to `LARGEST_READ` bytes; None for nothing there."""
        ...

    def same_content(self, a: Path, b: Path) -> bool:
        """Whether two regular files hold the same bytes."""
        ...

    def write(
        self,
        path: Path,
        content: bytes,
        *,
        over: FileState | None = None,
        mode: int | None = None,
        mtime_ns: int | None = None,
    ) -> None:
        """Write a file over the one that was seen there, or where there was none.

        Permissions, owner and attributes of that file stay, unless `mode` says otherwise.
        """
        ...

    def replace(self, staged: Path, path: Path, *, over: FileState) -> None:
        """Put a finished file of `TEMPORARY` name in the place of the one that was seen there."""
        ...

    def put_back(self, backup: Path, path: Path, *, over: FileState) -> None:
        """Put a backup in the place of the file that was seen there; the backup stays too."""
        ...

    def remove(self, path: Path, *, seen: FileState) -> None:
        """Remove the file that was seen there."""
        ...

    def make_folder(self, path: Path) -> None:
        """Make one folder in one that is there."""
        ...

    def remove_folder(self, path: Path) -> None:
        """Remove an empty folder."""
        ...

    def copy(self, source: Path, target: Path) -> None:
        """Copy content, permissions and times to a new name; shares the blocks where it can."""
        ...

    def link(self, source: Path, target: Path) -> None:
        """Give a file a second name (a hard link)."""
        ...

    def move(self, source: Path, target: Path) -> None:
        """Give a file another name; across file systems copy, compare, remove."""
        ...

    def sweep(self, folder: Path) -> None:
        """Remove the unfinished files that a crash has left in a folder."""
        ...

    def check_writable(self, folder: Path) -> None:
        """Raise OSError if no file can be written into a folder, found out without a trace."""
        ...


class RealFiles:
    """The file system."""

    def look(self, path: Path) -> FileState | None:
        """See `Files`."""
        try:
            return _state(os.lstat(path))
        except (FileNotFoundError, NotADirectoryError):
            return None

    def follow(self, path: Path) -> Path:
        """See `Files`."""
        return Path(os.path.realpath(path)) if os.path.islink(path) else path

    def read(self, path: Path) -> bytes | None:
        """See `Files`."""
        try:
            handle = _open_regular(path)
        except (FileNotFoundError, NotADirectoryError):
            return None
        with open(handle, "rb") as file:
            if os.fstat(handle).st_size > LARGEST_READ:
                raise OSError(errno.EFBIG, f"more than {LARGEST_READ >> 20} MB", str(path))
            return file.read()

    def same_content(self, a: Path, b: Path) -> bool:
        """See `Files`."""
        with open(_open_regular(a), "rb") as one, open(_open_regular(b), "rb") as other:
            if os.fstat(one.fileno()).st_size != os.fstat(other.fileno()).st_size:
                return False
            while chunk := one.read(_CHUNK):
                if chunk != other.read(_CHUNK):
                    return False
            return not other.read(1)

    def write(
        self,
        path: Path,
        content: bytes,
        *,
        over: FileState | None = None,
        mode: int | None = None,
        mtime_ns: int | None = None,
    ) -> None:
        """See `Files`."""
        if over is not None:
            check_protection(path)
        with _unfinished(path) as temporary:
            handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
            try:
                _write_all(handle, content)
                if over is not None:
                    _dress_like(path, temporary)
                if mode is not None:
                    os.chmod(temporary, mode)
                if mtime_ns is not None:
                    os.utime(temporary, ns=(mtime_ns, mtime_ns))
                # Else the new name may reach the disk before what it names.
                os.fsync(handle)
            finally:
                os.close(handle)
            if over is None:
                rename_new(temporary, path)
            else:
                self._put_over(temporary, path, over)
        _sync_folder(path.parent)

    def replace(self, staged: Path, path: Path, *, over: FileState) -> None:
        """See `Files`."""
        check_protection(path)
        handle = _open_regular(staged)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
        self._put_over(staged, path, over)
        _sync_folder(path.parent)

    def put_back(self, backup: Path, path: Path, *, over: FileState) -> None:
        """See `Files`."""
        with _unfinished(path) as temporary:
            try:
                os.link(backup, temporary)
            except OSError:  # this file system may have no hard links
                _copy(backup, temporary)
            self._put_over(temporary, path, over)
        _sync_folder(path.parent)

    def remove(self, path: Path, *, seen: FileState) -> None:
        """See `Files`."""
        self._check_seen(path, seen)
        os.unlink(path)
        _sync_folder(path.parent)

    def make_folder(self, path: Path) -> None:
        """See `Files`."""
        os.mkdir(path)
        _sync_folder(path.parent)

    def remove_folder(self, path: Path) -> None:
        """See `Files`."""
        os.rmdir(path)
        _sync_folder(path.parent)

    def copy(self, source: Path, target: Path) -> None:
        """See `Files`."""
        with _unfinished(target) as temporary:
            _copy(source, temporary)
            rename_new(temporary, target)
        _sync_folder(target.parent)

    def link(self, source: Path, target: Path) -> None:
        """See `Files`."""
        os.link(source, target)
        _sync_folder(target.parent)

    def move(self, source: Path, target: Path) -> None:
        """See `Files`."""
        try:
            rename_new(source, target)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            self.copy(source, target)
            if not self.same_content(source, target):
                os.unlink(target)
                raise OSError(errno.EIO, "the copy is not what was copied", str(target)) from None
            os.unlink(source)
        _sync_folder(target.parent)
        _sync_folder(source.parent)

    def sweep(self, folder: Path) -> None:
        """See `Files`."""
        with suppress(FileNotFoundError, NotADirectoryError):
            for name in os.listdir(folder):
                if name.startswith(TEMPORARY):
                    os.unlink(folder / name)

    def check_writable(self, folder: Path) -> None:
        """See `Files`."""
        # Permissions don't tell all: a share may be mounted for reading, and root may do anything.
        unnamed = getattr(os, "O_TMPFILE", None)
        if unnamed is not None:
            try:
                os.close(os.open(folder, unnamed | os.O_WRONLY | os.O_CLOEXEC, 0o600))
            except OSError as error:
                if error.errno not in (errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL):
                    raise
            else:
                return
        with _unfinished(folder / "probe") as temporary:
            os.close(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        os.unlink(temporary)

    def _put_over(self, temporary: Path, path: Path, over: FileState) -> None:
        self._check_seen(path, over)
        os.replace(temporary, path)

    def _check_seen(self, path: Path, seen: FileState | None) -> None:
        if self.look(path) != seen:
            raise ConflictError(f"'{path}' was changed by another program just now. Try again")


def temporary_beside(path: Path) -> Path:
    """A name for an unfinished file in the folder of `path`, with its suffix."""
    return path.with_name(f"{TEMPORARY}{secrets.token_hex(8)}{path.suffix}")


@contextmanager
def _unfinished(path: Path) -> Generator[Path]:
    temporary = temporary_beside(path)
    try:
        yield temporary
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise


def _state(status: os.stat_result) -> FileState:
    kinds: dict[int, Literal["file", "folder", "link"]] = {
        stat.S_IFREG: "file",
        stat.S_IFDIR: "folder",
        stat.S_IFLNK: "link",
    }
    return FileState(
        kind=kinds.get(stat.S_IFMT(status.st_mode), "other"),
        device=status.st_dev,
        inode=status.st_ino,
        size=status.st_size,
        mode=stat.S_IMODE(status.st_mode),
        mtime_ns=status.st_mtime_ns,
        ctime_ns=status.st_ctime_ns,
    )


def _open_regular(path: Path) -> int:
    # Without O_NONBLOCK, opening a FIFO waits for a writer that may never come.
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(errno.EINVAL, "not a regular file", str(path))
    return handle


def check_protection(path: Path) -> None:
    """Raise OSError for a file that must not be written to.

    A rename would get past that; whoever protected the file didn't mean it so.
    """
    if not os.access(path, os.W_OK):
        raise PermissionError(errno.EACCES, "it is write-protected", str(path))


def _write_all(handle: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(handle, view) :]


def _dress_like(path: Path, temporary: Path) -> None:
    """Take over permissions, attributes and, where this process may, the owner; not the time."""
    status = os.stat(path)
    mine = os.stat(temporary)
    if (mine.st_uid, mine.st_gid) != (status.st_uid, status.st_gid):
        with suppress(PermissionError):
            os.chown(temporary, status.st_uid, status.st_gid)
    shutil.copystat(path, temporary)
    os.utime(temporary)


def _copy(source: Path, temporary: Path) -> None:
    reader = _open_regular(source)
    try:
        writer = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            if not _clone(reader, writer):
                while chunk := os.read(reader, _CHUNK):
                    _write_all(writer, chunk)
            shutil.copystat(source, temporary)
            os.fsync(writer)
        finally:
            os.close(writer)
    finally:
        os.close(reader)


def _clone(reader: int, writer: int) -> bool:
    """Let a copy share the blocks of the original; False where the file system can't (ext4)."""
    if sys.platform != "linux":
        return False
    try:
        fcntl.ioctl(writer, _FICLONE, reader)
    except OSError:
        return False
    return True


def _sync_folder(folder: Path) -> None:
    """Let a changed name reach the disk."""
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.EBADF):
            raise  # those say that the file system has no such notion
    finally:
        os.close(handle)
