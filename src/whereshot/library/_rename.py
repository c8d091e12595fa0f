"""Give a file a new name that nothing has yet, in one step.

POSIX's rename replaces what is there, and a look beforehand is a race. Linux and macOS have a
rename that refuses; where the file system doesn't know it, a hard link refuses just as well.
"""

from __future__ import annotations

import ctypes
import errno
import os
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

_AT_FDCWD = -100
_RENAME_NOREPLACE = 1  # linux/fs.h
_RENAME_EXCL = 4  # sys/stdio.h of macOS
_NOT_HERE = {errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP}


def rename_new(source: Path, target: Path) -> None:
    """Rename `source` to `target`; raises FileExistsError if anything is there, links included.

    Raises OSError with errno EXDEV across file systems. A kill in the midst leaves the file under
    its old name, its new one, or both; never under none.
    """
    rename = _exclusive_rename()
    if rename is not None:
        failed = rename(os.fsencode(source), os.fsencode(target))
        if not failed:
            return
        if failed not in _NOT_HERE:
            raise OSError(failed, os.strerror(failed), str(source), None, str(target))
    # A link to the link, where the source is a symbolic one: that is what renaming means.
    os.link(source, target, follow_symlinks=False)
    os.unlink(source)  # noqa: PTH108 - beside os.link


@cache
def _exclusive_rename() -> Callable[[bytes, bytes], int] | None:
    """The system's own call: it returns an errno, or 0. None where there is none."""
    library = ctypes.CDLL(None, use_errno=True)
    mac = sys.platform == "darwin"
    call = getattr(library, "renamex_np" if mac else "renameat2", None)
    if call is None:
        return None

    def rename(source: bytes, target: bytes) -> int:
        failed = (
            call(source, target, _RENAME_EXCL)
            if mac
            else call(_AT_FDCWD, source, _AT_FDCWD, target, _RENAME_NOREPLACE)
        )
        return ctypes.get_errno() if failed else 0

    return rename
