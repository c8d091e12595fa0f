"""What is to be recognized, as rows with a number each: any part can be read by any machine."""

from __future__ import annotations

import hashlib
import os
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Any, Literal, Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from whereshot.errors import BatchError, MissingExtraError
from whereshot.scale.batch.storage import Place

Content = Literal["paths", "bytes"]

_READ_ROWS = 64  # of a file at a time: photos may have megabytes
_MOST_ROWS_AT_ONCE = 4096
_THREADS = 16  # for what is slow because it is far away
_NAMES = ("photo", "path", "file_name", "filename", "url", "id", "key")


@dataclass(frozen=True, slots=True)
class Item:
    """One photo: what it is called, and its encoded bytes; None: they are at that path or URL."""

    name: str
    data: bytes | None = None


class Source(Protocol):
    """Photos with the numbers 0 to len - 1, always in the same order; picklable."""

    @property
    def rows_at_once(self) -> int:
        """So many rows are read together anyhow: parts of this size cost the least."""
        ...

    def __len__(self) -> int: ...

    def read(self, start: int, stop: int) -> Iterator[Item]:
        """The items with the numbers from `start` to before `stop`, streaming."""
        ...

    def fingerprint(self) -> str:
        """What is another if the photos are others."""
        ...


@dataclass(frozen=True, slots=True)
class Columns:
    """Where in a row the photo is, and what it is called; `name` is None if nothing says that."""

    photo: str
    content: Content
    name: str | None = None

    @property
    def wanted(self) -> list[str]:
        """The columns that must be read."""
        return list(dict.fromkeys([self.photo, *([self.name] if self.name else [])]))

    def items(self, rows: Any, first: int, where: str) -> Iterator[Item]:
        """The rows of a batch as items; `first` is the number of its first row in `where`."""
        photos = rows.column(self.photo).to_pylist()
        names = rows.column(self.name).to_pylist() if self.name else [None] * len(photos)
        for number, (photo, name) in enumerate(zip(photos, names, strict=True), start=first):
            if isinstance(photo, dict):  # as Hugging Face's data sets keep images
                name = name if name is not None else photo.get("path")
                photo = photo.get("bytes")
            if self.content == "bytes":
                yield Item(f"{where}#{number}" if name is None else str(name), photo or b"")
            else:
                yield Item(os.fsdecode(photo) if photo else f"{where}#{number}")


@dataclass(frozen=True)
class ParquetRows:
    """The rows of Parquet files, one file after the other; `rows` are how many each has."""

    files: Sequence[Place]
    rows: Sequence[int]
    columns: Columns
    rows_at_once: int = 1

    def __len__(self) -> int:
        return sum(self.rows)

    @cached_property
    def _ends(self) -> list[int]:
        return list(accumulate(self.rows))

    def read(self, start: int, stop: int) -> Iterator[Item]:
        """The items with the numbers from `start` to before `stop`, streaming."""
        while start < stop:
            at = bisect_right(self._ends, start)
            begin = self._ends[at] - self.rows[at]
            end = min(stop, self._ends[at])
            yield from self._read_file(self.files[at], start - begin, end - begin)
            start = end

    def fingerprint(self) -> str:
        """Of the files' names and rows, and which columns are read."""
        digest = hashlib.sha256(repr(self.columns).encode())
        for file, rows in zip(self.files, self.rows, strict=True):
            digest.update(f"{rows} {file.name}\n".encode("utf-8", "surrogateescape"))
        return digest.hexdigest()

    def _read_file(self, place: Place, start: int, stop: int) -> Iterator[Item]:
        with place.open() as stream, pq.ParquetFile(stream) as file:
            groups: list[int] = []
            first = last = 0
            for group in range(file.num_row_groups):
                before, last = last, last + file.metadata.row_group(group).num_rows
                if before < stop and last > start:
                    first = before if not groups else first
                    groups.append(group)
            batches = file.iter_batches(
                _READ_ROWS, row_groups=groups, columns=self.columns.wanted, use_threads=False
            )
            for batch in batches:
                skipped = max(0, start - first)
                if skipped < batch.num_rows:
                    part = batch.slice(skipped, stop - first - skipped)
                    yield from self.columns.items(part, first + skipped, place.name)
                first += batch.num_rows
                if first >= stop:
                    return


