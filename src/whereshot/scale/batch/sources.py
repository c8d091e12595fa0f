"""What is to be recognized, as rows with a number each: any part can be read by any machine."""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from whereshot.errors import BatchError, MissingExtraError
from whereshot.scale.batch.columns import Columns, Item, find_columns
from whereshot.scale.batch.storage import Place

_READ_ROWS = 64  # of a file at a time: photos may have megabytes
_MOST_ROWS_AT_ONCE = 4096
_THREADS = 16  # for what is slow because it is far away


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


@dataclass(frozen=True)
class ParquetRows:
    """The rows of Parquet files, one file after the other; `rows` are how many each has.

    `fingerprint` is another where the photos are others.
    """

    files: Sequence[Place]
    rows: Sequence[int]
    columns: Columns
    fingerprint: str
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

    @property
    def fingerprint(self) -> str:
        """Of the version, which never changes, and of the columns that are read."""
        text = f"{self.uri} {self.version} {self.rows} {self.columns}"
        return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def open_parquet(
    files: Sequence[Place], column: str | None, name_column: str | None
) -> ParquetRows:
    """The photos of Parquet files; raises BatchError if there are none in them."""
    with ThreadPoolExecutor(_THREADS) as pool:
        opened = list(pool.map(_look_at_parquet, files))
    columns = find_columns(opened[0].schema, column, name_column, files[0].name)
    at_once = min(opened[0].largest_group, _MOST_ROWS_AT_ONCE)
    digest = hashlib.sha256(repr(columns).encode())
    for file, about in zip(files, opened, strict=True):
        text = f"{about.rows} {about.size} {about.footer} {file.name}\n"
        digest.update(text.encode("utf-8", "surrogateescape"))
    return ParquetRows(
        files,
        [about.rows for about in opened],
        columns,
        digest.hexdigest(),
        max(1, at_once) if columns.content == "bytes" else 1,
    )


def open_lance(
    uri: str, column: str | None, name_column: str | None, version: int | None = None
) -> LanceRows:
    """The photos of a Lance data set, as it is now or was at a version; raises BatchError."""
    data_set = _open_lance(uri, version)
    columns = find_columns(data_set.schema, column, name_column, uri)
    return LanceRows(uri, data_set.version, data_set.count_rows(), columns)


@dataclass(frozen=True, slots=True)
class _About:
    """What a Parquet file says of itself; the row group with the most rows has `largest_group`.

    `footer` is a SHA-256: where row groups are, how long, and the extremes of their columns.
    """

    rows: int
    size: int
    footer: str
    schema: Any
    largest_group: int


def _look_at_parquet(place: Place) -> _About:
    try:
        with place.open() as stream, pq.ParquetFile(stream) as file:
            about = file.metadata
            groups = [about.row_group(at).num_rows for at in range(about.num_row_groups)]
            largest = max(groups, default=0)
            size = stream.size()
            length = int.from_bytes(stream.read_at(4, size - 8), "little")
            footer = hashlib.sha256(stream.read_at(length, size - 8 - length)).hexdigest()
            return _About(about.num_rows, size, footer, file.schema_arrow, largest)
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
