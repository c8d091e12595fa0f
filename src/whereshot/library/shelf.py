"""The folders that photos are put into: which names are taken there, and by what.

A plan looks at files and changes none, so what it puts somewhere is remembered here. Names are
compared as the pickiest file system would: case, and the form of accents, make no difference.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import Protocol

from whereshot.library.bunches import stem_of
from whereshot.library.names import folded, numbered

Owner = tuple[Path, str]
"""The folder and the stem that a bunch of files comes from."""


class Disk(Protocol):
    """What a plan asks of the disk."""

    def names(self, folder: Path) -> Collection[str]:
        """The names in a folder; none where there is no such folder."""
        ...

    def is_folder(self, path: Path) -> bool:
        """Whether a path is a folder."""
        ...

    def same_content(self, a: Path, b: Path, /) -> bool:
        """Whether two files hold the same bytes."""
        ...


class RealDisk:
    """The disk as it is. `same_content` compares two files of the same size, byte by byte."""

    def __init__(self, same_content: Callable[[Path, Path], bool]) -> None:
        self.same_content = same_content

    def names(self, folder: Path) -> Collection[str]:
        """See `Disk`."""
        try:
            return [path.name for path in folder.iterdir()]
        except (FileNotFoundError, NotADirectoryError):
            return ()

    def is_folder(self, path: Path) -> bool:
        """See `Disk`."""
        return path.is_dir()


class Shelf:
    """Folders below `root`, as they are and as the plan so far will have made them."""

    def __init__(self, root: Path, disk: Disk) -> None:
        self.root = root
        self.disk = disk
        self._folders: dict[Path, _Folder] = {}

    def folder(self, parts: Collection[str]) -> tuple[Path, list[Path]]:
        """The path of the folder of these names below the root, and which folders are new.

        A folder that differs only in case is that folder. One whose name a file has gets a number.
        """
        path, made = self.root, self._missing()
        for name in parts:
            above = self._open(path)
            number = 1
            while True:
                wanted = numbered(name, number, 0)
                found = above.names.get(folded(wanted))
                if found is None:
                    made.append(path / wanted)
                    above.names[folded(wanted)] = path / wanted
                    self._folders[path / wanted] = _Folder({}, {})
                    found = path / wanted
                if found in self._folders or self.disk.is_folder(found):
                    path = found
                    break
                number += 1
        return path, made

    def _missing(self) -> list[Path]:
        """The root and the folders above it that are not there yet, the topmost first."""
        made: list[Path] = []
        path = self.root
        while path not in self._folders and not self.disk.is_folder(path):
            made.append(path)
            self._folders[path] = _Folder({}, {})
            path = path.parent
        return made[::-1]

    def holder(self, folder: Path, name: str) -> Path | None:
        """The file whose content has this name in a folder, or will have; None if it is free."""
        return self._open(folder).names.get(folded(name))

    def owner(self, folder: Path, stem: str) -> Owner | None:
        """Whose files have this stem in a folder: nobody's (None), or a bunch's.

        What was there before the plan has no owner that is known: its own folder stands for it.
        """
        return self._open(folder).stems.get(folded(stem))

    def put(self, source: Path, target: Path) -> None:
        """Note that a file is going to have a name that was free."""
        self._open(target.parent).names[folded(target.name)] = source

    def claim(self, folder: Path, stem: str, owner: Owner) -> None:
        """Note whose stem this is from now on."""
        self._open(folder).stems[folded(stem)] = owner

    def _open(self, folder: Path) -> _Folder:
        known = self._folders.get(folder)
        if known is None:
            names = self.disk.names(folder)
            known = self._folders[folder] = _Folder(
                {folded(name): folder / name for name in names},
                {folded(stem_of(name)): (folder, "") for name in names},
            )
        return known


class _Folder:
    """Names and stems that are taken, folded, and by what."""

    __slots__ = ("names", "stems")

    def __init__(self, names: dict[str, Path], stems: dict[str, Owner]) -> None:
        self.names = names
        self.stems = stems
