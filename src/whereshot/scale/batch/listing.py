"""Photos of folders, patterns and lists, found once and kept as Parquet files of paths.

A job that goes on after a break works through the list that it began with: nobody lists a billion
objects twice, and photos that came meanwhile don't shift the others from block to block.
"""

from __future__ import annotations

import glob
import hashlib
import io
import os
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

import pyarrow as pa
import pyarrow.parquet as pq

from whereshot.errors import BatchError
from whereshot.photo.suffixes import is_photo
from whereshot.progress import Report
from whereshot.scale.batch.columns import Columns
from whereshot.scale.batch.sources import ParquetRows
from whereshot.scale.batch.storage import Place, locate

LIST_SUFFIXES = (".txt", ".lst", ".list")
_COLUMN = "photo"
_ROWS_PER_FILE = 1_000_000
_COLUMNS = Columns(_COLUMN, "paths")


def photos_of(inputs: Iterable[str]) -> Iterator[str]:
    """The photos that inputs stand for, lazily and in order, as `predict` would take them.

    A folder stands for the photos in it and below, a pattern for what matches, a file such as
    `photos.txt` for the paths and URLs in it, one a line; any other file for itself. Raises
    BatchError for a pattern or folder without photos, for one that can't be read, and for what is
    not there and does not look like a photo: a photo that is missing is an answer like any other.
    """
    for text in inputs:
        place = locate(text)
        try:
            yield from _photos_of_one(place)
        except OSError as error:
            raise BatchError(
                f"{text!r} can't be listed: {error}. Check its spelling and its permissions"
            ) from error


def keep_list(photos: Iterable[str], folder: Place, report: Report) -> ParquetRows:
    """Write a list of photos into a folder; its fingerprint is the SHA-256 of all names."""
    digest, files, rows, stream = hashlib.sha256(), [], [], iter(photos)
    while part := [os.fsencode(name) for name in islice(stream, _ROWS_PER_FILE)]:
        digest.update(b"".join(name + b"\0" for name in part))
        file = folder / f"photos-{len(files):05}.parquet"
        buffer = io.BytesIO()
        table = pa.table({_COLUMN: pa.array(part, pa.binary())})
        # Groups of a few thousand rows, so that whoever wants some of them decodes few others.
        pq.write_table(table, buffer, row_group_size=8192, compression="zstd")
        file.write(buffer.getvalue())
        files.append(file)
        rows.append(len(part))
        report("list", sum(rows), 0, {})
    return ParquetRows(files, rows, _COLUMNS, digest.hexdigest())


def kept_list(folder: Place, rows: Sequence[int], fingerprint: str) -> ParquetRows:
    """The list that `keep_list` wrote."""
    files = [folder / f"photos-{at:05}.parquet" for at in range(len(rows))]
    return ParquetRows(files, rows, _COLUMNS, fingerprint)


def files_matching(pattern: Place) -> list[Place]:
    """The files and folders that match a pattern with * ? [ ] and **, sorted; hidden ones not."""
    if pattern.is_local:
        found = glob.iglob(pattern.path, recursive=True)  # noqa: PTH207 - it takes absolute ones
        return [pattern.at(path) for path in sorted(found)]
    parts = pattern.path.split("/")
    fixed = next(at for at, part in enumerate(parts) if glob.has_magic(part))
    found = _matching(pattern.at("/".join(parts[:fixed])), parts[fixed:])
    return sorted(found, key=lambda place: place.path)


def walk(folder: Place) -> Iterator[Place]:
    """The files of a folder, then of the folders in it, each sorted by name; hidden ones not."""
    files, folders = folder.children()
    yield from (file for file in files if not file.last.startswith("."))
    for inner in folders:
        if not inner.last.startswith("."):
            yield from walk(inner)


def is_pattern(place: Place) -> bool:
    """Whether a path that is not there is meant as a pattern."""
    return glob.has_magic(place.path) and place.kind() == "nothing"


def _photos_of_one(place: Place) -> Iterator[str]:
    kind = place.kind()
    if is_pattern(place):
        found = files_matching(place)
        if "**" in place.path:  # it names each folder and its files too
            found = [each for each in found if is_photo(each.last) and each.kind() == "file"]
    elif kind != "folder" and place.last.lower().endswith(LIST_SUFFIXES):
        yield from _lines(place)
        return
    elif kind == "nothing" and not is_photo(place.last):
        raise BatchError(
            f"{place.name!r} is not there; expected a folder, a pattern in quotes, a list or a "
            "photo. Check its spelling"
        )
    else:
        found = [place]
    any_photo = False
    for each in found:
        if each.kind() == "folder":
            photos = (inner.name for inner in walk(each) if is_photo(inner.last))
        else:
            photos = (each.name,) if is_photo(each.last) or found == [place] else ()
        for photo in photos:
            any_photo = True
            yield photo
    if not any_photo:
        raise BatchError(
            f"There are no photos in {place.name!r}; expected a folder, a pattern or a list with "
            "some. Check its spelling"
        )


def _lines(place: Place) -> Iterator[str]:
    with place.open() as stream:
        for line in io.BufferedReader(stream):
            name = os.fsdecode(line.rstrip(b"\r\n"))
            if name:
                yield name


def _matching(folder: Place, parts: Sequence[str]) -> Iterator[Place]:
    from fnmatch import fnmatchcase

    files, folders = folder.children()
    head, rest = parts[0], parts[1:]
    shown = [each for each in folders if not each.last.startswith(".")]
    if head == "**":
        yield from _matching(folder, rest or ["*"])
        for inner in shown:
            yield from _matching(inner, parts)
        return
    if rest:
        for inner in shown:
            if fnmatchcase(inner.last, head):
                yield from _matching(inner, rest)
        return
    for each in (*files, *shown):
        if fnmatchcase(each.last, head) and not each.last.startswith("."):
            yield each
