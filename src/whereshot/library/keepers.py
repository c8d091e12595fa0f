"""Where the XMP of a photo is kept: beside it, or, where that was asked for, inside of it."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Protocol

from whereshot.errors import ConflictError, SidecarError
from whereshot.library.catalog import CatalogPhoto
from whereshot.library.changes import CopyFile, LinkFile, RemoveFile, ReplaceFile, WriteFile
from whereshot.library.exiftool import ExifTool
from whereshot.library.files import Files, check_protection, temporary_beside
from whereshot.library.journal import Run
from whereshot.library.tagging import Metadata
from whereshot.photo.embedded import embedded_xmp
from whereshot.photo.sidecar import sidecar_path
from whereshot.photo.suffixes import RAW_SUFFIXES


class Keeper(Protocol):
    """Reads and writes the XMP of photos; both raise OSError."""

    def read(self, photo: CatalogPhoto) -> Metadata:
        """What a photo has; also raises SidecarError."""
        ...

    def write(self, path: Path, before: bytes | None, after: bytes | None, run: Run) -> None:
        """Put `after` in the place of `before`; None for none."""
        ...


class Sidecars:
    """XMP files beside the photos, which stay as they are."""

    def __init__(self, files: Files) -> None:
        self._files = files

    def read(self, photo: CatalogPhoto) -> Metadata:
        """See `Keeper`."""
        check_unchanged(photo, self._files)
        path = sidecar_path(photo.path)
        shared = path.stem != photo.path.name
        return Metadata(path, self._files.read(path), embedded_xmp(photo.path), shared)

    def write(self, path: Path, before: bytes | None, after: bytes | None, run: Run) -> None:
        """See `Keeper`."""
        if after is not None:
            run.apply(WriteFile(path, after, before))
        elif before is not None:
            run.apply(RemoveFile(path, before))


class InPhotos:
    """XMP inside of the photos, by exiftool; what they were stays beside as `NAME_original`.

    Raw photos get a sidecar: their formats are their makers' secrets.
    """

    def __init__(self, files: Files, tool: ExifTool, *, dry: bool = False) -> None:
        self._files, self._tool, self._dry = files, tool, dry
        self._sidecars = Sidecars(files)

    def read(self, photo: CatalogPhoto) -> Metadata:
        """See `Keeper`."""
        if photo.path.suffix.lower() in RAW_SUFFIXES:
            return self._sidecars.read(photo)
        check_unchanged(photo, self._files)
        path = self._files.follow(photo.path)
        content = self._tool.read_xmp(path)
        if content and b"HasExtendedXMP" in content:
            raise SidecarError("its XMP is in several parts, which can't be changed safely")
        beside = self._files.read(sidecar_path(photo.path))
        return Metadata(path, content, sidecar=beside)

    def write(self, path: Path, before: bytes | None, after: bytes | None, run: Run) -> None:
        """See `Keeper`."""
        if path.suffix.lower() in (".xmp", *RAW_SUFFIXES):
            self._sidecars.write(path, before, after, run)
        elif self._dry:
            check_protection(path)
        else:
            self._replace(path, after, run)

    def _replace(self, photo: Path, xmp: bytes | None, run: Run) -> None:
        backup = self._free_backup(photo)
        try:
            run.apply(LinkFile(photo, backup))
        except OSError:  # some file systems have no links
            run.apply(CopyFile(photo, backup))
        staged = temporary_beside(photo)
        try:
            self._tool.write_copy(photo, xmp, staged)
            run.apply(ReplaceFile(photo, staged, backup))
        except OSError:
            self._drop_needless(backup, photo)
            raise
        finally:
            staged.unlink(missing_ok=True)

    def _drop_needless(self, backup: Path, photo: Path) -> None:
        """Remove a backup whose photo is as it was; else it may be all that is left of that."""
        seen = self._files.look(backup)
        # An error may also come after the photo was replaced, when its folder is to reach the disk.
        if seen is not None and seen.same_file(self._files.look(photo)):
            self._files.remove(backup, seen=seen)

    def _free_backup(self, photo: Path) -> Path:
        # exiftool's own name first: its -restore_original finds it.
        number = 1
        while True:
            name = f"{photo.name}_original" + (f"_{number}" if number > 1 else "")
            if self._files.look(photo.with_name(name)) is None:
                return photo.with_name(name)
            number += 1


def check_unchanged(photo: CatalogPhoto, files: Files) -> None:
    """Raise OSError unless a photo is the one that was recognized."""
    state = files.look(files.follow(photo.path))
    if state is None:
        raise FileNotFoundError(errno.ENOENT, "it is not there any more", os.fspath(photo.path))
    if state.kind != "file" or (state.size, state.mtime_ns) != (photo.size, photo.mtime_ns):
        raise ConflictError("it was changed after it was recognized: run this again")
