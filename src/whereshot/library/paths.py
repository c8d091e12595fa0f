"""Paths as the catalog has them: absolute, as bytes, so that every name there is survives.

A key is `os.fsencode` of an absolute path. Keys are ordered as bytes, which is also the order of a
walk that sorts each folder with a separator behind the names of the folders in it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

SEPARATOR = os.fsencode(os.sep)
_AFTER_SEPARATOR = bytes([SEPARATOR[0] + 1])


def to_key(path: str | bytes | os.PathLike[str]) -> bytes:
    """The key of a path. Links stay as they are: the name that a person gave is the name."""
    return os.path.abspath(os.fsencode(path))  # noqa: PTH100 - Path can't hold bytes


def to_path(key: bytes) -> Path:
    """The path of a key; bytes that are no text come as surrogates, which the system takes back."""
    return Path(os.fsdecode(key))


def folder_prefix(key: bytes) -> bytes:
    """What the keys of all that is in a folder begin with.

    >>> folder_prefix(b"/photos"), folder_prefix(b"/")
    (b'/photos/', b'/')
    """
    return key if key.endswith(SEPARATOR) else key + SEPARATOR


def key_range(key: bytes) -> tuple[bytes, bytes]:
    """The first possible key inside a folder, and the first one behind all of them.

    >>> key_range(b"/photos")
    (b'/photos/', b'/photos0')
    """
    prefix = folder_prefix(key)
    return prefix, prefix[:-1] + _AFTER_SEPARATOR


def distinct_roots(paths: Iterable[str | bytes | os.PathLike[str]]) -> list[bytes]:
    """The keys of some paths in the order of a walk, without those that are inside of others.

    >>> distinct_roots(["/b", "/a/inner", "/a", "/a-b"])
    [b'/a-b', b'/a', b'/b']
    """
    roots: list[bytes] = []
    for key in sorted({to_key(path) for path in paths}, key=folder_prefix):
        if not roots or not key.startswith(folder_prefix(roots[-1])):
            roots.append(key)
    return roots
