"""Files here and elsewhere behind one object: local paths, s3://, gs://, whatever fsspec knows.

pyarrow's own file systems serve what they can; fsspec serves the rest (`az://`, `hf://`, `sftp://`,
`zip://*.jpg::s3://bucket/photos.zip`), if the package that it wants for that is installed.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import uuid4

import pyarrow as pa
from pyarrow import fs

from whereshot.errors import BatchError, MissingExtraError

TEMPORARY = ".whereshot-"
"""How the names of unfinished files begin."""
_PUT_IS_WHOLE = frozenset({"s3", "gcs", "abfs", "gs", "az", "adl", "memory"})
"""Kinds of storage where a file appears when it is complete, or not at all."""


def is_url(text: str) -> bool:
    """Whether this is no path of this machine.

    >>> is_url("s3://bucket/a.jpg"), is_url("file:///photos/a.jpg"), is_url("photos/a.jpg")
    (True, False, False)
    """
    return "://" in text and not text.startswith("file://")


@dataclass(frozen=True, slots=True)
class Place:
    """A file or folder: a file system, the path in it, and what of a URL stands around the path."""

    filesystem: Any  # an `fs.FileSystem`; pyarrow ships no types
    path: str
    prefix: str = ""
    suffix: str = ""

    @property
    def is_local(self) -> bool:
        """Whether it is a path of this machine."""
        return isinstance(self.filesystem, fs.LocalFileSystem)

    @property
    def name(self) -> str:
        """Its path or URL, as records and messages have it."""
        return self.prefix + (self.path.lstrip("/") if self.prefix else self.path) + self.suffix

    @property
    def last(self) -> str:
        """The last part of the path."""
        return posixpath.basename(self.path)

    def at(self, path: str) -> Place:
        """Another path of the same file system."""
        return replace(self, path=path)

    def __truediv__(self, name: str) -> Place:
        return self.at(posixpath.join(self.path, name))

    def kind(self) -> str:
        """`file`, `folder` or `nothing`; a pipe or device is nothing."""
        if self.is_local:  # also where a name is not UTF-8, which pyarrow can't hold
            path = Path(self.path)
            return "folder" if path.is_dir() else "file" if path.is_file() else "nothing"
        found = self.filesystem.get_file_info(self.path).type
        kinds = {fs.FileType.File: "file", fs.FileType.Directory: "folder"}
        return kinds.get(found, "nothing")

    def children(self) -> tuple[list[Place], list[Place]]:
        """The files and the folders in a folder, each sorted by name; raises OSError.

        Links to folders are left out: they may lead back.
        """
        if self.is_local:
            with os.scandir(self.path or ".") as entries:
                found = sorted(entries, key=lambda entry: entry.name)
            paths = {os.path.join(self.path, each.name): each for each in found}  # noqa: PTH118
            files = [self.at(path) for path, each in paths.items() if not each.is_dir()]
            folders = [
                self.at(path)
                for path, each in paths.items()
                if each.is_dir() and not each.is_symlink()
            ]
            return files, folders
        listed = self.filesystem.get_file_info(fs.FileSelector(self.path))
        # Some object stores count the folder itself among its files.
        there = [each for each in listed if each.path.strip("/") != self.path.strip("/")]
        there.sort(key=lambda each: each.path)
        return (
            [self.at(each.path) for each in there if each.type == fs.FileType.File],
            [self.at(each.path) for each in there if each.type == fs.FileType.Directory],
        )

    def open(self) -> Any:
        """A file as a pyarrow stream that can seek; raises OSError."""
        return self.filesystem.open_input_file(self.path)

    def read(self) -> bytes:
        """The bytes of a file; raises OSError."""
        with self.open() as stream:
            return stream.read()

    def write(self, data: Any) -> None:
        """Write a file that is seen whole or not at all, and is on the disk; raises OSError."""
        parent = posixpath.dirname(self.path)
        if parent:
            self.filesystem.create_dir(parent, recursive=True)
        if _PUT_IS_WHOLE.intersection(_kinds_of(self.filesystem)):
            _fill(self, data)
            return
        temporary = self.at(posixpath.join(parent, TEMPORARY + uuid4().hex))
        try:
            _fill(temporary, data)
            if self.is_local:
                _sync(temporary.path)
            self.filesystem.move(temporary.path, self.path)
            if self.is_local:
                _sync(parent or ".")
        except BaseException:
            with suppress(OSError):
                self.filesystem.delete_file(temporary.path)
            raise


def locate(text: str | os.PathLike[str]) -> Place:
    """The place that a path or URL stands for; nothing need be there.

    Raises BatchError for a URL of an unknown kind, MissingExtraError if a package is wanting.
    """
    text = os.fspath(text)
    if not is_url(text):
        path = unquote(urlsplit(text).path) if text.startswith("file://") else text
        return Place(fs.LocalFileSystem(), path.rstrip("/") or path)
    first, chained, rest = text.partition("::")
    first, query = _without_query(first)
    filesystem, path = _of_fsspec(text) if chained else _of_pyarrow(first, query, text)
    path = path.rstrip("/")
    if "://" in path:  # file systems of the web take whole URLs for paths
        return Place(filesystem, path)
    scheme, _, there = first.partition("://")
    prefix = f"{scheme}://" + there.rstrip("/").removesuffix(path.strip("/"))
    return Place(filesystem, path, prefix, chained + rest)


class Opener:
    """Finds paths and URLs, and keeps the file systems that it has met.

    `known` are places whose file systems it is to take for what else is there: they may have
    settings that a plain URL has not.
    """

    def __init__(self, *known: Place) -> None:
        self._known = {_store_of(place.name): place for place in known}

    def find(self, name: str) -> Place:
        """The place of one path or URL; raises as `locate`."""
        store = _store_of(name)
        known = self._known.get(store)
        if known is None:
            known = self._known[store] = locate(name)
        if not known.prefix:
            return known.at(locate(name).path if known.is_local else name)
        path, _ = _without_query(name.removeprefix(known.prefix).removesuffix(known.suffix))
        return known.at(("/" if known.path.startswith("/") else "") + path.lstrip("/"))


def _store_of(name: str) -> str:
    """What photos of one file system have in common: scheme and bucket or host, or the archive."""
    if not is_url(name):
        return ""
    first, _, rest = name.partition("::")
    scheme, _, path = first.partition("://")
    return f"{scheme}://::{rest}" if rest else f"{scheme}://{path.partition('/')[0]}"


def _without_query(url: str) -> tuple[str, str]:
    """A URL and its settings, such as `?region=eu-west-1`; a ? in a pattern is none."""
    before, mark, query = url.rpartition("?")
    return (before, query) if mark and "=" in query else (url, "")


def _of_pyarrow(url: str, query: str, whole: str) -> tuple[Any, str]:
    scheme, _, rest = url.partition("://")
    bucket, _, path = rest.partition("/")
    root = f"{scheme}://{bucket}/" + (f"?{query}" if query else "")
    try:
        filesystem, base = fs.FileSystem.from_uri(root)  # keys may hold what no URI may
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return _of_fsspec(whole)
    return filesystem, posixpath.join(base, path)


def _of_fsspec(url: str) -> tuple[Any, str]:
    try:
        from fsspec.core import url_to_fs
    except ImportError as error:
        raise MissingExtraError(
            f"{url!r} needs fsspec, which can't be imported ({error}). "
            "Install the part for large jobs: pip install 'whereshot[scale]'"
        ) from error
    try:
        filesystem, path = url_to_fs(url)
    except ImportError as error:  # fsspec says which package serves URLs of this kind
        raise MissingExtraError(f"{url!r} needs one more package: {error}") from error
    except ValueError as error:
        raise BatchError(
            f"{url!r} is no URL that can be read ({error}); expected a path, or a URL such as "
            "s3://bucket/photos. Check its spelling"
        ) from error
    return fs.PyFileSystem(fs.FSSpecHandler(filesystem)), path


def _kinds_of(filesystem: Any) -> Sequence[str]:
    """What a kind of storage is called; fsspec may have several names for it."""
    if not isinstance(filesystem, fs.PyFileSystem):
        return (filesystem.type_name,)
    names = filesystem.handler.fs.protocol
    return (names,) if isinstance(names, str) else names


def _fill(place: Place, data: Any) -> None:
    with place.filesystem.open_output_stream(place.path) as stream:
        stream.write(data)


def _sync(path: str) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
