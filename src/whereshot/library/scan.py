"""Which photos there are: a walk through folders that opens none of the files in them.

Photos come in the order of their keys, so that they can be compared with the catalog row by row.
"""

from __future__ import annotations

import os
import stat
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from whereshot.library.bounds import Bounds
from whereshot.library.paths import SEPARATOR, distinct_roots, folder_prefix, to_path
from whereshot.photo.suffixes import PHOTO_SUFFIXES, RAW_SUFFIXES, VIDEO_SUFFIXES

# Folders that photo tools and systems fill with what is no photo of anybody's: thumbnails, trash.
SKIPPED_FOLDERS = frozenset({b"#recycle", b"$recycle.bin", b"@eadir", b"system volume information"})

_PHOTOS = frozenset(os.fsencode(suffix) for suffix in PHOTO_SUFFIXES | RAW_SUFFIXES)
_VIDEOS = frozenset(os.fsencode(suffix) for suffix in VIDEO_SUFFIXES)


class FoundPhoto(NamedTuple):
    """A regular file that its name calls a photo; `key` is its path as bytes."""

    key: bytes
    size: int
    mtime_ns: int

    @property
    def path(self) -> Path:
        """Where it is."""
        return to_path(self.key)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that could not be looked at or read: where, and a sentence that says why."""

    path: Path
    message: str


class Scan:
    """A walk through folders: iterate over it for the photos and raw files, then see the rest.

    Hidden files and folders are left out, and videos are counted. A root may be a photo itself,
    whatever its suffix. A link to a folder is followed if the folder is not inside the roots
    anyway; each folder is gone through once, whatever leads to it. What can't be looked at becomes
    one of the `problems`, and the walk goes on. With `bounds`, so do links that lead out of them.
    """

    def __init__(
        self, roots: Iterable[str | bytes | os.PathLike[str]], bounds: Bounds | None = None
    ) -> None:
        self.roots = distinct_roots(roots)
        self._bounds = bounds
        self.photos = 0
        self.videos = 0
        self.folders = 0
        self.problems: list[Problem] = []
        self._real_roots = [folder_prefix(os.path.realpath(root)) for root in self.roots]
        self._visited: set[tuple[int, int]] = set()
        self._unseen: list[bytes] = []

    def __iter__(self) -> Iterator[FoundPhoto]:
        for root in self.roots:
            yield from self.under(root)

    def under(self, root: bytes) -> Iterator[FoundPhoto]:
        """The photos under one of the roots, by key."""
        self._unseen.clear()
        try:
            status = os.stat(root)  # noqa: PTH116 - keys are bytes
        except OSError as error:
            # Its disk may not be connected today: what is known of its photos stays known.
            self._unseen += [root, folder_prefix(root)]
            self._report(root, f"can't be found ({error.strerror}). Check the path and its disk.")
            return
        if stat.S_ISDIR(status.st_mode):
            yield from self._walk(root)
        else:
            yield from self._file(root)

    def is_unseen(self, key: bytes) -> bool:
        """Whether a path is, or lies in, what could not be looked at: it need not be gone.

        Asks about the root that is walked, up to the point where the walk is.
        """
        before = bisect_right(self._unseen, key)
        if not before:
            return False
        nearest = self._unseen[before - 1]
        return key == nearest or (nearest.endswith(SEPARATOR) and key.startswith(nearest))

    def _walk(self, root: bytes) -> Iterator[FoundPhoto]:
        # A stack, because generators inside of generators cost their depth for every photo.
        stack = [iter(self._list(root))]
        while stack:
            key = next(stack[-1], None)
            if key is None:
                stack.pop()
            elif key.endswith(SEPARATOR):
                stack.append(iter(self._list(key[:-1])))
            else:
                yield from self._file(key)

    def _file(self, key: bytes) -> Iterator[FoundPhoto]:
        if self._leads_out(key):
            self._unseen.append(key)
            return
        try:
            status = os.stat(key)  # noqa: PTH116
        except FileNotFoundError:
            if os.path.islink(key):  # noqa: PTH114
                self._report(key, "is a link that leads nowhere. Delete it, or mend it.")
            return  # else it went a moment ago
        except OSError as error:
            self._unseen.append(key)
            self._report(key, f"can't be looked at ({error.strerror}). Check its permissions.")
            return
        if stat.S_ISREG(status.st_mode):
            self.photos += 1
            yield FoundPhoto(key, status.st_size, status.st_mtime_ns)
        else:
            self._report(key, "is a pipe, socket or device, not a photo. It was not opened.")

    def _list(self, folder: bytes) -> list[bytes]:
        """The keys of photos in a folder, and of folders with a separator behind, in order."""
        if self._leads_out(folder):
            self._unseen.append(folder_prefix(folder))
            return []
        try:
            status = os.stat(folder)  # noqa: PTH116
            if (identity := (status.st_dev, status.st_ino)) in self._visited:
                return []
            self._visited.add(identity)
            with os.scandir(folder) as entries:
                keys = [key for entry in entries if (key := self._key(entry)) is not None]
        except FileNotFoundError:  # it went a moment ago
            return []
        except OSError as error:
            self._unseen.append(folder_prefix(folder))
            self._report(folder, f"can't be read ({error.strerror}). Check its permissions.")
            return []
        self.folders += 1
        keys.sort()
        return keys

    def _key(self, entry: os.DirEntry[bytes]) -> bytes | None:
        """What the walk does with an entry of a folder: nothing, a file, or a folder."""
        name = entry.name
        if name.startswith(b"."):
            return None
        if _is_folder(entry):
            if is_skipped(name) or (entry.is_symlink() and self._is_inside(entry)):
                return None
            return entry.path + SEPARATOR
        suffix = os.path.splitext(name)[1].lower()  # noqa: PTH122
        if suffix in _PHOTOS:
            return entry.path
        if suffix in _VIDEOS:
            self.videos += 1
        return None

    def _is_inside(self, link: os.DirEntry[bytes]) -> bool:
        """Whether the walk comes to what a link leads to by the folder's own name."""
        target = folder_prefix(os.path.realpath(link.path))
        return any(target.startswith(root) for root in self._real_roots)

    def _leads_out(self, key: bytes) -> bool:
        """Whether a path is a link out of the bounds; that is reported then."""
        if self._bounds is None or not os.path.islink(key) or self._bounds.holds(key):  # noqa: PTH114
            return False
        self._report(key, "leads out of the folders that were allowed: it was not followed.")
        return True

    def _report(self, key: bytes, what: str) -> None:
        path = to_path(key)
        self.problems.append(Problem(path, f"{str(path)!r} {what}"))


def is_skipped(folder: bytes) -> bool:
    """Whether a folder of this name is left out: it is hidden, or a program's own."""
    return folder.startswith(b".") or folder.lower() in SKIPPED_FOLDERS


def _is_folder(entry: os.DirEntry[bytes]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # links in a circle
        return False