@dataclass(frozen=True)
class LanceRows:
    """The rows of one version of a Lance data set."""

    uri: str
    version: int
    rows: int
    columns: Columns
    rows_at_once: int = 1

    def __len__(self) -> int:
        return self.rows

    def read(self, start: int, stop: int) -> Iterator[Item]:
        """The items with the numbers from `start` to before `stop`, streaming."""
        batches = _open_lance(self.uri, self.version).to_batches(
            columns=self.columns.wanted, offset=start, limit=stop - start, batch_size=_READ_ROWS
        )
        for batch in batches:
            yield from self.columns.items(batch, start, self.uri)
            start += batch.num_rows

    def fingerprint(self) -> str:
        """Of the version, which never changes, and which columns are read."""
        text = f"{self.uri} {self.version} {self.rows} {self.columns}"
        return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def open_parquet(
    files: Sequence[Place], column: str | None, name_column: str | None
) -> ParquetRows:
    """The photos of Parquet files; raises BatchError if there are none in them."""
    with ThreadPoolExecutor(_THREADS) as pool:
        opened = list(pool.map(_look_at_parquet, files))
    schema, largest = opened[0][1], opened[0][2]
    columns = find_columns(schema, column, name_column, files[0].name)
    at_once = min(largest, _MOST_ROWS_AT_ONCE) if columns.content == "bytes" else 1
    return ParquetRows(files, [rows for rows, _, _ in opened], columns, max(1, at_once))


def open_lance(
    uri: str, column: str | None, name_column: str | None, version: int | None = None
) -> LanceRows:
    """The photos of a Lance data set, as it is now or was at a version; raises BatchError."""
    data_set = _open_lance(uri, version)
    columns = find_columns(data_set.schema, column, name_column, uri)
    return LanceRows(uri, data_set.version, data_set.count_rows(), columns)


def find_columns(schema: Any, column: str | None, name_column: str | None, where: str) -> Columns:
    """Which columns have the photos and their names, by what was asked for or by their types."""
    fits: dict[str, Content] = {
        name: kind for name in schema.names if (kind := _content_of(schema.field(name).type))
    }
    for asked in (column, name_column):
        if asked is not None and asked not in schema.names:
            raise BatchError(
                f"{where!r} has no column {asked!r}, it has {', '.join(schema.names)}. "
                "Give one of those"
            )
    if column is None:
        of_bytes = [name for name, content in fits.items() if content == "bytes"]
        likely = [name for name in fits if name in _NAMES]
        candidates = of_bytes or likely or list(fits)
        if len(candidates) != 1:
            raise BatchError(
                f"{where!r} has the columns {', '.join(schema.names)}; expected one of bytes, or "
                "one of paths. Say which has the photos: --column NAME"
            )
        (column,) = candidates
    if column not in fits:
        raise BatchError(
            f"The column {column!r} of {where!r} has the type {schema.field(column).type}; "
            "expected text (paths or URLs) or bytes. Give another with --column"
        )
    content = fits[column]
    if name_column is None and content == "bytes":
        name_column = next((n for n in _NAMES if n in schema.names and n != column), None)
    return Columns(column, content, name_column if content == "bytes" else None)


def _content_of(kind: Any) -> Content | None:
    types = pa.types
    if types.is_struct(kind):
        named = {kind.field(at).name: kind.field(at).type for at in range(kind.num_fields)}
        return "bytes" if "bytes" in named and _content_of(named["bytes"]) == "bytes" else None
    if types.is_binary(kind) or types.is_large_binary(kind) or types.is_binary_view(kind):
        return "bytes"
    if types.is_dictionary(kind):
        return _content_of(kind.value_type)
    text = types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind)
    return "paths" if text else None


def _look_at_parquet(place: Place) -> tuple[int, Any, int]:
    """Rows, schema, and rows of the largest row group."""
    try:
        with place.open() as stream, pq.ParquetFile(stream) as file:
            about = file.metadata
            groups = [about.row_group(at).num_rows for at in range(about.num_row_groups)]
            return about.num_rows, file.schema_arrow, max(groups, default=0)
    except (pa.ArrowInvalid, OSError) as error:
        raise BatchError(
            f"{place.name!r} can't be read as a Parquet file: {error}. "
            "Check that it is one, and whole"
        ) from error


def _open_lance(uri: str, version: int | None) -> Any:
    try:
        import lance
    except ImportError as error:
        raise MissingExtraError(
            f"The Lance data set {uri!r} needs pylance, which can't be imported ({error}). "
            "Install the part for large jobs: pip install 'whereshot[scale]'"
        ) from error
    try:
        return lance.dataset(uri, version=version)
    except (ValueError, OSError) as error:
        raise BatchError(
            f"{uri!r} can't be read as a Lance data set: {error}. "
            "Check its path, and that its version is still there"
        ) from error
